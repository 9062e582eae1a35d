"""``report.json``: the source of every other report."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_k8snet.errors import UsageError
from pytest_k8snet.report.record import Report, decode_report, encode_report

FILE = "report.json"


def write_json(directory: Path, report: Report) -> Path:
    """Write ``report.json`` into a directory, which is made if it is missing, and return its path.

    Raises:
        OSError: the directory or the file cannot be written.
        TypeError, ValueError: the report holds something that JSON cannot.

    """
    return write_atomically(directory / FILE, encode_report(report))


def read_json(path: Path) -> Report:
    """Read the report of a former run: the file, or the folder that it is in. Raises UsageError."""
    file = path / FILE if path.is_dir() else path
    hint = f"Give the {FILE} that a run has written, or the folder that it is in."
    try:
        return decode_report(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", hint=hint) from error
    except ValueError as error:
        raise UsageError(f"{file} is no report of a run: {error}", hint=hint) from error


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
