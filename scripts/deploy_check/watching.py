"""Alerts and the dashboard: valid to Prometheus, tested, explained, and naming only numbers that the program exports."""

import json
import os
import re
import tempfile

import yaml

from .common import promtool, run

ALERTS = "deploy/prometheus/alerts.yaml"
DASHBOARD = "deploy/grafana/hiresphere.json"
OPERATIONS = "docs/operations.md"
# Labels that come from whoever asks, not from the program.
ASKED = {"namespace", "pod", "instance", "job"}
SERIES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def listed(project):
    """Every series that the list allows, with its labels."""
    found = {}
    for line in project.text("deploy/metrics.txt").split("\n"):
        if not line or line.startswith("#"):
            continue
        name, kind, *labels = line.split()
        labels = set(labels[0].split(",")) if labels else set()
        for suffix in SERIES[kind]:
            found[name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def check(project, program):
    known = listed(project)
    alerts(project, program, known)
    dashboard(project, program, known)


def alerts(project, program, known):
    code, said = run(promtool(), "check", "rules", project.path(ALERTS))
    if not project.want(code == 0, ALERTS, said):
        return
    code, said = run(promtool(), "test", "rules", "alerts_test.yaml", cwd=project.path("deploy/prometheus"))
    project.want(code == 0, "deploy/prometheus/alerts_test.yaml", said)
    rules = [r for g in yaml.safe_load(project.text(ALERTS))["groups"] for r in g["rules"]]
    tests, operations = project.text("deploy/prometheus/alerts_test.yaml"), project.text(OPERATIONS)
    for rule in rules:
        name = rule["alert"]
        for part in ("summary", "description", "runbook"):
            project.want(rule.get("annotations", {}).get(part), ALERTS, f"{name} has no {part}")
        project.want(rule["labels"].get("severity") in ("critical", "warning"), ALERTS, f"{name} is of no severity")
        project.want(name in tests, ALERTS, f"{name} is not tested")
        project.want(re.search(rf"^#+ {name}$", operations, re.M), OPERATIONS, f"does not say what {name} means")
        expression(project, program, known, f"{ALERTS} {name}", rule["expr"])


def dashboard(project, program, known):
    board = json.loads(project.text(DASHBOARD))
    ids = [p["id"] for p in board["panels"]]
    project.want(len(ids) == len(set(ids)), DASHBOARD, "two panels of one id")
    taken, asked = set(), []
    for panel in board["panels"]:
        g = panel["gridPos"]
        cells = {(x, y) for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])}
        project.want(not cells & taken and g["x"] + g["w"] <= 24, DASHBOARD, f"{panel['title']} lies over another")
        taken |= cells
        asked += [(panel["title"], t["expr"]) for t in panel.get("targets", [])]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            asked.append((variable["name"], re.sub(r"label_values\((\w+), \w+\)", r"\1", variable["query"]["query"])))
    used = set()
    for title, expr in asked:
        expr = expr.replace("$__rate_interval", "5m").replace("$namespace", ".*")
        used |= expression(project, program, known, f"{DASHBOARD} {title}", expr)
    # Prometheus itself reads every expression, as if it were a rule.
    rules = [{"record": f"panel:{i}", "expr": e.replace("$__rate_interval", "5m").replace("$namespace", ".*")}
             for i, (_, e) in enumerate(asked) if not e.startswith("label_values")]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        os.chmod(file.name, 0o644)
        code, said = run(promtool(), "check", "rules", "--lint=none", file.name)
        project.want(code == 0, DASHBOARD, said)
    for name in sorted(set(known) - used):
        base = re.sub("_(bucket|sum|count)$", "", name)
        project.want(any(u.startswith(base) for u in used), DASHBOARD, f"{base} is not on it")


def expression(project, program, known, where, expr):
    """Holds an expression's names to the list; answers the series it names."""
    named = set()
    for series, braces in re.findall(r"\b([a-z_]+:?[a-z_]*)\s*(?:(\{[^}]*\})|(?=[\[)\s]|$))", expr):
        if series.startswith("hiresphere_"):
            named.add(series)
            if not project.want(series in known, where, f"{series} is not in deploy/metrics.txt"):
                continue
            for label, value in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', braces):
                project.want(label in known[series] | ASKED, where, f"{series} has no label {label}")
                if label == "role":
                    for role in value.split("|"):
                        project.want(role in program.roles, where, f"there is no role {role}")
    labels = set().union(*(known.get(n, set()) for n in named)) | ASKED
    for group in re.findall(r"\b(?:by|without|on)\s*\(([^)]*)\)", expr):
        for label in filter(None, (g.strip() for g in group.split(","))):
            project.want(label in labels, where, f"nothing has the label {label}")
    for word in re.findall(r"\b[a-z]\w*\b(?!\s*[({=!~,])", re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on)\s*\([^)]*\)', " ", expr)):
        project.want(word in named or word in ("or", "and", "unless", "by", "without", "on"), where, f"{word} is no number of the program")
    project.want(named, where, "names no number")
    return named
