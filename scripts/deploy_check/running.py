"""Compose without containers: the bus with its settings, and every role as a process of its own with just the variables that
compose gives it, against the databases and users that were made before. What a container adds is not tried here; that the
settings are enough to work with, is.
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from . import compose
from .common import run
from .proxy import free_port

# A role that is well is ready long before, and ends within half a minute.
READY, ENDED = 90, 40


def check(project, program):
    server = urllib.parse.urlsplit(os.environ["HIRESPHERE_TEST_POSTGRES"])
    services = {n: s for n, s in compose.services(project).items() if s["command"] and s["command"][0] in program.roles}
    with tempfile.TemporaryDirectory() as folder:
        bus = free_port()
        key = os.path.join(folder, "master.key")
        with open(key, "wb") as file:
            file.write(os.urandom(32))
        # As the program sees it in a container, and here.
        places = {"@postgres/": f"@{server.hostname}:{server.port}/", "@nats:4222": f"@127.0.0.1:{bus}",
                  "file:///data": f"file://{folder}", "/run/secrets/master_key": key, "/tmp/hiresphere": f"{folder}/scratch"}
        processes, ports, envs = {}, {}, {}
        logs = {n: open(f"{folder}/{n}.log", "w+", encoding="utf-8") for n in ("nats", *services)}
        try:
            settings = project.text("deploy/compose/nats.conf").replace('"/data"', json.dumps(f"{folder}/bus"))
            with open(f"{folder}/nats.conf", "w", encoding="utf-8") as file:
                file.write(settings)
            processes["nats"] = subprocess.Popen(
                [os.environ["HIRESPHERE_NATS_SERVER"], "-c", f"{folder}/nats.conf", "-a", "127.0.0.1", "-p", str(bus), "-m",
                 str(free_port())], env=os.environ | {"NATS_PASSWORD": "CHANGE_ME"}, stdout=logs["nats"], stderr=subprocess.STDOUT)
            if not project.want(listening(bus, processes["nats"]), "running nats", "does not start"):
                return
            for name, service in services.items():
                ports[name] = free_port()
                envs[name] = told(service, places, ports[name], f"{folder}/{name}")
                processes[name] = subprocess.Popen([program.path, *service["command"]], env=envs[name], cwd=folder, stdout=logs[name],
                                                   stderr=subprocess.STDOUT)
            ready(project, program, processes, ports, logs)
            if not project.problems:
                used(project, program, ports, envs["api"])
            ended(project, processes, services)
        finally:
            for process in processes.values():
                process.kill()
                process.wait()
            for log in logs.values():
                log.close()


def listening(port, process):
    """Whether it takes connections; compose starts no role before it does either."""
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def told(service, places, port, home):
    """The variables of a service, where its servers are here; nothing of this process but the path to programs."""
    env = {"PATH": os.environ["PATH"], "HOME": home}
    if "STUB_ROOT" in os.environ:
        env["STUB_ROOT"] = os.environ["STUB_ROOT"]
    for name, value in service["environment"].items():
        if value is None:
            continue
        for there, here in places.items():
            value = value.replace(there, here)
        env[name] = value
    env["HIRESPHERE_LISTEN"] = f"127.0.0.1:{port}"
    if env.get("HIRESPHERE_DATA") == "/data":
        env["HIRESPHERE_DATA"] = home
    return env


def ask(port, path, token=None, method="GET"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def ready(project, program, processes, ports, logs):
    deadline = time.monotonic() + READY
    for name, port in ports.items():
        answer = (0, "nothing")
        while answer[0] != 200 and time.monotonic() < deadline and processes[name].poll() is None:
            answer = ask(port, "/readyz")
            time.sleep(0.05)
        if not project.want(answer[0] == 200, f"running {name}", f"/readyz answers {answer}"):
            logs[name].flush()
            logs[name].seek(0)
            project.wrong(f"running {name}", f"it said: {logs[name].read()[-2000:]}")
            continue
        project.want(ask(port, "/healthz")[0] == 200, f"running {name}", "/healthz does not answer")
        numbers = ask(port, "/metrics")
        project.want(numbers[0] == 200 and "hiresphere_" in numbers[1], f"running {name}", f"/metrics answers {numbers[0]}")
        code, said = run(program.path, "health", "--url", f"http://127.0.0.1:{port}/readyz")
        project.want(code == 0, f"running {name}", f"the health check says {said}")
    code, _ = run(program.path, "health", "--url", f"http://127.0.0.1:{free_port()}/readyz")
    project.want(code != 0, "hiresphere health", "is content where nobody listens")


def used(project, program, ports, env):
    """A token made on the command line is good for both faces, each of which serves what is its own."""
    code, said = run(program.path, "token", "issue", "--role", "admin", env=env)
    if not project.want(code == 0, "running token issue", said):
        return
    token = said.split("\n")[-1].strip()
    for role, method, path in (("api", "GET", "/v1/jobs"), ("live-feed", "POST", "/v1/live/tickets")):
        status, body = ask(ports[role], path, method=method)
        project.want(status == 401, f"running {role}", f"{path} answers a stranger {status}: {body[:200]}")
        status, body = ask(ports[role], path, token, method)
        project.want(200 <= status < 300, f"running {role}", f"{path} answers an admin {status}: {body[:200]}")
    status, body = ask(ports["api"], "/openapi.json")
    published = set(json.loads(project.text("schemas/openapi.json"))["paths"])
    project.want(status == 200 and set(json.loads(body)["paths"]) <= published, "running api", "/openapi.json is not what is published")


def ended(project, processes, services):
    for name in services:
        processes[name].send_signal(signal.SIGTERM)
    for name in services:
        try:
            code = processes[name].wait(ENDED)
            project.want(code == 0, f"running {name}", f"ends with {code} when it is told to")
        except subprocess.TimeoutExpired:
            project.wrong(f"running {name}", f"has not ended {ENDED} seconds after it was told to")
