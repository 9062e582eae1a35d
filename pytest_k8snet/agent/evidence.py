"""From errno and ICMP to an outcome: the one place that says what a piece of evidence means.

ICMP types and codes: RFC 792, RFC 1812 section 5.2.7.1, RFC 4443. How Linux turns them into errnos: ``icmp(7)``,
``icmpv6_err_convert`` in net/ipv6/icmp.c.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import Any, NamedTuple

CONNECTED = "connected"
REFUSED = "refused"
TIMEOUT = "timeout"
UNREACHABLE = "unreachable"
RESET = "reset"
DNS_FAILURE = "dns_failure"
PROBE_ERROR = "probe_error"

IP_RECVERR = 11
IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000
_ORIGIN_LOCAL, _ORIGIN_ICMP, _ORIGIN_ICMP6 = 1, 2, 3
_EXTENDED_ERROR = struct.Struct("=IBBBxII")

_REFUSED = {errno.ECONNREFUSED, errno.ENOPROTOOPT}
_RESET = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.ENONET}
# A local filter (nftables OUTPUT, eBPF at the socket) or a prohibit route; an ICMPv6 "administratively prohibited".
_FILTERED = {errno.EPERM, errno.EACCES}

_ICMP4 = {
    (3, 0): "network unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "fragmentation needed",
    (3, 9): "network prohibited",
    (3, 10): "host prohibited",
    (3, 13): "administratively prohibited",
    (11, 0): "TTL exceeded",
}
_ICMP6 = {
    (1, 0): "no route",
    (1, 1): "administratively prohibited",
    (1, 3): "address unreachable",
    (1, 4): "port unreachable",
    (1, 5): "source address failed policy",
    (1, 6): "reject route",
    (2, 0): "packet too big",
    (3, 0): "hop limit exceeded",
    (4, 1): "next header not recognized",
}
# Said by the target host itself: it is there, and nothing listens.
_ICMP4_REFUSED = {(3, 2), (3, 3)}
_ICMP6_REFUSED = {(1, 4), (4, 1)}


class Finding(NamedTuple):
    """How one attempt ended, and the evidence for it. The fields are those of an observation without its times."""

    outcome: str
    detail: str = ""
    server: dict[str, Any] | None = None
    replied_from: str = ""
    path_mtu: int = 0
    handshake: bool = False
    data: str = ""


class QueuedError(NamedTuple):
    """One entry of a socket's error queue (``struct sock_extended_err``)."""

    errno: int
    origin: int
    type: int
    code: int
    info: int  # the MTU, when the message was too long
    reporter: str  # who sent the ICMP message, "" for the own kernel
    payload: bytes  # what is left of the packet that caused it, after its IP (and UDP) header
    address: Any  # where that packet went


def want_errors(sock: socket.socket) -> None:
    """Make a socket queue ICMP errors with their type and code."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def queued_error(sock: socket.socket) -> QueuedError | None:
    """Take the oldest entry from a socket's error queue, None when it is empty."""
    try:
        payload, ancillary, _, address = sock.recvmsg(65535, 512, MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            code, origin, icmp_type, icmp_code, info, _ = _EXTENDED_ERROR.unpack_from(data)
            reporter = _offender(data[_EXTENDED_ERROR.size :]) if origin != _ORIGIN_LOCAL else ""
            return QueuedError(code, origin, icmp_type, icmp_code, info, reporter, payload, address)
    return None


def _offender(sockaddr: bytes) -> str:
    (family,) = struct.unpack_from("=H", sockaddr)
    if family == socket.AF_INET:
        return socket.inet_ntop(family, sockaddr[4:8])
    if family == socket.AF_INET6:
        return socket.inet_ntop(family, sockaddr[8:24])
    return ""


def judge_queued(error: QueuedError) -> Finding:
    """Say what an entry of the error queue means."""
    if error.origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6):
        return judge_errno(error.errno, path_mtu=error.info)
    names, refused, label = (_ICMP4, _ICMP4_REFUSED, "ICMP")
    if error.origin == _ORIGIN_ICMP6:
        names, refused, label = (_ICMP6, _ICMP6_REFUSED, "ICMPv6")
    kind = (error.type, error.code)
    detail = f"{label} {names.get(kind, 'error')} ({error.type}/{error.code}) from {error.reporter or 'unknown'}"
    if error.errno == errno.EMSGSIZE:
        return Finding(UNREACHABLE, f"message too long: {detail}, MTU {error.info}", None, error.reporter, error.info)
    return Finding(REFUSED if kind in refused else UNREACHABLE, detail)


def judge_errno(number: int, *, path_mtu: int = 0) -> Finding:
    """Say what an errno of connect, send or receive means."""
    detail = describe(number)
    if number == errno.EMSGSIZE:
        return Finding(UNREACHABLE, f"message too long: {detail}, MTU {path_mtu or 'unknown'}", path_mtu=path_mtu)
    if number in _REFUSED:
        return Finding(REFUSED, detail)
    if number in _RESET:
        return Finding(RESET, detail)
    if number == errno.ETIMEDOUT:
        return Finding(TIMEOUT, detail)
    if number in _UNREACHABLE:
        return Finding(UNREACHABLE, detail)
    if number in _FILTERED:
        return Finding(UNREACHABLE, f"{detail} (dropped by a filter on the way out, or prohibited)")
    return Finding(PROBE_ERROR, detail)


def judge_send(sock: socket.socket, number: int, address: str) -> Finding:
    """Say what it means that nothing could be sent to an address at all."""
    if number == errno.EINVAL and _is_blackhole(sock.family, address):
        return Finding(UNREACHABLE, f"{describe(number)} (a blackhole route)")
    error = queued_error(sock)
    return judge_errno(number, path_mtu=error.info if error is not None else 0)


def _is_blackhole(family: int, address: str) -> bool:
    """Whether a mere look at the routing table gives EINVAL: only then it is the network's and not this program's."""
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        return sock.connect_ex((address, 9)) == errno.EINVAL


def judge(sock: socket.socket, number: int) -> Finding:
    """Say what a failed socket call means, by the error queue where it knows more than the errno."""
    error = queued_error(sock)
    return judge_errno(number) if error is None else judge_queued(error)


def own_fault(error: OSError) -> Finding:
    """Report that the probe could not be made: says nothing about the network."""
    return Finding(PROBE_ERROR, describe(error.errno or 0) if error.errno else str(error))


def describe(number: int) -> str:
    """Return an errno's name and text."""
    return f"{errno.errorcode.get(number, number)}: {os.strerror(number)}"
