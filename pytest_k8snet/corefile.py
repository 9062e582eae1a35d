"""The grammar of a Corefile: server blocks with directives, which have arguments and may have a block of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DNS_PORT = 53

_TOKEN = re.compile(r'"((?:[^"\\\n]|\\.)*)"|(#[^\n]*)|([^\s"#][^\s]*)|(")')


class CorefileError(ValueError):
    """A Corefile that cannot be used. ``line`` counts from 1; the text says the line and the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Corefile:{line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class Directive:
    """One directive as it is written: its name, its arguments, and the lines of its block."""

    name: str
    arguments: tuple[str, ...]
    block: tuple[Directive, ...]
    line: int


@dataclass(frozen=True)
class ServerBlock:
    """The directives for some zones. A zone is lower-case without the dot at its end, the root is empty."""

    zones: tuple[str, ...]
    port: int
    directives: tuple[Directive, ...]
    line: int


@dataclass(frozen=True)
class _Line:
    number: int
    words: tuple[str, ...]


def parse_corefile(text: str) -> tuple[ServerBlock, ...]:
    """Return the server blocks of a Corefile. Raises CorefileError for what is not the grammar."""
    lines = _Lines(tuple(_split(text)))
    blocks = []
    while (line := lines.next()) is not None:
        if line.words[-1] != "{":
            raise CorefileError(line.number, f"expected 'ZONE ... {{', seen {' '.join(line.words)!r}")
        keys = [key for word in line.words[:-1] for key in word.split(",") if key]
        if not keys:
            raise CorefileError(line.number, "a server block needs at least one zone before its '{'")
        zones, port = _addresses(keys, line.number)
        blocks.append(ServerBlock(zones, port, lines.block(line.number), line.number))
    if not blocks:
        raise CorefileError(1, "there is no server block")
    _refuse_doubles(blocks)
    return tuple(blocks)


class _Lines:
    """Reads lines one after the other, and blocks of them."""

    def __init__(self, lines: tuple[_Line, ...]) -> None:
        self._lines = iter(lines)

    def next(self) -> _Line | None:
        return next(self._lines, None)

    def block(self, opened: int) -> tuple[Directive, ...]:
        """Read up to the brace that closes a block which was opened in line ``opened``."""
        found: list[Directive] = []
        while (line := self.next()) is not None:
            if line.words == ("}",):
                return tuple(found)
            if "}" in line.words:
                raise CorefileError(line.number, "a '}' must stand on a line of its own")
            if line.words[0] == "{" or "{" in line.words[:-1]:
                raise CorefileError(line.number, "a '{' must stand at the end of a line, after a name")
            inner = self.block(line.number) if line.words[-1] == "{" else ()
            words = line.words[:-1] if line.words[-1] == "{" else line.words
            found.append(Directive(words[0], words[1:], inner, line.number))
        raise CorefileError(opened, "the block that begins here is not closed: expected '}', seen the end of the file")


def _split(text: str) -> Iterator[_Line]:
    for number, content in enumerate(text.splitlines(), 1):
        words = []
        for quoted, comment, word, stray in _TOKEN.findall(content):
            if stray:
                raise CorefileError(number, "a quotation mark is not closed")
            if comment:
                break
            words.append(word or quoted.replace('\\"', '"'))
        if words:
            yield _Line(number, tuple(words))


def _addresses(keys: list[str], line: int) -> tuple[tuple[str, ...], int]:
    zones, ports = [], set()
    for key in keys:
        scheme, separator, rest = key.rpartition("://")
        if separator and scheme != "dns":
            raise CorefileError(line, f"{key!r}: only dns:// is served, not {scheme}://")
        zone, colon, port = rest.rpartition(":")
        if not colon:
            zone, port = rest, str(DNS_PORT)
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise CorefileError(line, f"{key!r}: expected a port from 1 to 65535, seen {port!r}")
        zones.append(zone.lower().strip("."))
        ports.add(int(port))
    if len(ports) > 1:
        raise CorefileError(line, f"the zones of one block have different ports: {', '.join(map(str, sorted(ports)))}")
    return tuple(zones), ports.pop()


def _refuse_doubles(blocks: list[ServerBlock]) -> None:
    seen: dict[tuple[str, int], int] = {}
    for block in blocks:
        for zone in block.zones:
            first = seen.setdefault((zone, block.port), block.line)
            if first != block.line:
                raise CorefileError(
                    block.line, f"zone '{zone}.' on port {block.port} is served by line {first} already"
                )
