"""What the API answers, in words: requests, refusals, and the lines of a watch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import urllib3

from pytest_k8snet.errors import ApiError

SHOWN = 200  # characters of a body that is no Status: error pages can be long


def in_words(verb: str, kind: str, name: str, namespace: str | None) -> str:
    """Return what is asked of the API, as a message begins with it."""
    return f"{verb} {kind}{f' {name}' if name else ''}{f' in namespace {namespace}' if namespace else ''}"


def lines(response: Any) -> Iterator[bytes]:
    """Yield the whole lines of a stream; what a cut leaves unfinished is none."""
    rest = b""
    for chunk in response.stream(65536, decode_content=False):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(None, whole)


def innermost(error: BaseException) -> str:
    """Return what was really wrong below urllib3's wrappings, such as "Connection refused"."""
    while error.__context__ is not None and isinstance(error.__context__, (OSError, urllib3.exceptions.HTTPError)):
        error = error.__context__
    return str(error).rpartition(": ")[2] or type(error).__name__


def refusal(what: str, error: Any) -> ApiError:
    """Return the refusal of a request: the message of its Status, or what a server that is no API said."""
    reason = ""
    try:
        status = json.loads(error.body)
        message, reason = str(status.get("message") or error.reason), str(status.get("reason", ""))
    except (TypeError, ValueError, AttributeError):
        message = f"{error.status} {error.reason}: {_beginning(error.body)}".rstrip(": ")
    hints = {
        401: "The credentials are expired or wrong: log in again, then check with 'kubectl auth whoami'.",
        403: "Ask for the permission: the ClusterRole in docs/rbac.yaml lists all that is needed.",
        429: "The API server is overloaded; try again later.",
    }
    return ApiError(f"{what}: {message}", status=error.status, reason=reason, hint=hints.get(error.status, ""))


def _beginning(body: bytes | str | None) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else body or ""
    return " ".join(text.split())[:SHOWN]
