"""The Dockerfile: linted, pinned, and agreeing with the program; and what .dockerignore keeps from the build."""

import fnmatch
import json
import re
import urllib.parse

from .common import run, tool
from .program import agrees


def check(project, program):
    code, said = run(tool("hadolint"), project.path("Dockerfile"))
    project.want(code == 0, "Dockerfile", said)
    text = project.text("Dockerfile").replace("\\\n", " ")
    for image in re.findall(r"^ARG \w+_IMAGE=(\S+)", text, re.M):
        pinned(project, "Dockerfile", image)
    env = dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^ENV (.*)$", text, re.M))))
    health = json.loads(re.search(r"^HEALTHCHECK .*?CMD (\[.*\])", text, re.M).group(1))
    agrees(project, program, "Dockerfile HEALTHCHECK", health[1:], {})
    asked = urllib.parse.urlsplit(health[-1])
    start = json.loads(re.search(r"^CMD (\[.*\])", text, re.M).group(1))
    ports = [asked.port] + re.findall(r"^EXPOSE (\d+)", text, re.M)
    agrees(project, program, "Dockerfile", start, env, ports, [asked.path])
    project.want(re.search(r"^USER [1-9]\d*:", text, re.M), "Dockerfile", "the user is not a number other than 0")
    project.want("STOPSIGNAL SIGTERM" in text, "Dockerfile", "STOPSIGNAL is not SIGTERM")
    models(project, text, env)
    ignored(project, text)


def pinned(project, where, image):
    """Whether an image's name says which one, by digest or by a whole version."""
    name, _, digest = image.partition("@")
    tag = name.rpartition(":")[2] if ":" in name else ""
    exact = re.search(r"\d+\.\d+(\.\d+)?", tag) or tag.startswith("RELEASE.") or digest
    project.want(exact, where, f"{image} is not pinned to a version")


def models(project, text, env):
    """What scripts/models.sh fetches is where the program looks."""
    made = re.findall(r"^RUN .*models\.sh (\S+)", text, re.M)
    copied = re.findall(r"^COPY --from=models (\S+) (\S+)", text, re.M)
    found = [target for source, target in copied if source in made]
    project.want(found == [env.get("HIRESPHERE_MODELS")], "Dockerfile", f"HIRESPHERE_MODELS is not where fetched files are: {found}")


def ignored(project, text):
    """What the Dockerfile copies, and the sources carry into the program, must reach the build."""
    patterns = [p for p in project.text(".dockerignore").split("\n") if p and not p.startswith("#")]
    for name in re.findall(r"^COPY (?!--from)(\S+) \S+$", text, re.M):
        project.want(project.path(name).exists(), "Dockerfile", f"{name} is not there")
        out = any(fnmatch.fnmatch(name.split("/")[0], p) for p in patterns)
        project.want(not out, ".dockerignore", f"keeps {name} from the build, which the Dockerfile copies")
    for source in project.root.glob("*/src/**/*.rs"):
        code = source.read_text(encoding="utf-8")
        crate = project.root / source.relative_to(project.root).parts[0]
        carried = [(source.parent, p) for p in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', code)]
        carried += [(crate, p) for p in re.findall(r'migrate!\("([^"]+)"', code)]
        for folder, name in carried:
            file = (folder / name).resolve()
            if not project.want(file.exists(), source, f"{name} is not there"):
                continue
            parts = file.relative_to(project.root.resolve()).parts
            out = any(fnmatch.fnmatch(parts[0], p) for p in patterns)
            project.want(not out, ".dockerignore", f"keeps {'/'.join(parts)} from the build, which {source.name} carries")
