"""The examples that users copy do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_examples_pass_on_the_embedded_cluster(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--k8snet", "--k8snet-report", str(tmp_path / "report"), str(EXAMPLES)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, "2 passed in " in done.stdout) == (0, True), done.stdout + done.stderr
