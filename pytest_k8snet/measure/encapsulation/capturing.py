"""Marked packets, and capturing them in hostNetwork pods."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pytest_k8snet.probe.observation import Pod, Probe, Protocol
from pytest_k8snet.probe.prober import Prober

SECONDS = 10.0
"""After which a capture ends by itself, when nobody ends it."""


def marked(source: Pod, address: str, port: int, column: str, mark: str, number: int) -> list[Probe]:
    """Return so many UDP probes that carry a mark, and are answered by an agent."""
    line = f'{{"nonce":"{mark}","size":0}}\n'.encode()
    return [Probe(source, address, port, Protocol.UDP, column, data=line, attempt=attempt) for attempt in range(number)]


@contextmanager
def capturing(
    prober: Prober, watchers: Collection[Pod], mark: str, hosts: Collection[str] = ()
) -> Iterator[dict[Pod, Mapping[str, Any]]]:
    """Capture in pods what carries a mark, or goes between ``hosts``, while the block runs.

    What is yielded holds, after the block, what each agent captured. Raises NoVerdict where one cannot.
    """
    request = {"op": "capture", "mark": mark, "hosts": list(hosts), "seconds": SECONDS}
    captures = {pod: prober.ask(pod, request, again=False)["capture"] for pod in watchers}
    found: dict[Pod, Mapping[str, Any]] = {}
    yield found
    for pod, number in captures.items():
        found[pod] = prober.ask(pod, {"op": "captured", "capture": number}, again=False)
