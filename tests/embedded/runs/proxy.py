"""A TCP proxy before an API, that can stall, cut and refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from pytest_k8snet.kube.exec import IoLoop


class Proxy:
    def __init__(self, loop: IoLoop, port: int) -> None:
        self._loop = loop
        self._target = port
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = loop.run(self._listen())
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
        return await asyncio.start_server(self._connect, "127.0.0.1", 0)

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
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
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
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    proxy = Proxy(IoLoop("proxy"), int(cluster["server"].rpartition(":")[2]))
    cluster["server"] = f"https://127.0.0.1:{proxy.port}"
    yield proxy, yaml.safe_dump(config)
    proxy.close()
