"""Runs every check and says what is wrong. Called by scripts/deploy-check.sh, which says where the tools are."""

import pathlib
import sys
import time

from . import chart, compose, databases, image, proxy, running, selftest, watching
from .common import Project, attempt
from .program import Program

CHECKS = {"image": image, "compose": compose, "databases": databases, "proxy": proxy, "chart": chart, "alerts and dashboard": watching,
          "running": running, "self-test": selftest}


def main():
    project, program = Project(pathlib.Path.cwd()), Program()
    print(f"roles of {program.path}: {', '.join(sorted(program.roles)) or 'none'}", flush=True)
    project.want(program.roles, program.path, "no command of it says in its help that it listens (HIRESPHERE_LISTEN)")
    for name, check in CHECKS.items():
        # What does not agree does not run either, and what already fails would be found in every copy.
        if check in (running, selftest) and project.problems:
            print(f"{name}: not tried, as there are problems")
            continue
        began, before = time.monotonic(), len(project.problems)
        attempt(check.check, project, program)
        fine = "well" if len(project.problems) == before else f"{len(project.problems) - before} problems"
        print(f"{name}: {fine} ({time.monotonic() - began:.1f} s)", flush=True)
    for problem in project.problems:
        print(problem, file=sys.stderr)
    return 1 if project.problems else 0


sys.exit(main())
