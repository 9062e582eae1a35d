"""``/k8snet/faults``: deliberate defects, by name; ``/k8snet/network``: what the kernel knows of the network.

Not part of Kubernetes; the calibration uses them.
"""

from __future__ import annotations

from aiohttp import web

from .body import decode_object
from .rest import json_response
from .runtime import Runtime
from .status import bad_request, method_not_allowed


class Faults:
    """GET lists; POST (``{"name": ...}`` or the name in the path) injects; DELETE on a name restores it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with the list of faults as it is after the request."""
        name = request.match_info.get("name", "")
        if request.method == "POST":
            await self._runtime.inject(name or await _name(request))
        elif request.method == "DELETE" and name:
            await self._runtime.restore(name)
        elif request.method == "DELETE":
            for fault in self._runtime.list_faults():
                if fault["active"]:
                    await self._runtime.restore(str(fault["name"]))
        elif request.method != "GET":
            raise method_not_allowed(request.method, "faults")
        return json_response({"kind": "FaultList", "items": self._runtime.list_faults()})


class NetworkState:
    """GET gives the lines that describe each network namespace."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with what is now."""
        return json_response({"kind": "NetworkState", "namespaces": await self._runtime.network_state()})


async def _name(request: web.Request) -> str:
    body = decode_object(await request.read(), request.content_type)
    if not isinstance(body.get("name"), str):
        raise bad_request('which fault? POST /k8snet/faults/NAME, or a body {"name": "NAME"}')
    return str(body["name"])
