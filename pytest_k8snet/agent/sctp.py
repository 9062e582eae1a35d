"""SCTP packets (RFC 9260), as much of them as an association's first two messages need.

For nodes whose kernel has no SCTP: INIT and INIT ACK show that packets pass both ways, and how the network treats them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

PROTOCOL = 132
INIT, INIT_ACK, ABORT = 1, 2, 6

_COOKIE, _PADDING = 7, 0x8005  # parameters: state cookie; padding (RFC 4820), which others than an agent skip
_HEADER = struct.Struct("!HHII")
_CHUNK = struct.Struct("!BBH")
_INIT = struct.Struct("!IIHHI")
_PARAMETER = struct.Struct("!HH")
_WINDOW, _STREAMS = 65536, 1


def _crc32c_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc32c_table()


class Packet(NamedTuple):
    """A packet's header and the first chunk. ``text`` is what an agent put into an INIT or INIT ACK, else b""."""

    source_port: int
    port: int
    tag: int
    chunk: int
    initiate_tag: int = 0
    text: bytes = b""


def encode(packet: Packet) -> bytes:
    """Return a packet's bytes, its checksum included."""
    body = b""
    if packet.chunk in (INIT, INIT_ACK):
        # The initial TSN may be any number; the tag is random already.
        body = _INIT.pack(packet.initiate_tag, _WINDOW, _STREAMS, _STREAMS, packet.initiate_tag)
        kind = _PADDING if packet.chunk == INIT else _COOKIE
        body += _PARAMETER.pack(kind, _PARAMETER.size + len(packet.text)) + packet.text
    length = _CHUNK.size + len(body)
    padded = _CHUNK.pack(packet.chunk, 0, length) + body + b"\0" * (-length % 4)
    head = _HEADER.pack(packet.source_port, packet.port, packet.tag, 0)
    return head[:8] + struct.pack("<I", crc32c(head + padded)) + padded


def decode(data: bytes) -> Packet | None:
    """Read a packet, None when it is none.

    The checksum is left alone: on a virtual link it may not have been filled in yet, which only the kernel knows.
    """
    try:
        source_port, port, tag, _ = _HEADER.unpack_from(data)
        chunk, _, length = _CHUNK.unpack_from(data, _HEADER.size)
        if chunk not in (INIT, INIT_ACK):
            return Packet(source_port, port, tag, chunk)
        start = _HEADER.size + _CHUNK.size
        initiate_tag = _INIT.unpack_from(data, start)[0]
        parameters = data[start + _INIT.size : _HEADER.size + length]
        return Packet(source_port, port, tag, chunk, initiate_tag, _text(parameters))
    except struct.error:
        return None


def _text(parameters: bytes) -> bytes:
    while len(parameters) >= _PARAMETER.size:
        kind, length = _PARAMETER.unpack_from(parameters)
        if kind in (_COOKIE, _PADDING):
            return parameters[_PARAMETER.size : length]
        parameters = parameters[max(_PARAMETER.size, (length + 3) & ~3) :]
    return b""


def crc32c(data: bytes) -> int:
    """Return the checksum of SCTP (RFC 9260, appendix A)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
