"""Whom a test can be: the user that runs it, or one without any rights."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
NOBODY = 65534
CAN_RUN = """
import subprocess, sys
import aiohttp, cryptography, yaml, pytest_k8snet.embedded
subprocess.run([sys.executable, "-c", ""], check=True)
"""


@dataclass
class User:
    """How to run Python as somebody: the beginning of the command line, and the environment."""

    argv: list[str]
    env: dict[str, str]


def as_ourselves() -> User:
    return User([sys.executable], dict(os.environ))


def as_nobody() -> User:
    """The same Python, or another of its version with the same packages, as a user without any rights."""
    if os.geteuid() != 0:
        return as_ourselves()
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = os.pathsep.join([str(REPOSITORY), sysconfig.get_path("purelib")])
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": packages, "PYTHONDONTWRITEBYTECODE": "1"}
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        argv = [*drop, python]
        check = [*argv, "-c", CAN_RUN]
        if subprocess.run(check, env=env, capture_output=True, check=False).returncode == 0:
            return User(argv, env)
    pytest.skip(f"no {version} that the user {NOBODY} may run has the packages of this one")
