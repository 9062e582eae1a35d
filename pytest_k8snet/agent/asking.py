"""The main process asks by itself: from its first moment on, or whoever has come to it; nothing is forgotten."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any, Dict, List, Set

from .age import process_age
from .evidence import CONNECTED
from .messages import finish_udp
from .opening import Opening, Shot
from .probes import Runner
from .streams import finish_stream
from .target import Question, Target

_TIMEOUT = 1.0
_AGAIN_SECONDS = 30.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1
_PAUSE_PART = 20  # the pause grows with the time: dense where a pod is new, and not a load later


class Account:
    """What came of one question, asked many times: how often each outcome, the first that connected, and the last."""

    def __init__(self, question: Question, first: float) -> None:
        self._question = question
        self._first = first
        self._outcomes: Dict[str, int] = {}
        self._connected: Dict[str, Any] = {}
        self._last: Dict[str, Any] = {}

    def add(self, result: Dict[str, Any], asked_at: float) -> None:
        """Note the result of an attempt that was made ``asked_at`` seconds after the start of this process."""
        self._outcomes[result["outcome"]] = self._outcomes.get(result["outcome"], 0) + 1
        self._last = result
        if result["outcome"] == CONNECTED and not self._connected:
            self._connected = {**result, "after": round(asked_at, 3)}

    def fields(self) -> Dict[str, Any]:
        """Return the account; times in seconds, ``first`` and ``after`` since the start of this process."""
        return {
            "address": self._question.address,
            "port": self._question.port,
            "protocol": self._question.protocol,
            "first": round(self._first, 3),
            "watched": round(process_age() - self._first, 3),
            "outcomes": self._outcomes,
            "connected": self._connected,
            "last": self._last,
        }


class Asking:
    """Asks questions and keeps an account of each."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._accounts: Dict[Question, Account] = {}
        self._running: Set[asyncio.Future[None]] = set()

    def go_on(self, opening: Opening) -> None:
        """Find out what became of the first words, and say them again: densely at first, then ten times a second."""
        for shot in opening.stop():
            self._begin(self._finish(shot))
        for protocol, address, port in opening.words:
            self._begin(self._insist(Question(address, port, protocol)))

    def once(self, question: Question) -> None:
        """Ask a question now."""
        self._begin(self._ask(question))

    def accounts(self) -> List[Dict[str, Any]]:
        """Return the account of each question."""
        return [account.fields() for account in self._accounts.values()]

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _insist(self, question: Question) -> None:
        began = time.monotonic()
        elapsed = 0.0
        while elapsed < _AGAIN_SECONDS:
            self.once(question)
            await asyncio.sleep(min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, elapsed / _PAUSE_PART)))
            elapsed = time.monotonic() - began

    async def _ask(self, question: Question) -> None:
        asked_at = process_age()
        account = self._accounts.setdefault(question, Account(question, asked_at))
        (result,) = await self._runner.run([question], _TIMEOUT, 1)
        account.add(result, asked_at)

    async def _finish(self, shot: Shot) -> None:
        protocol, address, port = shot.word
        question = Question(address, port, protocol)
        account = self._accounts.setdefault(question, Account(question, shot.at))
        target = Target(question, socket.AddressFamily(shot.sock.family), address)
        with shot.sock:
            if protocol == "tcp":
                finding = await finish_stream(shot.sock, target, shot.number, _TIMEOUT)
            else:
                finding = await finish_udp(shot.sock, target, shot.nonce, shot.number, _TIMEOUT)
        millis = round((process_age() - shot.at) * 1000, 3)
        account.add({**finding._asdict(), "millis": millis, "attempts": 1}, shot.at)
