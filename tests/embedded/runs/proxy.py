"""Proxies before an API: one that can stall, cut and refuse, and one that ends TLS and notes the requests."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
import yaml

from pytest_k8snet.kube.exec import IoLoop

REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (/\S*) HTTP/1\.1\r\n")


class Proxy:
    """Passes bytes on, until it is told otherwise. With TLS contexts, what it sees is in the clear."""

    def __init__(self, port: int, here: ssl.SSLContext | None = None, there: ssl.SSLContext | None = None) -> None:
        self._loop = IoLoop("proxy")
        self._here, self._there = here, there
        self.requests: set[tuple[str, str]] = set()
        self._target = port
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = self._loop.run(self._listen())
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Pass nothing on, and keep all connections."""
        self._loop.run(self._set(flows=False))

    def cut(self, *, for_good: bool) -> None:
        """Cut every connection; ``for_good``, and every later one."""
        self._loop.run(self._set(refuses=for_good))

    def close(self) -> None:
        self._server.close()
        self._loop.run(self._set(refuses=True))
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        self._flows = asyncio.Event()
        self._flows.set()
        return await asyncio.start_server(self._connect, "127.0.0.1", 0, ssl=self._here)

    async def _set(self, *, flows: bool = True, refuses: bool | None = None) -> None:
        if not flows:
            self._flows.clear()
        if refuses is not None:
            self._refuses = refuses
            for writer in self._writers:
                writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target, ssl=self._there)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                # A request begins a read: nobody here sends the next before the answer to the last.
                if found := REQUEST.match(data):
                    self.requests.add((found[1].decode(), found[2].decode()))
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return  # cut
        finally:
            writer.transport.abort()


@contextmanager
def proxied(kubeconfig: Path) -> Iterator[tuple[Proxy, str]]:
    """Give a proxy before the API of a kubeconfig, and the text of a kubeconfig that leads through it."""
    config, cluster = _read(kubeconfig)
    proxy = Proxy(_port(cluster))
    cluster["server"] = f"https://127.0.0.1:{proxy.port}"
    yield proxy, yaml.safe_dump(config)
    proxy.close()


@contextmanager
def recorded(kubeconfig: Path) -> Iterator[tuple[Proxy, str]]:
    """The same, but the proxy notes method and path of every request."""
    config, cluster = _read(kubeconfig)
    authority = trustme.CA()
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(here)
    there = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    proxy = Proxy(_port(cluster), here, there)
    cluster["server"] = f"https://127.0.0.1:{proxy.port}"
    cluster["certificate-authority-data"] = base64.b64encode(authority.cert_pem.bytes()).decode()
    yield proxy, yaml.safe_dump(config)
    proxy.close()


def _read(kubeconfig: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    config = yaml.safe_load(kubeconfig.read_text())
    return config, config["clusters"][0]["cluster"]


def _port(cluster: dict[str, Any]) -> int:
    return int(cluster["server"].rpartition(":")[2])
