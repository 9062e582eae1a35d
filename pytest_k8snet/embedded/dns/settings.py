"""What the directives of a Corefile mean: each one is checked and becomes part of a ``Server``."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_k8snet.corefile import CorefileError, Directive, ServerBlock, parse_corefile
from pytest_k8snet.embedded.dns.arguments import (
    as_written,
    listening_port,
    seconds,
    unknown_option,
    upstream_address,
    whole_number,
    without_block,
    zone_names,
)
from pytest_k8snet.embedded.dns.rewrite_rules import Rule
from pytest_k8snet.embedded.dns.rewrite_settings import rewrite_rule

POD_MODES = ("disabled", "insecure", "verified")
MAX_TTL = 3600


@dataclass(frozen=True)
class Kubernetes:
    """``kubernetes``: the zones that are answered from the cluster; ``fallthrough`` are those of which what is not
    there is asked for further on. ``ttl`` is in seconds.
    """

    zones: tuple[str, ...]
    pods: str = "disabled"
    fallthrough: tuple[str, ...] = ()
    ttl: int = 5


@dataclass(frozen=True)
class Forward:
    """``forward``: names below ``zone`` but not below ``excluded`` go to one of ``upstreams``.

    An upstream is ``(address, port)``, or ``(path, 0)`` of a file like resolv.conf that names some.
    """

    zone: str
    upstreams: tuple[tuple[str, int], ...]
    excluded: tuple[str, ...] = ()
    force_tcp: bool = False
    policy: str = "random"
    max_concurrent: int = 0


@dataclass(frozen=True)
class Cache:
    """``cache``: the longest time in seconds that an answer, or that there is none, is remembered."""

    longest: int = 3600
    longest_negative: int = 1800
    zones: tuple[str, ...] = ("",)
    disabled: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """``success`` or ``denial``, and the zones of which such answers are not remembered."""


@dataclass(frozen=True)
class Hosts:
    """``hosts``: addresses by name. ``fallthrough`` as of ``Kubernetes``."""

    addresses: Mapping[str, tuple[str, ...]]
    fallthrough: tuple[str, ...] = ()
    ttl: int = 3600


@dataclass(frozen=True)
class Server:
    """One server block. ``health``, ``ready`` and ``prometheus`` are ports, 0 when they are not wanted.

    ``reload`` says whether changes of the Corefile are taken over; ``lameduck`` is in seconds.
    """

    zones: tuple[str, ...]
    port: int
    kubernetes: Kubernetes | None = None
    forwards: tuple[Forward, ...] = ()
    cache: Cache | None = None
    hosts: Hosts | None = None
    rewrites: tuple[Rule, ...] = ()
    errors: bool = False
    log: bool = False
    loadbalance: bool = False
    loop: bool = False
    reload: bool = False
    health: int = 0
    ready: int = 0
    prometheus: int = 0
    lameduck: float = 0.0
    seen: frozenset[str] = field(default=frozenset())


def read_corefile(text: str) -> tuple[Server, ...]:
    """Return the servers that a Corefile describes. Raises CorefileError with line and reason."""
    return tuple(_server(block) for block in parse_corefile(text))


def below(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or below it; both without the dot at the end."""
    return not zone or name == zone or name.endswith(f".{zone}")


def _server(block: ServerBlock) -> Server:
    server = Server(block.zones, block.port)
    for directive in block.directives:
        if directive.name not in _READERS:
            known = ", ".join(sorted(_READERS))
            raise CorefileError(directive.line, f"unknown directive {directive.name!r}; there are: {known}")
        if directive.name in server.seen and directive.name not in ("forward", "rewrite"):
            raise CorefileError(directive.line, f"{directive.name} may be given once only in a server block")
        changes = _READERS[directive.name](directive, server)
        server = replace(server, seen=server.seen | {directive.name}, **changes)
    return server


def _kubernetes(directive: Directive, server: Server) -> dict[str, Any]:
    options = Kubernetes(zone_names(directive.arguments) or server.zones)
    for inner in directive.block:
        match inner.name, inner.arguments:
            case "pods", (mode,) if mode in POD_MODES:
                options = replace(options, pods=mode)
            case "pods", _:
                raise CorefileError(
                    inner.line, f"pods: expected one of {', '.join(POD_MODES)}, seen {as_written(inner)}"
                )
            case "fallthrough", zones:
                options = replace(options, fallthrough=zone_names(zones) or options.zones)
            case "ttl", (text,):
                options = replace(options, ttl=whole_number(inner, text, MAX_TTL))
            case _:
                raise unknown_option(directive, inner, "pods, fallthrough, ttl")
    return {"kubernetes": options}


