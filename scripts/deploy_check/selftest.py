"""The checks checked: each mistake below, made in a copy, must be found. A check that lets everything pass is worse than
none."""

import pathlib
import re
import shutil
import tempfile

from . import chart, compose, databases, image, proxy, watching
from .common import Project, attempt

COMPOSE, CADDY, DOCKER = "docker-compose.yml", "deploy/compose/Caddyfile", "Dockerfile"
USERS = "deploy/compose/postgres/10-hiresphere.sh"
T, VALUES = "deploy/helm/hiresphere/templates", "deploy/helm/hiresphere/values.yaml"

# Which check, which file, what is replaced by what, and a part of what must be said.
MISTAKES = [
    (compose, COMPOSE, "127.0.0.1:8080/readyz", "127.0.0.1:8081/readyz", "port 8081 is asked"),
    (compose, COMPOSE, "8080/readyz", "8080/ready", "/ready is not in the help"),
    (compose, COMPOSE, "HIRESPHERE_LISTEN: 0.0.0.0:8080", "HIRESPHERE_LISTEN: 0.0.0.0:9090", "9090 is listened on"),
    (compose, COMPOSE, "HIRESPHERE_DATA: /tmp/hiresphere", "HIRESPHERE_LOGS: all", "HIRESPHERE_LOGS is not in the help"),
    (compose, COMPOSE, "command: [notifier]", "command: [notify]", "`notify` is no command"),
    (compose, COMPOSE, "command: [notifier]", "command: [scorers]", "the role notifier is not in it"),
    (compose, COMPOSE, "command: [relay]", "command: [relay, --fast]", "--fast is no option"),
    (compose, COMPOSE, "  relay:\n", "  carrier:\n", "logs in as"),
    (compose, COMPOSE, "/run/secrets/master_key", "/run/secrets/key", "is not mounted"),
    (compose, COMPOSE, "nats:2.15.1-alpine", "nats:alpine", "not pinned"),
    (compose, COMPOSE, "postgres:18.6-bookworm", "postgres:17.4-bookworm", "tested with"),
    (compose, COMPOSE, "cap_drop: [ALL]", "cap_drop: [NET_RAW]", "does not drop"),
    (compose, COMPOSE, "stop_grace_period: 40s", "stop_grace: 40s", "stop_grace"),
    (compose, "deploy/compose/.env.example", "NATS_PASSWORD=CHANGE_ME", "NATS=CHANGE_ME", "prepare.sh"),
    (compose, "deploy/compose/nats.conf", "jetstream {", "jetstream [", "nats.conf"),
    (databases, USERS, "PASSWORD :'relay'       IN ROLE hiresphere_app;", "PASSWORD :'relay' IN ROLE hiresphere_app, hiresphere_read;", "hs_relay may in hiresphere"),
    (databases, USERS, "REVOKE ALL ON DATABASE hiresphere, hiresphere_keys FROM PUBLIC;", "", "hs_keys may in hiresphere"),
    (databases, USERS, "CREATE USER hs_keys ", "CREATE USER hs_key ", "may not in hiresphere_keys"),
    (proxy, CADDY, "@live path /v1/live /v1/live/*", "@live path /v1/live", "/v1/live/tickets answers"),
    (proxy, CADDY, "path /v1/* ", "path /v1/* /metrics ", "/metrics gets out"),
    (proxy, CADDY, "live-feed:8080", "live-feed:8081", "on port 8080"),
    (proxy, CADDY, r"request>uri regexp \?.* ?[...]", "", "a ticket is in its log"),
    (proxy, CADDY, "reverse_proxy", "reverse-proxy", "reverse-proxy"),
    (image, DOCKER, "8080/readyz", "8080/ready", "/ready is not in the help"),
    (image, DOCKER, "HIRESPHERE_LISTEN=0.0.0.0:8080", "HIRESPHERE_LISTEN=0.0.0.0:80", "80 is listened on"),
    (image, DOCKER, "EXPOSE 8080", "EXPOSE 8081", "port 8081 is asked"),
    (image, DOCKER, 'CMD ["serve"]', 'CMD ["server"]', "`server` is no command"),
    (image, DOCKER, "USER 65532:65532", "USER root", "DL3002"),
    (image, DOCKER, "debian:12.12-slim", "debian:stable-slim", "not pinned"),
    (image, DOCKER, "HIRESPHERE_MODELS=/usr/share/hiresphere/models", "HIRESPHERE_MODELS=/models", "not where fetched files are"),
    (image, ".dockerignore", "deploy\n", "deploy\nscripts\n", "keeps scripts/models.sh from the build"),
    (chart, f"{T}/deployments.yaml", "containerPort: 8080", "containerPort: 8081", "port 8081 is asked"),
    (chart, f"{T}/deployments.yaml", "path: /readyz", "path: /ready", "/ready is not in the help"),
    (chart, f"{T}/deployments.yaml", "path: /healthz, port: http", "path: /healthz, port: web", "port web is asked"),
    (chart, f"{T}/deployments.yaml", "args: [{{ $role }}]", "args: [run-{{ $role }}]", "is no command"),
    (chart, f"{T}/deployments.yaml", "mountPath: /var/run/hiresphere", "mountPath: /keys", "is not mounted"),
    (chart, f"{T}/deployments.yaml", "revisionHistoryLimit", "revisionHistory", "revisionHistory"),
    (chart, f"{T}/_helpers.tpl", "HIRESPHERE_DOCUMENTS_URL", "HIRESPHERE_DOCUMENT_URL", "HIRESPHERE_DOCUMENT_URL is not in the help"),
    (chart, f"{T}/_helpers.tpl", "notifier:    {", "teller:      {", "the role notifier has no Deployment"),
    (chart, f"{T}/_helpers.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "not restricted"),
    (chart, f"{T}/autoscaling.yaml", "lagThreshold: {{ .lagThreshold", "lag: {{ .lagThreshold", "'lag' was unexpected"),
    (chart, f"{T}/ingress.yaml", "}}-live-feed", "}}-api", "/v1/live leads to api"),
    (chart, f"{T}/services.yaml", "targetPort: http", "targetPort: web", "a port that is not there"),
    (chart, f"{T}/disruption.yaml", "app.kubernetes.io/component: {{ $role }}\n{{- end }}", "app.kubernetes.io/component: api\n{{- end }}", "PodDisruptionBudget for"),
    (chart, f"{T}/podmonitor.yaml", "path: /metrics", "route: /metrics", "'route' was unexpected"),
    (chart, VALUES, "sandbox: strict", "sandbox: best-effort", "a sandbox that is best-effort"),
    (chart, VALUES, "interval: 15s", "interval: soon", "interval"),
    (watching, "deploy/prometheus/alerts.yaml", "hiresphere_parked_events", "hiresphere_parked", "hiresphere_parked is not in deploy/metrics.txt"),
    (watching, "deploy/prometheus/alerts.yaml", 'role="sequencer"', 'role="numberer"', "there is no role numberer"),
    (watching, "deploy/prometheus/alerts.yaml", "(namespace, subscription)", "(namespace, reader)", "the label reader"),
    (watching, "deploy/prometheus/alerts.yaml", "> 0.02", "> 0.2", "alerts_test.yaml"),
    (watching, "deploy/prometheus/alerts.yaml", "absent(", "absent((", "alerts.yaml"),
    (watching, "deploy/prometheus/alerts.yaml", "alert: HireSphereSlow", "alert: HireSphereLate", "what HireSphereLate means"),
    (watching, "deploy/grafana/hiresphere.json", "hiresphere_live_connections{", "hiresphere_connections{", "hiresphere_connections is not in"),
    (watching, "deploy/grafana/hiresphere.json", "sum by (outcome)", "sum by (result)", "the label result"),
    (watching, "deploy/metrics.txt", "hiresphere_score_run_seconds            histogram", "hiresphere_score_run_seconds            gauge", "_bucket is not in"),
]
NEEDED = ("deploy", "schemas", "scripts", "scorers/models.sha256", "docs/operations.md", COMPOSE, DOCKER, ".dockerignore")


def check(project, program):
    for check_, file, good, bad, says in MISTAKES:
        with tempfile.TemporaryDirectory() as folder:
            copy = copied(project, folder)
            text = copy.text(file)
            if not project.want(good in text, "self-test", f"`{good}` is no longer in {file}: mend the mistake in selftest.py"):
                continue
            copy.path(file).write_text(text.replace(good, bad), encoding="utf-8")
            found_by(check_, copy, program)
            said = "\n".join(copy.problems)
            project.want(says in said, "self-test", f"{file} with `{bad}` for `{good}` was not found out; said: {said[:500] or 'nothing'}")
    # And a role that the program has, and nobody deploys.
    class Grown:
        def __getattr__(self, name):
            return getattr(program, name)
        roles = program.roles | {"auditor"}
    for check_ in (compose, chart):
        with tempfile.TemporaryDirectory() as folder:
            copy = copied(project, folder)
            found_by(check_, copy, Grown())
            project.want("the role auditor" in "\n".join(copy.problems), "self-test", f"{check_.__name__} does not miss a role")


def found_by(check_, copy, program):
    how = {"quick": True} if check_ is chart else {}
    attempt(check_.check, copy, program, **how)


def copied(project, folder):
    for name in NEEDED:
        target = pathlib.Path(folder) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if project.path(name).is_dir():
            shutil.copytree(project.path(name), target, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
        else:
            shutil.copy(project.path(name), target)
    return Project(folder)
