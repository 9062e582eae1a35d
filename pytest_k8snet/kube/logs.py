"""The output of a container, read through pods/log while it is written."""

from __future__ import annotations

import asyncio

import aiohttp

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.endpoint import ApiEndpoint

OPEN_SECONDS = 15.0
HINTS = {
    403: "Logs need the verb get on pods/log: see docs/rbac.yaml.",
    404: "The pod is gone; see 'kubectl get events'.",
}


class LogEnded(Exception):
    """There is no more to read: the container has ended, or the stream was cut. The message says what was seen."""


class LogReader:
    """Reads a container's output from its beginning, as long as the stream lasts. Lives in one loop."""

    def __init__(self, endpoint: ApiEndpoint, namespace: str, pod: str, container: str) -> None:
        self._endpoint = endpoint
        self._path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        self._where = f"container {container} of pod {namespace}/{pod}"
        self._query = {"container": container, "follow": "true"}
        self._lines: asyncio.Queue[str | Exception] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._read())
        self._over: Exception | None = None

    async def line(self) -> str:
        """Return the next line, when there is one.

        Raises:
            LogEnded: there will be none.
            ApiError: the API does not let us read.

        """
        if self._over is None:
            found = await self._lines.get()
            if isinstance(found, str):
                return found
            self._over = found
        raise self._over

    async def between(self, first: str, last: str) -> list[str]:
        """Return the lines from the one that begins with ``first`` to the one that does with ``last``, both included.

        What was before is passed over. Raises what ``line`` does.
        """
        found: list[str] = []
        while True:
            line = await self.line()
            if found or line.startswith(first):
                found.append(line)
            if found and line.startswith(last):
                return found

    async def close(self) -> None:
        """End the stream."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read(self) -> None:
        try:
            await self._follow()
            self._lines.put_nowait(LogEnded(f"the output of {self._where} has ended"))
        except ApiError as error:
            self._lines.put_nowait(error)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._lines.put_nowait(LogEnded(f"the log of {self._where} broke off: {error or type(error).__name__}"))

    async def _follow(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=OPEN_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(
                self._endpoint.server.rstrip("/") + self._path,
                params=self._query,
                headers=self._endpoint.headers(),
                ssl=self._endpoint.ssl,
                proxy=self._endpoint.proxy,
                server_hostname=self._endpoint.tls_server_name,
            ) as response,
        ):
            if response.status >= 400:
                said = (await response.text(errors="replace")).strip()[:300]
                hint = HINTS.get(response.status, "")
                raise ApiError(f"the log of {self._where}: {said}", status=response.status, hint=hint)
            while line := await response.content.readline():
                self._lines.put_nowait(line.decode(errors="replace").rstrip("\n"))
