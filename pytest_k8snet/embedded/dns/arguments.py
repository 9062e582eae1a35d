"""Arguments of directives: zones, numbers, durations, ports and addresses, and how their errors are told."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from pytest_k8snet.corefile import CorefileError, Directive

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+")


def upstream_address(target: str, line: int) -> tuple[str, int]:
    """Address and port of a server to ask; port 0 for the path of a file that names some."""
    if target.startswith("/"):
        return target, 0
    bare = target.removeprefix("dns://")
    try:
        return str(ipaddress.ip_address(bare.strip("[]"))), 53
    except ValueError:
        address, _, port = bare.rpartition(":")
    try:
        number = int(port)
        return str(ipaddress.ip_address(address.strip("[]"))), number
    except ValueError as error:
        expected = "an IP address, ADDRESS:PORT or the path of a resolv.conf"
        raise CorefileError(line, f"forward: expected {expected}, seen {target!r}") from error


def listening_port(directive: Directive, usual: int) -> int:
    """The port of ``[ADDRESS]:PORT``, or the usual one."""
    if not directive.arguments:
        return usual
    port = directive.arguments[0].rpartition(":")[2]
    if len(directive.arguments) > 1 or not port.isdigit() or not 0 < int(port) < 65536:
        raise CorefileError(directive.line, f"{directive.name}: expected [ADDRESS]:PORT, seen {as_written(directive)}")
    return int(port)


def zone_names(words: Sequence[str]) -> tuple[str, ...]:
    """Zones as they are compared: lower-case, without the dot at the end."""
    return tuple(word.lower().strip(".") for word in words)


def whole_number(directive: Directive, text: str, most: int) -> int:
    """The number that ``text`` is. Raises CorefileError."""
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise CorefileError(directive.line, f"{directive.name}: expected a number from 0 to {most}, seen {text!r}")
    return int(text)


def seconds(directive: Directive, text: str) -> float:
    """The seconds of a duration such as ``1m30s``. Raises CorefileError."""
    if not _DURATION.fullmatch(text):
        raise CorefileError(directive.line, f"{directive.name}: expected a duration such as 5s, seen {text!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", text))


def without_block(directive: Directive) -> None:
    """Refuse a block."""
    if directive.block:
        raise CorefileError(
            directive.block[0].line, f"{directive.name} has no block, seen {as_written(directive.block[0])}"
        )


def unknown_option(directive: Directive, inner: Directive, known: str) -> CorefileError:
    """The error for a line of a block that is not understood."""
    return CorefileError(inner.line, f"{directive.name}: {as_written(inner)} is not known; there are: {known}")


def as_written(directive: Directive) -> str:
    """A directive as it stands in the file, quoted."""
    return repr(" ".join((directive.name, *directive.arguments)))
