"""Write into the policy cases which faults they catch, as the rules of the embedded cluster show: ``make catches``.

Only faults that rewrite what is enforced are found so, those of ``noticed.PREDICTED``; what a case names beside them,
because a calibration has shown it, stays.
"""

from __future__ import annotations

import re
from pathlib import Path

from pytest_k8snet.catalogue import policy_cases
from tests.unit.embedded_policy.noticed import PREDICTED, noticed


def main() -> None:
    """Rewrite the line ``catches`` of every case whose faults are others."""
    cases = policy_cases()
    caught = {case.id: sorted({*noticed(case), *(set(case.catches) - PREDICTED.keys())}) for case in cases}
    for file in {case.file for case in cases}:
        file.write_text(_rewritten(file, caught))


def _rewritten(file: Path, caught: dict[str, list[str]]) -> str:
    ident = ""
    lines = []
    for line in file.read_text().splitlines():
        if found := re.match(r" *- id: (\S+)", line):
            ident = found[1]
        lines.append(f"  catches: [{', '.join(caught[ident])}]" if line.startswith("  catches: [") else line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
