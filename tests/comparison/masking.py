"""What differs between any two clusters, or between two runs on one, and so says nothing: all rules in one place."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

KEYS = {
    "uid": "UID",
    "resourceVersion": "VERSION",
    "containerID": "ID",
    "imageID": "ID",
    "ca.crt": "CERTIFICATE",
    "continue": "TOKEN",
    "nodePort": "PORT",
    "healthCheckNodePort": "PORT",
    "pod-template-hash": "HASH",
    "controller-revision-hash": "HASH",
}
"""Fields whose every value is replaced, unless it is empty."""

LEFT_OUT = ("managedFields",)
"""Fields that are compared only where a step shows them."""

KEPT = tuple(map(ipaddress.ip_network, ("0.0.0.0/32", "127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "::1/128")))
"""Addresses that the scenario itself writes; all others are the cluster's."""

GENERATED = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names (k8s.io/apimachinery ``util/rand``): no vowels, so that no words come out."""

TEXTS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"), "TIME"),
    (re.compile(r"\.[0-9a-f]{12,16}$"), ".ID"),
    (re.compile(r"(?<!\w)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\b(containerd|k8snet)://\S+|\b(docker\S+@)?sha256:[0-9a-f]{64}(?![0-9a-f])"), "ID"),
    (re.compile(rf"-[{GENERATED}]{{8,10}}(?=-[{GENERATED}]{{5}}\b)"), "-HASH"),
    (re.compile(rf"-[{GENERATED}]{{8,10}}\b"), "-HASH"),
    (re.compile(rf"(hash=)[{GENERATED}]{{8,10}}\b"), r"\1HASH"),
    (re.compile(rf"-[{GENERATED}]{{5}}\b"), "-SUFFIX"),
    (re.compile(r"\b(back-off )\d+s\b"), r"\1DURATION"),
    (re.compile(r"(?<![^\s(])\d+(m\d+)?s(\s+|$)"), "DURATION "),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \w+"), "TIME"),
)
"""What is replaced within any text, in this order."""

_ADDRESS = re.compile(r"(?<![\w.:])(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?!\w)")
_SEVERAL = re.compile(r" is invalid: (\[.*\]$|\n\* .*)", re.DOTALL)
_OPTIONS = re.compile(r"(?m)(?<=^options ).*$")
"""Those of a resolv.conf, which a real kubelet keeps in a map."""
_CHOICES = re.compile(r'(?<=supported values: )"[^"]*"(?:, "[^"]*")*')


class Mask:
    """Masks outcomes of one cluster. ``names`` are texts of that cluster and what stands for each."""

    def __init__(self, names: Mapping[str, str]) -> None:
        # The longest first: the name of one node can be the beginning of another's.
        ordered = sorted((name for name in names if name), key=len, reverse=True)
        self._names = [(name, names[name]) for name in ordered]

    def __call__(self, value: Any, *, keep: tuple[str, ...] = ()) -> Any:
        """Return a value with everything volatile replaced. ``keep`` are fields of LEFT_OUT that stay."""
        if isinstance(value, dict):
            fields = {key: entry for key, entry in value.items() if key not in LEFT_OUT or key in keep}
            return {self.text(str(key)): self._field(str(key), entry, keep) for key, entry in fields.items()}
        if isinstance(value, list):
            return [self(entry, keep=keep) for entry in value]
        return self.text(value) if isinstance(value, str) else value

    def _field(self, key: str, value: Any, keep: tuple[str, ...]) -> Any:
        if key in KEYS and isinstance(value, str | int) and value:
            return KEYS[key]
        masked = self(value, keep=keep)
        if key == "causes":
            return _causes(masked)
        return _managers(masked) if key == "managedFields" else masked

    def text(self, text: str) -> str:
        """Return a text with everything volatile replaced."""
        for name, standing in self._names:
            text = text.replace(name, standing)
        for pattern, standing in TEXTS:
            text = pattern.sub(standing, text)
        text = _CHOICES.sub(lambda found: ", ".join(sorted(found[0].split(", "))), text)
        text = _OPTIONS.sub(lambda found: " ".join(sorted(found[0].split(" "))), text)
        # What is wrong in several fields comes in any order; the causes say it as well.
        return _SEVERAL.sub(_sorted_lines, _ADDRESS.sub(_address, text))


def _causes(causes: list[Any]) -> list[Any]:
    """The causes of an error in one order, each once: the API walks maps, and checks some things twice."""
    unique = {(cause.get("field", ""), cause.get("message", ""), cause.get("reason", "")): cause for cause in causes}
    return [unique[key] for key in sorted(unique)]


def _managers(entries: list[Any]) -> list[Any]:
    """The managers of an object in one order, which is otherwise that of their times, in seconds."""
    timeless = [{key: value for key, value in entry.items() if key != "time"} for entry in entries]
    return sorted(timeless, key=lambda entry: (entry["manager"], entry["operation"], entry.get("subresource", "")))


def _sorted_lines(found: re.Match[str]) -> str:
    lines = found[1].split("\n* ")
    return (
        " is invalid: [...]"
        if len(lines) == 1
        else "\n* ".join([" is invalid:", *sorted({*map(str.strip, lines)} - {""})])
    )


def _address(found: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return found[0]
    kept = any(address in network for network in KEPT if network.version == address.version)
    return found[0] if kept else "ADDRESS"
