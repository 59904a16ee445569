"""What every check shares: where things are, running a tool, and what was found wrong."""

import os
import pathlib
import subprocess
import traceback


class Project:
    """A work tree, or a copy of what deploys in it, and what was found wrong there."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.problems = []

    def path(self, name):
        return self.root / name

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8")

    def wrong(self, where, what):
        self.problems.append(f"{where}: {what}")

    def want(self, truth, where, what):
        if not truth:
            self.wrong(where, what)
        return truth


def attempt(check, project, *args, **how):
    """Runs a check; what it stumbles over is wrong as well."""
    try:
        check(project, *args, **how)
    except Exception as error:  # pylint: disable=broad-except
        at = traceback.extract_tb(error.__traceback__)[-1]
        project.wrong(check.__module__, f"stumbled ({pathlib.Path(at.filename).name}:{at.lineno}): {error!r}")


def run(*command, **how):
    """Runs a tool; answers its exit code and all that it said."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **how)
    return done.returncode, done.stdout.strip()


def tool(name):
    return pathlib.Path(os.environ["TOOLS"]) / "venv" / "bin" / name


def helms():
    return os.environ["HELM"].split(":")


def promtool():
    return os.environ["PROMTOOL"]
