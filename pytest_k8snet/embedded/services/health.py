"""The health check node port of Services that load balancers may send to nodes with endpoints only."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from pytest_k8snet.embedded.network.node import Node
from pytest_k8snet.embedded.services.proxy import Key, Ports
from pytest_k8snet.embedded.upkeep import together

REQUEST_SECONDS = 5.0


class HealthChecks:
    """Answers on every node as kube-proxy does: 200 when it has ready endpoints of the address family, else 503."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = list(nodes)
        self._checks: dict[Key, list[_Check]] = {}

    async def follow(self, changed: Mapping[Key, Ports]) -> None:
        """Answer for the Services that have changed. Raises OSError when a port is taken on a node."""
        await together(self._settle(key, ports) for key, ports in changed.items())

    async def _settle(self, key: Key, ports: Ports) -> None:
        number = next((port.health_port for port in ports if port.health_port), 0)
        checks = self._checks.get(key, [])
        if not checks or checks[0].port != number:
            for check in checks:
                check.close()
            self._checks.pop(key, None)
            checks = [_Check(node, key, number) for node in self._nodes] if number else []
            await together(check.open() for check in checks)
            if checks:
                self._checks[key] = checks
        for check in checks:
            check.count(ports)


@dataclass
class _Check:
    """The answers of one node for one Service. ``endpoints`` counts the ready ones that it has, by IP version."""

    node: Node
    key: Key
    port: int
    endpoints: dict[int, int] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)

    async def open(self) -> None:
        """Listen at the node's addresses. Raises OSError when the port is taken."""
        for version, address in self.node.addresses.by_version:
            family = socket.AF_INET6 if version == 6 else socket.AF_INET
            listener = await self.node.netns.socket(family, socket.SOCK_STREAM)
            try:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((address, self.port))
                self._servers.append(await asyncio.start_server(partial(self._answer, version), sock=listener))
            except OSError:
                listener.close()
                self.close()
                raise

    def close(self) -> None:
        """Answer no more."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    def count(self, ports: Ports) -> None:
        """Count the endpoints anew; one that has several ports is one."""
        ready = {
            (port.version, one.address)
            for port in ports
            for one in port.endpoints
            if one.ready and one.node == self.node.name
        }
        self.endpoints = Counter(version for version, _ in ready)

    async def _answer(self, version: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REQUEST_SECONDS)
            writer.write(self._response(self.endpoints.get(version, 0)))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # whoever asks like this gets no answer
        finally:
            writer.close()

    def _response(self, endpoints: int) -> bytes:
        service = {"namespace": self.key[0], "name": self.key[1]}
        body = json.dumps({"service": service, "localEndpoints": endpoints, "serviceProxyHealthy": True}).encode()
        head = [
            f"HTTP/1.1 {'200 OK' if endpoints else '503 Service Unavailable'}",
            "Content-Type: application/json",
            "X-Content-Type-Options: nosniff",
            f"X-Load-Balancing-Endpoint-Weight: {endpoints}",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        return "\r\n".join([*head, "", ""]).encode() + body
