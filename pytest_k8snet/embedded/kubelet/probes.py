"""Readiness and liveness probes: one attempt by tcpSocket, httpGet or exec, and the loop around it."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.network.netns import NetNs

KUBELET_MARK = 0x6B75
"""The packet mark of probes, by which a fault between node and pods can spare them."""

FIRST_PAUSE = 0.02


@dataclass(frozen=True)
class Prober:
    """Probes one container: from ``netns``, the node's, to ``address``, the pod's.

    ``run`` runs a command in the container, for its exit code and output.
    """

    container: Obj
    netns: NetNs
    address: str
    run: Callable[[list[str]], Awaitable[tuple[int, str]]]

    async def attempt(self, probe: Obj) -> str:
        """Try once; return what went wrong, "" for success."""
        seconds = float(probe.get("timeoutSeconds") or 1)
        try:
            async with asyncio.timeout(seconds):
                return await self._attempt(probe)
        except TimeoutError:
            return f"failed: probe timed out after {seconds:g}s"
        except OSError as error:
            return f"failed: {error.strerror or error}"

    async def _attempt(self, probe: Obj) -> str:
        if "exec" in probe:
            code, output = await self.run(list(probe["exec"].get("command") or ()))
            return f"failed: {output}" if code else ""
        if "httpGet" in probe:
            return await self._http(probe["httpGet"])
        connection = await self._connect(probe["tcpSocket"])
        connection.close()
        return ""

    async def _connect(self, action: Obj) -> socket.socket:
        address = action.get("host") or self.address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = await self.netns.socket(family, socket.SOCK_STREAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, KUBELET_MARK)
            port = self._port(action["port"])
            await _connected(opened, address, port)
        except BaseException:
            opened.close()
            raise
        return opened

    async def _http(self, action: Obj) -> str:
        context = None
        if action.get("scheme") == "HTTPS":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        opened = await self._connect(action)
        host = action.get("host") or self.address
        name = host if context else None
        reader, writer = await asyncio.open_connection(sock=opened, ssl=context, server_hostname=name)
        try:
            headers = [f"{entry['name']}: {entry['value']}" for entry in action.get("httpHeaders") or ()]
            lines = [f"GET {action.get('path') or '/'} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
            writer.write("\r\n".join([*lines, "User-Agent: kube-probe/k8snet", "", ""]).encode())
            words = (await reader.readline()).split()
        finally:
            writer.close()
        if len(words) < 2 or not words[1].isdigit():
            return "failed: malformed HTTP response"
        return "" if 200 <= int(words[1]) < 400 else f"failed: HTTP probe failed with statuscode: {int(words[1])}"

    def _port(self, port: Any) -> int:
        if isinstance(port, int) or str(port).isdigit():
            return int(port)
        for entry in self.container.get("ports") or ():
            if entry.get("name") == port:
                return int(entry["containerPort"])
        raise OSError(0, f"couldn't find port: {port!r}")


async def _connected(opened: socket.socket, address: str, port: int) -> None:
    try:
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except OSError as error:
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        raise OSError(error.errno, f"dial tcp {where}: connect: {os.strerror(error.errno or 0).lower()}") from error


async def watch_probe(
    prober: Prober, probe: Obj, report: Callable[[bool], None], failed: Callable[[str], None], *, quick: bool = True
) -> None:
    """Probe for ever; ``report`` is told each verdict (after the thresholds), ``failed`` of failing attempts.

    ``quick`` is for what does not hold to begin with: until it does, probes come in quick succession, so that a pod is
    Ready when it is ready, and of their failures one is told in each period. Liveness holds until it fails.
    """
    await asyncio.sleep(float(probe.get("initialDelaySeconds") or 0))
    period = float(probe.get("periodSeconds") or 10)
    limits = {True: int(probe.get("successThreshold") or 1), False: int(probe.get("failureThreshold") or 3)}
    pause, verdict, last, count = FIRST_PAUSE, not quick, None, 0
    clock = asyncio.get_running_loop().time
    told = clock()
    while True:
        why = await prober.attempt(probe)
        good = not why
        count = count + 1 if good is last else 1
        last = good
        if why and (verdict or clock() - told >= period):
            told = clock()
            failed(why)
        if count >= limits[good]:
            verdict = good
            report(good)
        pause = min(period, pause * 1.3) if quick and not verdict else period
        await asyncio.sleep(pause)
