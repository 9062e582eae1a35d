"""What a probe is asked to reach, and the name resolution before it."""

from __future__ import annotations

import asyncio
import functools
import secrets
import socket
import threading
from typing import Any, Callable, NamedTuple, TypeVar

from . import lines
from .evidence import DNS_FAILURE, PROBE_ERROR, Finding

T = TypeVar("T")

_FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


class Question(NamedTuple):
    """One probe of a request. ``size`` is in bytes of payload.

    ``one_way``: only the request has that size, the answer is as short as it can be.
    ``bare``: the target is no agent, a completed handshake is enough. ``data``: what to send in place of our own
    request, in base64; ``until`` says what ends the answer to it (see ``payloads``).
    """

    address: str
    port: int
    protocol: str
    size: int = 0
    df: bool = False
    bare: bool = False
    family: str = ""
    data: str = ""
    until: str = ""
    one_way: bool = False

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> Question:
        """Make a question of a request's fields. Raises TypeError for missing or unknown ones."""
        return cls(**fields)


class Target(NamedTuple):
    """A question whose address is known."""

    question: Question
    family: socket.AddressFamily
    address: str

    def request(self) -> tuple[str, bytes]:
        """Return a new nonce and the line that carries it."""
        nonce = secrets.token_hex(8)
        message = {"nonce": nonce, "size": 0 if self.question.one_way else self.question.size}
        if self.question.df:
            message["df"] = True
        return nonce, lines.encode(message, self.question.size)

    def same_address(self, text: str) -> bool:
        """Whether a text means the target's address."""
        return socket.inet_pton(self.family, text) == socket.inet_pton(self.family, self.address)


async def resolve(question: Question, seconds: float, lookups: asyncio.Semaphore) -> Target | Finding:
    """Return the target of a question, or the finding that there is none. ``lookups`` bounds the threads for names."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, question.address)
        except (OSError, ValueError):
            continue
        if question.address.lower().startswith("fe80:"):
            return Finding(
                PROBE_ERROR, f"{question.address} is link-local: it needs an interface, which a probe has not"
            )
        return Target(question, family, question.address)
    async with lookups:
        return await _lookup(question, seconds)


async def _lookup(question: Question, seconds: float) -> Target | Finding:
    family = _FAMILIES.get(question.family, socket.AF_UNSPEC)
    try:
        found = await asyncio.wait_for(_getaddrinfo(question.address, family), seconds)
    except asyncio.TimeoutError:
        return Finding(DNS_FAILURE, f"{question.address}: no answer from the resolver within {seconds:g} s")
    except (OSError, UnicodeError) as error:
        return Finding(DNS_FAILURE, f"{question.address}: {error}")
    except RuntimeError as error:
        return Finding(PROBE_ERROR, f"{question.address} was not looked up: {error}")
    return Target(question, *found)


async def _getaddrinfo(name: str, family: int) -> tuple[socket.AddressFamily, str]:
    entries = await in_thread(name, lambda: socket.getaddrinfo(name, None, family, socket.SOCK_STREAM))
    return entries[0][0], str(entries[0][4][0])


def in_thread(name: str, work: Callable[[], T]) -> asyncio.Future[T]:
    """Work in a thread of its own: an executor is joined at exit, and a resolver may hang for half a minute.

    What is raised is what ``work`` raises.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(result: Any, error: Exception | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        try:
            outcome: tuple[Any, Exception | None] = (work(), None)
        except Exception as error:  # whoever waits for the future must hear of it
            outcome = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(functools.partial(deliver, *outcome))

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
