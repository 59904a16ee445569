"""The chart: rendered with every set of values by Helm 4 and 3, each object against Kubernetes' schemas, what they say of
each other, the restricted pod security standard, and the program."""

import json
import re

import jsonschema
import kubernetes_validate
import yaml

from . import proxy
from .common import helms, run
from .program import agrees

CHART = "deploy/helm/hiresphere"
# The oldest that Chart.yaml lets in, and the newest that there are schemas of.
KUBERNETES = ("1.30", kubernetes_validate.latest_version())
CUSTOM = {"ScaledObject": "deploy/schemas/scaledobject.schema.json", "PodMonitor": "deploy/schemas/podmonitor.schema.json"}
# Values that must be refused, and why.
REFUSED = {
    "image.repository=": "image.repository",
    "documents.url=": "documents.url",
    "documents.url=file:///data/documents": "existingClaim",
    "documents.url=ftp://somewhere": "documents",
    "roles.api.replica=3": "replica",
    "roles.notifier.replicas=3": "maximum",
    "image.tag=latest": "tag",
    "ingress.apiPaths={/metrics}": "apiPaths",
}


def check(project, program, quick=False):
    """`quick`: everything switched on, by one Helm, for one Kubernetes."""
    sets = sorted(project.path(CHART).glob("ci/everything.yaml" if quick else "ci/*.yaml"))
    for values in sets:
        where = f"chart with {values.name}"
        rendered = [render(project, helm, where, "--values", values) for helm in helms()[: 1 if quick else None]]
        if None in rendered:
            continue
        project.want(all(r == rendered[0] for r in rendered), where, "Helm 3 and 4 make different things of it")
        objects(project, program, where, rendered[0], KUBERNETES[: 1 if quick else None])
        if not quick:
            code, said = run(helms()[0], "lint", "--strict", project.path(CHART), "--values", values)
            project.want(code == 0, where, said)
    if quick:
        return
    for value, why in REFUSED.items():
        code, said = run(helms()[0], "template", "r", project.path(CHART), "--values", sets[0], "--set", value,
                         "--values", project.path(CHART) / "ci/minimal.yaml")
        project.want(code != 0 and why in said, "chart", f"takes {value}: {said[:200]}")
    every_value_is_said(project)


def render(project, helm, where, *args):
    command = [helm, "template", "r", project.path(CHART), "--namespace", "hiring", *args]
    code, said = run(*command)
    if not project.want(code == 0, where, said):
        return None
    found = [o for o in yaml.safe_load_all(said) if o]
    return sorted(found, key=lambda o: (o["kind"], o["metadata"]["name"]))


def objects(project, program, where, found, versions):
    for o in found:
        name = f"{where}: {o['kind']} {o['metadata']['name']}"
        if o["kind"] in CUSTOM:
            schema = json.loads(project.text(CUSTOM[o["kind"]]))
            for error in jsonschema.Draft7Validator(schema).iter_errors(o):
                project.wrong(name, f"{error.json_path}: {error.message}")
        else:
            for version in versions:
                try:
                    kubernetes_validate.validate(o, version, strict=True)
                except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
                    project.wrong(name, f"Kubernetes {version}: {error}")
    keys = [(o["kind"], o["metadata"]["name"]) for o in found]
    project.want(len(keys) == len(set(keys)), where, "two objects of one name")
    deployments = {o["metadata"]["labels"]["app.kubernetes.io/component"]: o for o in found if o["kind"] == "Deployment"}
    for missing in sorted(program.roles - set(deployments)):
        project.wrong(where, f"the role {missing} has no Deployment")
    jobs = [o for o in found if o["kind"] == "Job"]
    project.want(jobs, where, "no migration")
    for o in [*deployments.values(), *jobs]:
        pod(project, program, f"{where}: {o['metadata']['name']}", o)
    if "scorers" in deployments:
        (reader,) = deployments["scorers"]["spec"]["template"]["spec"]["containers"]
        sandbox = {e["name"]: e.get("value") for e in reader["env"]}.get("HIRESPHERE_SANDBOX")
        project.want(sandbox == "strict", where, f"strangers' files are read in a sandbox that is {sandbox}")
    meeting(project, where, found, deployments)
    for o in found:
        if o["kind"] == "Ingress":
            ingress(project, where, o, found)


def pod(project, program, where, o):
    """One pod: restricted, and agreeing with the program."""
    spec = o["spec"]["template"]["spec"]
    security = spec["securityContext"]
    project.want(security.get("runAsNonRoot") and security.get("runAsUser", 0) > 0, where, "may run as root")
    project.want(security.get("seccompProfile") == {"type": "RuntimeDefault"}, where, "has no seccomp profile")
    project.want(spec.get("automountServiceAccountToken") is False, where, "is given a token")
    project.want(spec.get("enableServiceLinks") is False, where, "is given variables of every Service")
    volumes = {v["name"] for v in spec["volumes"]}
    for container in spec["containers"]:
        own = container["securityContext"]
        project.want(own.get("allowPrivilegeEscalation") is False and own.get("readOnlyRootFilesystem")
                     and own.get("capabilities") == {"drop": ["ALL"]}, where, "is not restricted")
        project.want("memory" in container["resources"].get("limits", {}), where, "has no limit on memory")
        mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
        project.want(set(mounts) == volumes, where, f"mounts {sorted(mounts)} of {sorted(volumes)}")
        env = {e["name"]: e.get("value") for e in container["env"]}
        key = env.get("HIRESPHERE_MASTER_KEY_FILE")
        project.want(not key or key.rpartition("/")[0] in mounts.values(), where, f"{key} is not mounted")
        own_env = {k: v for k, v in env.items() if re.match("HIRESPHERE_|AWS_|OTEL_", k)}
        named = {p["name"]: p["containerPort"] for p in container.get("ports", [])}
        ports, paths = list(named.values()), []
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if o["kind"] == "Deployment" and project.want(probe in container, where, f"has no {probe}"):
                asked = container[probe]["httpGet"]
                ports.append(named.get(asked["port"], asked["port"]))
                paths.append(asked["path"])
        agrees(project, program, where, container["args"], own_env, ports, paths)


