"""The exec'd role: JSON lines on standard input, answers on standard output in the order in which they are ready."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import platform
import queue
import threading
from typing import Any, Awaitable, Callable, Dict, Set

from . import VERSION, http, lines
from .capabilities import can_capture, icmp_kind, sctp_kind
from .capture import Captures
from .connection_rate import connection_rate
from .evidence import Finding
from .facts import facts
from .holding import Holds, question_to_hold
from .identity import Identity
from .limits import concurrent_probes, raise_open_files
from .load import Timetable
from .lookups import look_up
from .main_process import ask_main_process
from .name_stub import NameStubs
from .ports import Ports
from .probes import Runner
from .processors import processors
from .target import Question, Target, in_thread, resolve
from .traffic import load

_CHUNK = 1 << 16
_FLUSH_SECONDS = 1.0

Fields = Dict[str, Any]


class Requests:
    """Carries out requests. Several run at once; each is answered exactly once."""

    def __init__(self, answer: Callable[[Fields], None]) -> None:
        self._answer = answer
        self._identity = Identity()
        # Found once: on some nodes opening an SCTP socket makes the kernel look for a module.
        self._sctp_kind = sctp_kind()
        self._ports = Ports(self._identity, self._sctp_kind)
        self._runner = Runner(concurrent_probes(raise_open_files()), self._sctp_kind)
        self._holds = Holds()
        self._stubs = NameStubs()
        self._captures = Captures()
        self._running: Set[asyncio.Future[None]] = set()
        self._operations: Dict[str, Callable[[Fields], Awaitable[Fields]]] = {
            "hello": self._hello,
            "probe": self._probe,
            "facts": self._facts,
            "processors": self._processors,
            "listen": self._listen,
            "unlisten": self._unlisten,
            "hold": self._hold,
            "held": self._held,
            "lookup": self._lookup,
            "stub": self._stub,
            "stubbed": self._stubbed,
            "capture": self._capture,
            "captured": self._captured,
            "load": self._load,
            "connection_rate": self._connection_rate,
            "journal": self._journal,
            "http": http.status,
            "end": self._end,
        }

    def start(self, request: Fields) -> None:
        """Begin to carry out a request; its answer carries the same id."""
        task = asyncio.ensure_future(self._carry_out(dict(request)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait until all that runs is answered."""
        await asyncio.gather(*self._running)

    async def _carry_out(self, request: Fields) -> None:
        ident = request.pop("id", None)
        name = request.pop("op", None)
        operation = self._operations.get(name) if isinstance(name, str) else None
        try:
            if operation is None:
                raise ValueError(f"unknown op {name!r}, known are {', '.join(sorted(self._operations))}")
            answer = await operation(request)
        except OSError as error:
            answer = {"error": error.strerror or str(error), "errno": errno.errorcode.get(error.errno or 0, "")}
        except Exception as error:  # whoever asked must hear of it: an unanswered request looks like a dead agent
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._answer({"id": ident, **answer})

    async def _hello(self, _: Fields) -> Fields:
        return {
            "version": VERSION,
            "python": platform.python_version(),
            "capabilities": {"sctp": self._sctp_kind, "icmp": icmp_kind(), "capture": can_capture()},
            "instance": self._identity.instance,
        }

    async def _probe(self, request: Fields) -> Fields:
        questions = [Question.parse(fields) for fields in request["probes"]]
        return {"results": await self._runner.run(questions, request["timeout"], request.get("attempts", 1))}

    async def _facts(self, _: Fields) -> Fields:
        return facts()

    async def _processors(self, _: Fields) -> Fields:
        return {"processors": processors()}

    async def _listen(self, request: Fields) -> Fields:
        await self._ports.open_for(request["protocol"], request["port"], request["seconds"])
        return {}

    async def _unlisten(self, request: Fields) -> Fields:
        return {"closed": self._ports.close(request["protocol"], request["port"])}

    async def _hold(self, request: Fields) -> Fields:
        target = await _target(question_to_hold(request["probe"]), request["timeout"])
        return {"hold": await self._holds.open(target, request["timeout"])}

    async def _held(self, request: Fields) -> Fields:
        hold = self._holds[request["hold"]]
        report = hold.report()
        if request.get("release"):
            hold.release()
        return report

    async def _lookup(self, request: Fields) -> Fields:
        return {"results": await look_up(request["names"], request["timeout"])}

    async def _stub(self, request: Fields) -> Fields:
        return self._stubs.open(request)

    async def _stubbed(self, request: Fields) -> Fields:
        return self._stubs.asked(request["port"])

    async def _capture(self, request: Fields) -> Fields:
        return {"capture": self._captures.start(request["mark"].encode(), request["hosts"], request["seconds"])}

    async def _captured(self, request: Fields) -> Fields:
        return self._captures.stop(request["capture"])

    async def _load(self, request: Fields) -> Fields:
        target = await _target(Question.parse(request["probe"]), request["timeout"])
        table = Timetable(request["rate"], request["number"], request["timeout"])
        made = load(request["kind"], target, table, request.get("messages", ()))
        return await in_thread("load", made.run)

    async def _connection_rate(self, request: Fields) -> Fields:
        target = await _target(Question.parse(request["probe"]), request["seconds"])
        limits = request["seconds"], request["at_once"], request["most"]
        return await in_thread("connections", lambda: connection_rate(target, *limits))

    async def _journal(self, request: Fields) -> Fields:
        return await ask_main_process(request["port"], "journal")

    async def _end(self, request: Fields) -> Fields:
        return await ask_main_process(request["port"], "end")


