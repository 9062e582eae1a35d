"""Running the probes of a request, all at once."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Awaitable, Callable, Dict, Sequence, Tuple

from .evidence import PROBE_ERROR, TIMEOUT, Finding
from .messages import probe_icmp, probe_udp
from .payloads import carry_datagram, carry_stream
from .raw_sctp import probe_raw_sctp
from .streams import probe_kernel_sctp, probe_stream
from .target import Question, Target, resolve

Method = Callable[[Target, float], Awaitable[Finding]]
LookUp = Callable[[Question, float, asyncio.Semaphore], Awaitable["Target | Finding"]]
_Lookups = Dict[Tuple[str, str], "asyncio.Future[Target | Finding]"]

_STARTED_AT_ONCE = 32
_LOOKUPS_AT_ONCE = 128  # each has a thread, and pods may have few
_CARRIERS: Dict[str, Method] = {"tcp": carry_stream, "udp": carry_datagram}


def _methods(sctp_kind: str) -> Dict[str, Method]:
    sctp: Dict[str, Method] = {"kernel": probe_kernel_sctp, "raw": probe_raw_sctp, "": _no_sctp}
    return {"tcp": probe_stream, "udp": probe_udp, "icmp": probe_icmp, "sctp": sctp[sctp_kind]}


async def _no_sctp(_: Target, __: float) -> Finding:
    return Finding(PROBE_ERROR, "this kernel has no SCTP, and raw sockets are not allowed here")


class Runner:
    """Runs probes, at most ``concurrent`` at once over all requests. ``sctp_kind`` is "kernel", "raw" or ""."""

    def __init__(self, concurrent: int, sctp_kind: str, look_up: LookUp = resolve) -> None:
        self._look_up = look_up
        self._places = asyncio.Semaphore(concurrent)
        self._lookups = asyncio.Semaphore(_LOOKUPS_AT_ONCE)
        self._methods = _methods(sctp_kind)

    async def run(self, questions: Sequence[Question], seconds: float, attempts: int) -> list[dict[str, Any]]:
        """Return one result per question, in their order.

        Takes about ``attempts * seconds`` at most, once more ``seconds`` for names and for targets that accept
        a connection and then are silent, and a multiple of it only where descriptors do not suffice for all at once.
        """
        tasks = []
        shared: _Lookups = {}
        for number, question in enumerate(questions, 1):
            await self._places.acquire()
            task = asyncio.ensure_future(self._one(question, seconds, attempts, shared))
            task.add_done_callback(lambda _: self._places.release())
            tasks.append(task)
            if number % _STARTED_AT_ONCE == 0:
                # Lets the first answers be read while the last probes are not sent yet, so that their times are right.
                await asyncio.sleep(0)
        return list(await asyncio.gather(*tasks))

    async def _one(self, question: Question, seconds: float, attempts: int, shared: _Lookups) -> dict[str, Any]:
        started = time.monotonic()
        target = await self._resolved(question, seconds, shared)
        if isinstance(target, Finding):
            return _result(target, started, 1)
        resolved = target.address if target.address != question.address else ""
        attempt = 0
        while True:
            attempt += 1
            started = time.monotonic()
            finding = await self._attempt(target, seconds)
            # Only silence is asked again: everything else is an answer.
            if finding.outcome != TIMEOUT or attempt >= attempts:
                return {**_result(finding, started, attempt), "resolved": resolved}

    async def _resolved(self, question: Question, seconds: float, shared: _Lookups) -> Target | Finding:
        """Look a name up once for all questions of a request: a table asks each at several ports and protocols."""
        key = (question.address, question.family)
        if key not in shared:
            shared[key] = asyncio.ensure_future(self._look_up(question, seconds, self._lookups))
        found = await shared[key]
        return found if isinstance(found, Finding) else found._replace(question=question)

    async def _attempt(self, target: Target, seconds: float) -> Finding:
        protocol = target.question.protocol
        methods = _CARRIERS if target.question.data else self._methods
        method = methods.get(protocol)
        if method is None:
            return Finding(PROBE_ERROR, f"unknown protocol {protocol!r}, known are {', '.join(methods)}")
        try:
            return await method(target, seconds)
        except Exception as error:  # a fault of this program must neither look like the network's nor stop other probes
            return Finding(PROBE_ERROR, f"{type(error).__name__}: {error}")


def _result(finding: Finding, started: float, attempts: int) -> dict[str, Any]:
    millis = round((time.monotonic() - started) * 1000, 3)
    return {**finding._asdict(), "millis": millis, "attempts": attempts}
