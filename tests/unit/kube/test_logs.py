"""The output of a container, read while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.endpoint import ApiEndpoint
from pytest_k8snet.kube.logs import LogEnded, LogReader

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def reader(serve: Serve) -> AsyncIterator[LogReader]:
    app = web.Application()
    app.router.add_get("/api/v1/namespaces/ns/pods/one/log", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    log = LogReader(ApiEndpoint(f"http://{host}:{port}", True, dict), "ns", "one", "main")
    try:
        yield log
    finally:
        await log.close()
        await runner.cleanup()


def writes(*pieces: bytes, cut: bool = False) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        assert dict(request.query) == {"container": "main", "follow": "true"}
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if cut and request.transport is not None:
            request.transport.abort()
        return response

    return serve


async def read(serve: Serve, first: str, last: str) -> list[str]:
    async with reader(serve) as log:
        return await asyncio.wait_for(log.between(first, last), 5)


def test_lines_between_two_marks_are_found_however_they_come() -> None:
    serve = writes(b"before\nbeg", b"in 1\nmid", b"dle\nend 1 0\nafter\n")
    assert asyncio.run(read(serve, "begin 1", "end 1")) == ["begin 1", "middle", "end 1 0"]


def test_one_line_may_be_both_marks() -> None:
    assert asyncio.run(read(writes(b"x\nready 3.12\n"), "ready", "ready")) == ["ready 3.12"]


@pytest.mark.parametrize(("cut", "why"), [(False, "has ended"), (True, "broke off")])
def test_an_end_before_the_mark_is_told_with_its_kind(cut: bool, why: str) -> None:
    with pytest.raises(LogEnded, match=why):
        asyncio.run(read(writes(b"begin\n", cut=cut), "begin", "end"))


def test_what_is_over_stays_over() -> None:
    async def twice() -> None:
        async with reader(writes(b"")) as log:
            for _ in range(2):
                with pytest.raises(LogEnded):
                    await asyncio.wait_for(log.line(), 5)

    asyncio.run(twice())


def test_a_refusal_is_an_error_of_the_api_with_what_to_do() -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403, text="pods/log is forbidden")

    with pytest.raises(ApiError, match="pods/log is forbidden") as raised:
        asyncio.run(read(refuse, "a", "b"))
    assert raised.value.status == 403
    assert "docs/rbac.yaml" in raised.value.hint