async def _target(question: Question, seconds: float) -> Target:
    target = await resolve(question, seconds, asyncio.Semaphore())
    if isinstance(target, Finding):
        raise ValueError(target.detail)
    return target


async def answer_requests(stdin: int = 0, stdout: int = 1) -> None:
    """Answer requests until standard input ends, which waits for those that run, or says ``{"op": "quit"}``."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[bool] = loop.create_future()
    answers: queue.SimpleQueue[Fields | None] = queue.SimpleQueue()
    requests = Requests(answers.put)

    def take(line: bytes | None) -> None:
        request = {"op": "quit"} if line is None else lines.decode(line)
        if request is None:
            answers.put({"id": None, "error": f"not a request: {line!r:.80}"})
        elif request.get("op") != "quit":
            requests.start(request)
        elif not over.done():
            over.set_result(line is None)

    for stream in (stdin, stdout):
        os.set_blocking(stream, True)  # whoever made the pipes may have left them otherwise
    # Threads, because neither a slow reader of the answers nor a long request line may hold up running probes.
    writer = threading.Thread(target=_write, args=(stdout, answers), daemon=True)
    writer.start()
    threading.Thread(target=_read, args=(stdin, loop, take), daemon=True).start()
    if await over:
        await requests.finish()
    answers.put(None)
    writer.join(_FLUSH_SECONDS)


def _write(stdout: int, answers: queue.SimpleQueue[Fields | None]) -> None:
    with open(stdout, "wb", buffering=0, closefd=False) as stream:
        for answer in iter(answers.get, None):
            data = memoryview(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
            try:
                while data:
                    data = data[stream.write(data) or 0 :]
            except BrokenPipeError:
                return  # nobody reads any more; standard input is about to end, too


def _read(stdin: int, loop: asyncio.AbstractEventLoop, take: Callable[[bytes | None], None]) -> None:
    """Pass each line of standard input to the loop, and None at its end."""
    pending = b""
    while True:
        # Not sys.stdin: a thread that waits inside it holds its lock, which the interpreter wants on its way out.
        data = os.read(stdin, _CHUNK)
        *complete, pending = (pending + data).split(b"\n")
        for line in complete:
            loop.call_soon_threadsafe(take, line)
        if not data:
            loop.call_soon_threadsafe(take, None)
            return
