"""``report.json``: the source of every other report."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_k8snet.report.record import Report, encode_report

FILE = "report.json"


def write_json(directory: Path, report: Report) -> Path:
    """Write ``report.json`` into a directory, which is made if it is missing, and return its path.

    Raises:
        OSError: the directory or the file cannot be written.
        TypeError, ValueError: the report holds something that JSON cannot.

    """
    return write_atomically(directory / FILE, encode_report(report))


def write_atomically(path: Path, content: bytes) -> Path:
    """Write a file so that a reader meets the old content or the new one, never a part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
