"""The HTTP side of the API: who may ask, which handler answers, and errors as Status objects."""

from __future__ import annotations

import asyncio
import hmac
import logging
import socket
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from .body import MAX_BYTES
from .discovery import discover
from .faults import Faults, NetworkState
from .janitor import Janitor
from .openapi import openapi
from .rest import Rest, json_response
from .runtime import Runtime
from .status import StoreError, no_such_path
from .store import Store
from .tls import Identity

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 1 << 20
"""Of a request line or a header, as an API server takes them: the command of an exec is in the request line."""


def make_app(store: Store, runtime: Runtime, token: str, *, ca_pem: str = "") -> web.Application:
    """The API on ``store`` and ``runtime`` for whoever has ``token``; ``ca_pem`` is what pods are told to trust.

    While the application runs, so do the API's own controllers (namespaces, garbage collection).
    """
    app = web.Application(middlewares=[_errors, _authentication(token)], client_max_size=MAX_BYTES)
    rest, faults = Rest(store, runtime), Faults(runtime)
    for path in (
        "/version",
        "/version/",
        "/api",
        "/api/",
        "/apis",
        "/apis/",
        "/api/v1",
        "/apis/{group}",
        "/apis/{group}/{v}",
    ):
        app.router.add_get(path, _discovery)
    app.router.add_get("/openapi/v3{tail:.*}", _openapi)
    app.router.add_get("/openapi/v2", _openapi_v2)
    for path in ("/healthz", "/livez", "/readyz"):
        app.router.add_get(path, _healthy)
    app.router.add_route("GET", "/k8snet/network", NetworkState(runtime).handle)
    app.router.add_route("*", "/k8snet/faults", faults.handle)
    app.router.add_route("*", "/k8snet/faults/{name}", faults.handle)
    app.router.add_route("*", "/api/v1/{tail:.+}", rest.handle)
    app.router.add_route("*", "/apis/{group}/{v}/{tail:.+}", rest.handle)
    app.cleanup_ctx.append(_janitor(store, ca_pem))
    return app


async def serve(app: web.Application, listener: socket.socket, identity: Identity) -> web.AppRunner:
    """Answer on a listening socket until the runner's ``cleanup``. Open watches do not delay that end."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=0.5,
        max_line_size=MAX_HEAD_BYTES,
        max_field_size=MAX_HEAD_BYTES,
    )
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=identity.context).start()
    return runner


def _janitor(store: Store, ca_pem: str) -> Callable[[web.Application], AsyncIterator[None]]:
    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(Janitor(store, ca_pem).run(), name="k8snet-janitor")
        task.add_done_callback(_report_end)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return lifetime


def _report_end(task: asyncio.Task[None]) -> None:
    """A janitor that ends by itself is a defect of ours that must not stay unseen."""
    if not task.cancelled():
        log.critical("the API's janitor ended: namespaces are no longer looked after", exc_info=task.exception())


def _authentication(token: str) -> Middleware:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, expected):
            raise StoreError(401, "Unauthorized", "Unauthorized")
        return await handler(request)

    return authenticate


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal becomes a Status object, because that is what clients can show."""
    try:
        return await handler(request)
    except StoreError as error:
        return json_response(error.as_status(), error.status)
    except web.HTTPRequestEntityTooLarge:
        message = f"Request entity too large: limit is {MAX_BYTES}"
        return json_response(StoreError(413, "RequestEntityTooLarge", message).as_status(), 413)
    except web.HTTPNotFound:
        return json_response(no_such_path(request.path).as_status(), 404)
    except web.HTTPMethodNotAllowed as error:
        message = f"{error.method} is not possible on {request.path}, only {', '.join(sorted(error.allowed_methods))}"
        return json_response(StoreError(405, "MethodNotAllowed", message).as_status(), 405)
    except (web.HTTPException, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("%s %s failed", request.method, request.path_qs)
        message = f"Internal error occurred: {type(error).__name__}: {error}"
        return json_response(StoreError(500, "InternalError", message).as_status(), 500)


async def _discovery(request: web.Request) -> web.Response:
    return json_response(discover(request.path))


async def _openapi(request: web.Request) -> web.Response:
    return json_response(openapi(request.path))


async def _openapi_v2(request: web.Request) -> web.Response:
    """An empty document, which is what zero bytes mean: kubectl looks here for kinds that v3 does not have."""
    return web.Response(body=b"", content_type="application/com.github.proto-openapi.spec.v2.v1.0+protobuf")


async def _healthy(request: web.Request) -> web.Response:
    return web.Response(text="ok")
