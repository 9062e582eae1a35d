"""The query parameters of list, watch and write requests, read once and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .body import parse_bool
from .objects import Obj
from .resource import Resource
from .selectors import Match, field_matcher, label_matcher
from .status import StoreError, bad_request

COMMON_FIELDS = ("metadata.name", "metadata.namespace")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise bad_request(f'parameter "{name}": Invalid value: "{text}": it must be a whole number')
    return int(text)


@dataclass(frozen=True)
class Query:
    """What a list or watch asks for. ``timeout`` (seconds) and ``limit`` are 0 for none, ``version`` 0 for any."""

    labels: Match
    fields: Match
    version: int
    watch: bool
    bookmarks: bool
    send_initial_events: bool
    timeout: int
    limit: int
    token: str

    @classmethod
    def read(cls, values: Mapping[str, str], resource: Resource) -> Query:
        """Read the parameters of a request; StoreError 400 or 422 for what cannot be."""
        initial = parse_bool(values.get("sendInitialEvents", ""), "sendInitialEvents")
        if initial and values.get("resourceVersionMatch") != "NotOlderThan":
            message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise StoreError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {message}')
        return cls(
            labels=label_matcher(values.get("labelSelector", "")),
            fields=field_matcher(values.get("fieldSelector", ""), (*COMMON_FIELDS, *resource.selectable)),
            version=_number(values.get("resourceVersion") or "0", "resourceVersion"),
            watch=parse_bool(values.get("watch", ""), "watch"),
            bookmarks=parse_bool(values.get("allowWatchBookmarks", ""), "allowWatchBookmarks"),
            send_initial_events=initial,
            timeout=_number(values.get("timeoutSeconds") or "0", "timeoutSeconds"),
            limit=_number(values.get("limit") or "0", "limit"),
            token=values.get("continue", ""),
        )

    def selects(self, obj: Obj) -> bool:
        """Whether an object meets both selectors."""
        return self.labels(obj) and self.fields(obj)

    def watch_since(self, present: int) -> int | None:
        """The version after which to watch, given the present one; None to begin with what exists."""
        if self.send_initial_events:
            return present
        return self.version or None
