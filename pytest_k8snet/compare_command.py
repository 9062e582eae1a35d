"""``k8snet compare``: what changed between two runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from pytest_k8snet.report.changes import compare
from pytest_k8snet.report.compared_lines import compared_lines
from pytest_k8snet.report.fingerprint import demand_comparable
from pytest_k8snet.report.json_file import read_json

Say = Callable[[str], None]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser], say: Say) -> None:
    """Add the command."""
    text = "Say what changed between two runs: new failures, fixed ones, and paths that are faster or slower."
    parser = commands.add_parser("compare", help=text, description=text)
    parser.add_argument("before", metavar="BEFORE", help="report.json of the former run, or its folder")
    parser.add_argument("now", metavar="NOW", help="report.json of the later run, or its folder")
    parser.add_argument("--anyway", action="store_true", help="also for another cluster, or other versions")
    parser.set_defaults(run=lambda given: _compare(given, say))


def _compare(given: argparse.Namespace, say: Say) -> int:
    """Return 1 when something fails or is slower that was not before."""
    before, now = read_json(Path(given.before)), read_json(Path(given.now))
    if not given.anyway:
        demand_comparable(now.environment, before, "--anyway")
    found = compare(now, before)
    for text, _ in compared_lines(found):
        say(text)
    return 1 if found.new_failures or found.worse else 0
