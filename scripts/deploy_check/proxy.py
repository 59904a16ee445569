"""The proxy of compose, started in front of two stand-ins: every path of the published API reaches the role that serves
it, WebSockets pass, and what is for the inside does not get out."""

import http.server
import json
import os
import socket
import subprocess
import tempfile
import threading
import time

from .common import run, tool


def paths(project):
    """Every published path and the role that serves it."""
    document = json.loads(project.text("schemas/openapi.json"))
    # A parameter is any word. The numbers are for those inside.
    named = [p.replace("{", "").replace("}", "") for p in document["paths"] if p != "/metrics"]
    # The reference and the document are no operations of their own.
    return {p: "live-feed" if p.split("/")[1:3] == ["v1", "live"] else "api" for p in [*named, "/docs", "/docs/", "/docs/index.html", "/openapi.json"]}


class StandIn(http.server.BaseHTTPRequestHandler):
    """Says who it is; takes a WebSocket where it is asked to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", "websocket")
            self.end_headers()
            self.wfile.write(self.server.role.encode())
            self.close_connection = True
            return
        body = self.server.role.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(port, path, *headers):
    """The answer, as it comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        lines = [f"GET {path} HTTP/1.1", "Host: hiring.example.org", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    status = int(answer.split(b" ", 2)[1])
    return status, answer.partition(b"\r\n\r\n")[2].decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def check(project, _program):
    caddyfile = project.path("deploy/compose/Caddyfile")
    standing = {}
    for role in ("api", "live-feed"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
        server.role = role
        threading.Thread(target=server.serve_forever, daemon=True).start()
        standing[role] = server
    env = os.environ | {f"{r.replace('-', '_').upper()}_UPSTREAM": f"127.0.0.1:{s.server_port}" for r, s in standing.items()}
    where = "deploy/compose/Caddyfile"
    code, said = run(tool("caddy"), "validate", "--config", caddyfile, "--adapter", "caddyfile", env=env)
    if not project.want(code == 0, where, said):
        return
    ports(project, where, caddyfile)
    adapted = subprocess.run([tool("caddy"), "adapt", "--config", caddyfile, "--adapter", "caddyfile"], env=env,
                             capture_output=True, text=True, check=True)
    config, port = json.loads(adapted.stdout), free_port()
    (server,) = config["apps"]["http"]["servers"].values()
    server["listen"] = [f"127.0.0.1:{port}"]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/caddy.json", "w", encoding="utf-8") as file:
            json.dump(config, file)
        home = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        proxy = subprocess.Popen([tool("caddy"), "run", "--config", f"{folder}/caddy.json"], env=env | home,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            routed(project, where, port)
        finally:
            proxy.terminate()
            logged = proxy.communicate()[0]
    project.want("secret-ticket" not in logged, where, "a ticket is in its log")
    project.want("secret-token" not in logged, where, "a token is in its log")
    for server in standing.values():
        server.shutdown()


def ports(project, where, caddyfile):
    """Without variables it asks the services of compose, where they listen."""
    for role in ("api", "live-feed"):
        project.want(f":{role}:8080}}" in caddyfile.read_text(encoding="utf-8"), where, f"does not ask {role} on port 8080")


def routed(project, where, port):
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if not project.want(time.monotonic() < deadline, where, "the proxy does not start"):
                return
            time.sleep(0.05)
    for path, role in paths(project).items():
        got = ask(port, path, "Connection: close")
        project.want(got == (200, role), where, f"{path} answers {got}, not {role}")
    for path in ("/metrics", "/", "/v1liver"):
        status, _ = ask(port, path, "Connection: close")
        project.want(status == 404, where, f"{path} gets out: {status}")
    ask(port, "/v1/jobs?ticket=secret-ticket", "Authorization: Bearer secret-token", "Connection: close")
    got = ask(port, "/v1/live?ticket=secret-ticket", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Authorization: Bearer secret-token")
    project.want(got == (101, "live-feed"), where, f"a WebSocket answers {got}")
