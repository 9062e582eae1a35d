"""How long the default cyclonus set takes on a cluster, and how long its policies took to be enforced.

    .venv/bin/python benchmarks/policy.py [OPTIONS OF PYTEST ...]

Runs ``pytest --k8snet -m cyclonus -n 4`` with the options, such as ``--k8snet-context NAME``, and prints the seconds
of the whole run, cluster and fleet included, the outcomes, and percentiles of what its report says: seconds of a case,
until a step's table came true, until what a policy closed was closed, and until it was open again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any


def main(options: Sequence[str]) -> int:
    """Run the set and print a table."""
    with TemporaryDirectory(prefix="k8snet-bench-") as folder:
        command = ["-m", "pytest", "--k8snet", "-m", "cyclonus", "-n", "4", "-q", f"--k8snet-report={folder}", *options]
        started = time.monotonic()
        status = subprocess.run([sys.executable, *command], check=False).returncode
        seconds = time.monotonic() - started
        report = json.loads(Path(folder, "report.json").read_text())
    checks = report["checks"]
    tables = [table for check in checks for table in check["tables"]]
    cells = sum(len(table["cells"]) + table["unlisted"] for table in tables)
    print(f"{seconds:.1f} s for {len(checks)} cases, {len(tables)} steps, {cells} cells")
    print(", ".join(f"{number} {outcome}" for outcome, number in Counter(c["outcome"] for c in checks).items()))
    print(f"{'seconds':24} {'median':>8} {'95 %':>8} {'most':>8}")
    _row("of a case", [check["seconds"] for check in checks])
    _row("until a table came true", [t["seconds_to_converge"] for t in tables if t["seconds_to_converge"] is not None])
    _row("until closed", _measured(checks, "time to enforce"))
    _row("until open", _measured(checks, "time to release"))
    return status


def _measured(checks: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [one["value"] for check in checks for one in check["measurements"] if one["name"].startswith(name)]


def _row(what: str, values: list[float]) -> None:
    if values:
        ordered = sorted(values)
        shown = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 1.0))
        print(f"{what:24} " + " ".join(f"{value:8.2f}" for value in shown))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
