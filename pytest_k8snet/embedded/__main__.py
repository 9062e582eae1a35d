"""``python -m pytest_k8snet.embedded OPTIONS RUN_DIR``: the launcher, started by ``launch`` with its pipes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_k8snet.embedded.life import split
from pytest_k8snet.embedded.options import ClusterOptions

if __name__ == "__main__":
    os.chdir("/")
    role = split(ClusterOptions.from_json(sys.argv[1]), Path(sys.argv[2]))
    role()