def _forward(directive: Directive, server: Server) -> dict[str, Any]:
    if len(directive.arguments) < 2:
        raise CorefileError(directive.line, "forward: expected 'forward FROM TO...'")
    zone, *targets = directive.arguments
    (cleaned,) = zone_names((zone,))
    forward = Forward(cleaned, tuple(upstream_address(target, directive.line) for target in targets))
    for inner in directive.block:
        match inner.name, inner.arguments:
            case "except", zones if zones:
                forward = replace(forward, excluded=zone_names(zones))
            case "force_tcp", ():
                forward = replace(forward, force_tcp=True)
            case "prefer_udp", ():
                continue  # what comes by TCP is asked by UDP first anyway
            case "policy", (policy,) if policy in ("random", "round_robin", "sequential"):
                forward = replace(forward, policy=policy)
            case "max_concurrent", (text,):
                forward = replace(forward, max_concurrent=whole_number(inner, text, 1_000_000))
            case ("max_fails" | "max_idle_conns", (text,)):
                whole_number(inner, text, 1_000_000)  # there are no health checks and no connections that are kept
            case ("expire" | "health_check", (text, *_)):
                seconds(inner, text)
            case _:
                raise unknown_option(directive, inner, "except, force_tcp, prefer_udp, policy, max_concurrent")
    return {"forwards": (*server.forwards, forward)}


def _cache(directive: Directive, server: Server) -> dict[str, Any]:
    arguments = list(directive.arguments)
    cache = Cache()
    if arguments and arguments[0].isdigit():
        longest = whole_number(directive, arguments.pop(0), 86400)
        cache = Cache(longest, min(longest, cache.longest_negative))
    cache = replace(cache, zones=zone_names(arguments) or server.zones)
    for inner in directive.block:
        match inner.name, inner.arguments:
            case "success", (_, ttl, *_):
                cache = replace(cache, longest=whole_number(inner, ttl, 86400))
            case "denial", (_, ttl, *_):
                cache = replace(cache, longest_negative=whole_number(inner, ttl, 86400))
            case "disable", ("success" | "denial" as kind, *zones):
                cache = replace(cache, disabled=(*cache.disabled, (kind, zone_names(zones) or server.zones)))
            case ("success" | "denial", (text,)):
                whole_number(inner, text, 10_000_000)
            case _:
                raise unknown_option(directive, inner, "success, denial, disable")
    return {"cache": cache}


def _hosts(directive: Directive, server: Server) -> dict[str, Any]:
    if directive.arguments:
        raise CorefileError(directive.line, "hosts: files are not read here; write 'ADDRESS NAME...' into its block")
    addresses: dict[str, tuple[str, ...]] = {}
    fallthrough: tuple[str, ...] = ()
    ttl = Hosts.ttl
    for inner in directive.block:
        if inner.name == "fallthrough":
            fallthrough = zone_names(inner.arguments) or server.zones
        elif inner.name == "ttl" and len(inner.arguments) == 1:
            ttl = whole_number(inner, inner.arguments[0], 65535)
        else:
            address = _host_address(inner)
            for name in zone_names(inner.arguments):
                addresses[name] = (*addresses.get(name, ()), address)
    return {"hosts": Hosts(addresses, fallthrough, ttl)}


def _host_address(line: Directive) -> str:
    try:
        if line.arguments:
            return str(ipaddress.ip_address(line.name))
    except ValueError:
        pass
    raise CorefileError(line.line, f"hosts: expected 'ADDRESS NAME...', fallthrough or ttl, seen {as_written(line)}")


def _health(directive: Directive, server: Server) -> dict[str, Any]:
    lameduck = 0.0
    for inner in directive.block:
        if inner.name != "lameduck" or len(inner.arguments) != 1:
            raise unknown_option(directive, inner, "lameduck DURATION")
        lameduck = seconds(inner, inner.arguments[0])
    return {"health": listening_port(directive, 8080), "lameduck": lameduck}


def _reload(directive: Directive, server: Server) -> dict[str, Any]:
    without_block(directive)
    for text in directive.arguments:
        if text != "off":
            seconds(directive, text)
    return {"reload": "off" not in directive.arguments}


def _log(directive: Directive, server: Server) -> dict[str, Any]:
    return {"log": True}


def _rewrite(directive: Directive, server: Server) -> dict[str, Any]:
    return {"rewrites": (*server.rewrites, rewrite_rule(directive))}


def _flag(name: str) -> Callable[[Directive, Server], dict[str, Any]]:
    def read(directive: Directive, server: Server) -> dict[str, Any]:
        without_block(directive)
        if directive.arguments and directive.arguments != ("round_robin",):
            raise CorefileError(directive.line, f"{name}: {as_written(directive)} is not known")
        return {name: True}

    return read


def _listening(name: str, usual: int) -> Callable[[Directive, Server], dict[str, Any]]:
    def read(directive: Directive, server: Server) -> dict[str, Any]:
        without_block(directive)
        return {name: listening_port(directive, usual)}

    return read


_READERS: dict[str, Callable[[Directive, Server], dict[str, Any]]] = {
    "cache": _cache,
    "errors": _flag("errors"),
    "forward": _forward,
    "health": _health,
    "hosts": _hosts,
    "kubernetes": _kubernetes,
    "loadbalance": _flag("loadbalance"),
    "log": _log,
    "loop": _flag("loop"),
    "prometheus": _listening("prometheus", 9153),
    "ready": _listening("ready", 8181),
    "reload": _reload,
    "rewrite": _rewrite,
}
