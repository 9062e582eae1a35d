"""Pages that name servers serve beside names: health, readiness and metrics, over HTTP."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_k8snet.dns.servers import Server
from pytest_k8snet.probe.observation import CONNECTS, Expectation, Expected, Observation, Outcome, Pod, Probe, Protocol
from pytest_k8snet.probe.table import TruthTable

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ExpectedPage(Expected):
    """A page with status 200 in which ``text`` stands."""

    text: str = ""

    def evidence(self, seen: Observation) -> str:
        """Return the status line of the answer."""
        return page_of(seen).partition("\r\n")[0][:_SHOWN] or seen.detail

    def mismatch(self, probe: Probe, seen: Observation) -> str:
        """Return what is wrong with what came."""
        if wrong := Expected.mismatch(self, probe, seen):  # not super(): slots make the class anew
            return wrong
        if seen.outcome is not Outcome.CONNECTED:
            return ""
        head, _, body = page_of(seen).partition("\r\n\r\n")
        if " 200 " not in head.partition("\r\n")[0]:
            return f"{head.partition(chr(13))[0][:_SHOWN]!r} instead of 200"
        return "" if self.text in body else f"{self.text!r} does not stand in {body[:_SHOWN]!r}"


def pages(
    title: str, source: Pod, servers: Iterable[Server], port: int, path: str, text: str, because: str
) -> Expectation:
    """Expect a page at a port of each server."""
    request = f"GET {path} HTTP/1.1\r\nHost: k8snet\r\nConnection: close\r\n\r\n".encode()
    expected = ExpectedPage(CONNECTS, because=because, text=text)
    cells: dict[Probe, Expected] = {
        Probe(
            source,
            server.address,
            port,
            Protocol.TCP,
            f"{server.label}: {path}",
            target_node=server.node,
            data=request,
            until="end",
        ): expected
        for server in servers
        if server.family in source.families
    }
    return Expectation(title, cells)


def page_of(seen: Observation) -> str:
    """Return an answer of HTTP, head and all."""
    return base64.b64decode(seen.data).decode(errors="replace")


def counted(table: TruthTable, name: str) -> dict[str, float]:
    """Return the sum of a metric over its labels, by the address of the server that told it."""
    line = re.compile(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", re.MULTILINE)
    return {
        probe.address: sum(float(number) for number in line.findall(page_of(seen).replace("\r", "")))
        for probe, seen in table.seen.items()
    }
