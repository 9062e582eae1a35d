"""Errors of the API, in the words of the ``Status`` object that a Kubernetes client reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .objects import Obj


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong with an object. ``reason`` as in the API (``FieldValueInvalid``...), ``field`` a path."""

    field: str
    message: str
    reason: str = "FieldValueInvalid"

    def as_details(self) -> Obj:
        """The entry of ``details.causes``."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class StoreError(Exception):
    """A request that cannot be granted: HTTP ``status``, CamelCase ``reason``, ``message`` for people, ``details``."""

    def __init__(self, status: int, reason: str, message: str, details: Obj | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details

    def as_status(self) -> Obj:
        """The ``Status`` object of this error."""
        body: Obj = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.status}


def not_found(what: str, name: str) -> StoreError:
    """404 for an object; ``what`` is the plural with its group, for example ``networkpolicies.networking.k8s.io``."""
    return StoreError(404, "NotFound", f'{what} "{name}" not found', {"name": name, "kind": what})


def no_such_path(path: str) -> StoreError:
    """404 for a kind or a path that this API does not have. kubectl reads the first sentence."""
    message = f"the server could not find the requested resource: {path} is not part of the embedded cluster's API"
    return StoreError(404, "NotFound", message, {})


def already_exists(what: str, name: str) -> StoreError:
    """409 on creating what is there."""
    return StoreError(409, "AlreadyExists", f'{what} "{name}" already exists', {"name": name, "kind": what})


def conflict(what: str, name: str, why: str) -> StoreError:
    """409 on writing with an outdated idea of the object."""
    message = f'Operation cannot be fulfilled on {what} "{name}": {why}'
    return StoreError(409, "Conflict", message, {"name": name, "kind": what})


def invalid(kind: str, name: str, causes: Sequence[Cause]) -> StoreError:
    """422 with everything that is wrong. ``kind`` with its group, for example ``NetworkPolicy.networking.k8s.io``."""
    parts = [f"{cause.field}: {cause.message}" for cause in causes]
    text = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"
    plain, _, group = kind.partition(".")
    details: Obj = {"name": name, "group": group, "kind": plain, "causes": [cause.as_details() for cause in causes]}
    details = {key: value for key, value in details.items() if value}
    return StoreError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def invalid_options(kind: str, *causes: Cause) -> StoreError:
    """422 for query parameters; ``kind`` is the one that holds them, such as ``CreateOptions``."""
    return invalid(f"{kind}.meta.k8s.io", "", causes)


def forbidden(what: str, name: str, why: str) -> StoreError:
    """403: the request is understood and refused by a rule of the cluster."""
    return StoreError(403, "Forbidden", f'{what} "{name}" is forbidden: {why}', {"name": name, "kind": what})


def bad_request(message: str) -> StoreError:
    """400: the request cannot be understood."""
    return StoreError(400, "BadRequest", message)


def expired(message: str) -> StoreError:
    """410: the asked-for version is no longer remembered; the client lists again."""
    return StoreError(410, "Expired", message)


def method_not_allowed(verb: str, what: str) -> StoreError:
    """405: the kind is there, but not this verb on it."""
    return StoreError(
        405, "MethodNotAllowed", f'the embedded cluster does not support "{verb}" on {what}', {"kind": what}
    )


def success(details: dict[str, Any]) -> Obj:
    """The ``Status`` that answers a finished deletion."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
