"""What a pod says before the rest of this program is loaded, so it imports next to nothing.

Attempts are only begun here; ``asking`` finds out what became of them.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import List, NamedTuple, Sequence, Tuple

from .age import process_age

Word = Tuple[str, str, int]
"""Protocol (tcp, udp), address and port."""

OPTION = "--first-word"
_EVERY = 0.01


class Shot(NamedTuple):
    """An attempt that was begun, ``at`` seconds after the start of this process, and how the system call ended."""

    word: Word
    sock: socket.socket
    nonce: str
    number: int
    at: float


class Opening:
    """Begins attempts, again and again, until it is stopped."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self._shots: List[Shot] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        if words:
            self._say()
            self._thread.start()

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Opening:
        """Begin with what a command line says. Raises SystemExit for a word that cannot be read."""
        return cls([_word(text[len(OPTION) + 1 :]) for text in arguments if text.startswith(OPTION + "=")])

    def stop(self) -> List[Shot]:
        """Begin no more, and return what was begun; each socket is the caller's to close."""
        self._over.set()
        if self.words:
            self._thread.join()
        return self._shots

    def _go_on(self) -> None:
        while not self._over.wait(_EVERY):
            self._say()

    def _say(self) -> None:
        self._shots += [_shoot(word) for word in self.words]


def _shoot(word: Word) -> Shot:
    protocol, address, port = word
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    sock.setblocking(False)
    nonce, number, at = os.urandom(8).hex(), 0, process_age()
    if kind == socket.SOCK_STREAM:
        number = sock.connect_ex((address, port))
    else:
        try:
            sock.sendto(b'{"nonce":"%s","size":0}\n' % nonce.encode(), (address, port))
        except OSError as error:
            number = error.errno or 0
    return Shot(word, sock, nonce, number, at)


def _word(text: str) -> Word:
    try:
        protocol, address, port = text.split(",")
        if protocol not in ("tcp", "udp"):
            raise ValueError(protocol)
        return protocol, address, int(port)
    except ValueError:
        raise SystemExit(f"agent: {OPTION}={text} is not tcp,ADDRESS,PORT or udp,ADDRESS,PORT") from None
