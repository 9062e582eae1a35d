"""How often a network that nobody changed is called worse than itself, and how often there is no verdict.

    .venv/bin/python benchmarks/verdicts.py RUNS [OPTIONS OF PYTEST ...]

Runs the A/A check PERF-001 so many times with the options, such as ``--k8snet-context NAME``, and prints the verdicts
for one path measured beside itself. What it is judged by, the time of requests, is noisier than bandwidth: therefore
the same samples are also held against the limit for bandwidth, which asks for at least 0.9 of the baseline.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from pytest_k8snet.measure.rounds import CONFIDENCE
from pytest_k8snet.measure.statistics import ratio_of
from pytest_k8snet.measure.verdict import Limit

BANDWIDTH = Limit(0.9, "higher")
CHECK, ITSELF = "PERF-001", "itself"


def main(arguments: Sequence[str]) -> int:
    """Run the check so often and print a table. Return 1 when an unchanged network was called worse."""
    if not arguments or not arguments[0].isdecimal():
        print(__doc__)
        return 4
    times, options = int(arguments[0]), arguments[1:]
    verdicts: dict[str, Counter[str]] = {
        "request time, within factor 2": Counter(),
        f"bandwidth, {BANDWIDTH}": Counter(),
    }
    alike, bandwidth = verdicts
    spreads: list[float] = []
    for _ in range(times):
        for one in _measure(options):
            verdicts[alike][one["verdict"]] += 1
            ratio = ratio_of(one["subject"]["samples"], one["baseline"]["samples"], CONFIDENCE)
            verdicts[bandwidth][BANDWIDTH.verdict(ratio.interval).value] += 1
            spreads.append(100 * ratio.spread)
    judged = len(spreads)
    print(f"{judged} of {times} runs measured one path beside itself")
    if spreads:
        print(f"rounds differ by {median(spreads):.1f} % (median), at most {max(spreads):.1f} %")
    for limit, counts in verdicts.items():
        print(f"{limit}: {', '.join(f'{number} {verdict}' for verdict, number in counts.items())}")
    return 1 if not judged or any(counts["fail"] for counts in verdicts.values()) else 0


def _measure(options: Sequence[str]) -> list[dict[str, Any]]:
    """Return what one run measured of the path beside itself; nothing when it came to no measurement."""
    with TemporaryDirectory(prefix="k8snet-bench-") as folder:
        asked = ["--k8snet", "-m", "performance", "-k", CHECK, "-q", f"--k8snet-report={folder}"]
        subprocess.run([sys.executable, "-m", "pytest", *asked, *options], check=False, stdout=subprocess.DEVNULL)
        report = json.loads(Path(folder, "report.json").read_text())
    return [
        one
        for check in report["checks"]
        for one in check["comparisons"]
        if one["name"] == ITSELF and len(one["subject"]["samples"]) > 1
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
