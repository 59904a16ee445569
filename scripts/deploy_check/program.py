"""What the program says of itself: its commands, and which options, variables and paths each one's help names."""

import os
import re

from .common import run


class Program:
    """The program's help, read once."""

    def __init__(self, path=None):
        self.path = path or os.environ["PROGRAM"]
        self._help = {}
        top = self._ask()
        listed = re.search(r"^Commands:\n((?:  .*\n|\n)+)", top + "\n", re.M)
        lines = listed.group(1) if listed else ""
        self.commands = set(re.findall(r"^  ([a-z][a-z-]*)(?:\s|$)", lines, re.M)) - {"help"}
        # A role is what listens where it is told to; `serve` is all of them at once.
        self.roles = {c for c in self.commands if "HIRESPHERE_LISTEN" in self.words(c)} - {"serve"}

    def _ask(self, *command):
        code, said = run(self.path, *command, "--help")
        return said if code == 0 else ""

    def help(self, *command):
        if command not in self._help:
            self._help[command] = self._ask(*command)
        return self._help[command]

    def words(self, *command):
        """The variables that a command's help names."""
        return set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", self.help(*command)))

    def options(self, *command):
        return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", self.help(*command)))

    def paths(self, *command):
        return set(re.findall(r"(?<![\w/])/[a-z]+\b(?!/)", self.help(*command)))


def split(args):
    """A command line as the program sees it: the commands, the options."""
    commands = []
    for arg in args:
        if arg.startswith("-"):
            break
        commands.append(arg)
    return tuple(commands), [a.split("=")[0] for a in args if a.startswith("-")]


def agrees(project, program, where, args, env, ports=(), paths=()):
    """Holds one use of the image to the program: command, options, variables, port, paths."""
    commands, options = split(args)
    if not project.want(commands and commands[0] in program.commands, where, f"`{' '.join(args)}` is no command of the program"):
        return
    for option in options:
        project.want(option in program.options(*commands), where, f"{option} is no option of `{' '.join(commands)}`")
    for name in env:
        project.want(name in program.words(*commands), where, f"{name} is not in the help of `{' '.join(commands)}`")
    listen = (env.get("HIRESPHERE_LISTEN") or "").rpartition(":")[2]
    for port in ports:
        project.want(str(port) == listen, where, f"port {port} is asked, and {listen or 'none'} is listened on")
    for path in paths:
        project.want(path in program.paths(*commands), where, f"{path} is not in the help of `{' '.join(commands)}`")