def meeting(project, where, found, deployments):
    """What names another object names one that is there."""
    pods = {r: d["spec"]["template"]["metadata"]["labels"] for r, d in deployments.items()}
    names = {d["metadata"]["name"] for d in deployments.values()}

    def selected(selector):
        return [r for r, labels in pods.items() if selector.items() <= labels.items()]

    covered = {kind: set() for kind in ("PodDisruptionBudget", "NetworkPolicy")}
    for o in found:
        name = f"{where}: {o['kind']} {o['metadata']['name']}"
        spec = o.get("spec", {})
        if o["kind"] == "Service":
            roles = selected(spec["selector"])
            if project.want(len(roles) == 1, name, f"leads to {roles}"):
                ports = {p["name"] for p in deployments[roles[0]]["spec"]["template"]["spec"]["containers"][0]["ports"]}
                project.want(all(p["targetPort"] in ports for p in spec["ports"]), name, "leads to a port that is not there")
        if o["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            target = spec["scaleTargetRef"]["name"]
            if project.want(target in names, name, f"scales {target}, which is not there"):
                scaled = next(d for d in deployments.values() if d["metadata"]["name"] == target)
                project.want("replicas" not in scaled["spec"], name, "and the Deployment both say how many")
        if o["kind"] == "PodDisruptionBudget":
            covered[o["kind"]].update(selected(spec["selector"]["matchLabels"]))
        if o["kind"] == "NetworkPolicy":
            covered[o["kind"]].update(selected(spec["podSelector"]["matchLabels"]))
        if o["kind"] == "PodMonitor":
            project.want(selected(spec["selector"]["matchLabels"]) == list(pods), name, "does not see every role")
        if o["kind"] == "ScaledObject":
            streams(project, name, spec["triggers"][0]["metadata"])
    scaled = [o["spec"]["scaleTargetRef"]["name"] for o in found if "scaleTargetRef" in o.get("spec", {})]
    project.want(len(scaled) == len(set(scaled)), where, "something is scaled twice")
    for kind, roles in covered.items():
        if any(o["kind"] == kind and not o["metadata"]["name"].endswith("migrate") for o in found):
            project.want(roles == set(pods), where, f"{kind} for {sorted(roles)} only")


def streams(project, name, metadata):
    """KEDA asks for the bus stream that the program makes."""
    for source in project.root.glob("event-log/src/jetstream/*.rs"):
        for stream in re.findall(r'const STREAM: &str = "([^"]+)"', source.read_text(encoding="utf-8")):
            project.want(metadata["stream"] == stream, name, f"asks for the stream {metadata['stream']}, not {stream}")


def ingress(project, where, o, found):
    """Every published path reaches the role that serves it, and the numbers do not get out."""
    services = {s["metadata"]["name"]: s for s in found if s["kind"] == "Service"}
    (rule,) = o["spec"]["rules"]
    named = {p["path"]: p["backend"]["service"] for p in rule["http"]["paths"]}
    for path, backend in named.items():
        ports = [p["name"] for p in services.get(backend["name"], {"spec": {"ports": []}})["spec"]["ports"]]
        project.want(backend["port"]["name"] in ports, where, f"{path} leads to {backend['name']}, which is not there")

    def led(path):
        parts = path.strip("/").split("/")
        fits = [p for p in named if parts[: len(p.strip("/").split("/"))] == p.strip("/").split("/")]
        return named[max(fits, key=len)]["name"] if fits else None

    for path, role in proxy.paths(project).items():
        if path in ("/healthz", "/readyz"):
            continue  # Kubernetes asks pods itself.
        name = led(path)
        component = name and services[name]["spec"]["selector"]["app.kubernetes.io/component"]
        project.want(component == role, where, f"{path} leads to {component}, not {role}")
    project.want(led("/metrics") is None, where, "/metrics gets out")


def every_value_is_said(project):
    """Each value has a line that says what it is for, and is used."""
    templates = "".join(p.read_text(encoding="utf-8") for p in project.path(f"{CHART}/templates").iterdir())
    lines = project.text(f"{CHART}/values.yaml").split("\n")
    path = []
    for before, line in zip(lines, lines[1:]):
        found = re.match(r"( *)([\w-]+):", line)
        if not found:
            continue
        depth = len(found.group(1)) // 2
        path = [*path[:depth], found.group(2)]
        # Roles are alike: what the first says, and their resources, are said once.
        alike = path[0] == "roles" and len(path) > 2 or path[-1] in ("requests", "limits")
        said = before.lstrip().startswith("#") or line.endswith(":") and depth == 0
        project.want(said or alike or depth == 0 or line.endswith(":"), f"{CHART}/values.yaml", f"{'.'.join(path)} is not explained")
        used = path[-1] in templates or path[0] == "roles" or path[-1] in ("cpu", "memory") or path[-1] in ("requests", "limits")
        project.want(used, f"{CHART}/values.yaml", f"{'.'.join(path)} is used nowhere")
