"""What the cluster's own Corefile says of the cluster domain: https://coredns.io/manual/configuration/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.corefile import CorefileError, Directive, ServerBlock, parse_corefile
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.errors import ApiError, NoVerdict

CONFIG_MAP, KEY = "coredns", "Corefile"
HEALTH_PORT, READY_PORT, METRICS_PORT = 8080, 8181, 9153
TTL, LONGEST_TTL, LONGEST_DENIAL = 5, 3600, 1800
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class NoCorefile(Exception):
    """The name servers of the cluster are not configured by a Corefile; the message says what was found."""


@dataclass(frozen=True)
class Configuration:
    """The server block for the cluster domain. ``text`` is the whole Corefile."""

    text: str
    block: ServerBlock
    domain: str

    def directive(self, name: str) -> Directive | None:
        """Return the first directive of a name, None when there is none."""
        return next((one for one in self.block.directives if one.name == name), None)

    @property
    def pods(self) -> str:
        """The mode of the records of pods: disabled, insecure or verified."""
        return self._option("kubernetes", "pods", "disabled")

    @property
    def ttl(self) -> int:
        """The time to live of records of the cluster, in seconds."""
        return int(self._option("kubernetes", "ttl", str(TTL)))

    @property
    def fallthrough(self) -> tuple[str, ...] | None:
        """The zones of which what the cluster does not know is asked elsewhere, all when empty; None: no zone."""
        found = self._in_block("kubernetes", "fallthrough")
        return None if found is None else tuple(zone.rstrip(".") for zone in found.arguments)

    @property
    def lameduck(self) -> float:
        """For how many seconds a server that is ended goes on answering."""
        return seconds(self._option("health", "lameduck", "0s"))

    @property
    def upstreams(self) -> tuple[str, ...]:
        """To whom names outside the cluster are forwarded: addresses, or files such as /etc/resolv.conf."""
        found = self.directive("forward")
        return found.arguments[1:] if found else ()

    def port(self, name: str, usual: int) -> int | None:
        """Return the port of health, ready or prometheus; None when the directive is not there."""
        if (found := self.directive(name)) is None:
            return None
        return int(found.arguments[0].rpartition(":")[2]) if found.arguments else usual

    @property
    def remembered(self) -> int:
        """For how many seconds an answer of the cluster domain may be out of date, because it is cached."""
        return self.remembered_of(self.domain)

    @property
    def remembered_reverse(self) -> int:
        """The same for the names of addresses."""
        return max(self.remembered_of("in-addr.arpa"), self.remembered_of("ip6.arpa"))

    def remembered_of(self, zone: str) -> int:
        """Return for how many seconds an answer of a zone may be out of date, because it is cached."""
        cache = self.directive("cache")
        if cache is None:
            return 0
        kinds = {"success", "denial"} - {
            inner.arguments[0]
            for inner in cache.block
            if inner.name == "disable" and _covers(inner.arguments[1:], zone)
        }
        longest = int(cache.arguments[0]) if cache.arguments and cache.arguments[0].isdigit() else LONGEST_TTL
        return min(longest, self.ttl) if kinds else 0

    def _in_block(self, directive: str, option: str) -> Directive | None:
        found = self.directive(directive)
        return next((inner for inner in found.block if inner.name == option), None) if found else None

    def _option(self, directive: str, option: str, otherwise: str) -> str:
        found = self._in_block(directive, option)
        return found.arguments[0] if found and found.arguments else otherwise


def find_configuration(cluster: Cluster, servers: NameServers) -> Configuration:
    """Return what the Corefile of the cluster's name servers says of the cluster domain.

    Raises NoCorefile when there is none, NoVerdict when it cannot be read.
    """
    try:
        found = cluster.api.get("v1", "ConfigMap", CONFIG_MAP, servers.namespace)
    except ApiError as error:
        if error.status not in (403, 404):
            raise
        what = "may not be read" if error.status == 403 else "is not there"
        raise NoCorefile(f"the ConfigMap {servers.namespace}/{CONFIG_MAP} {what}: another name server?") from error
    text = (found.get("data") or {}).get(KEY)
    if text is None:
        keys = ", ".join(found.get("data") or ()) or "nothing"
        raise NoCorefile(f"the ConfigMap {servers.namespace}/{CONFIG_MAP} has no {KEY}, but {keys}")
    return configuration(text, servers.domain)


def configuration(text: str, domain: str) -> Configuration:
    """Return what a Corefile says of a domain. Raises NoCorefile, NoVerdict as ``find_configuration``."""
    try:
        blocks = parse_corefile(text)
    except CorefileError as error:
        raise NoVerdict(f"the Corefile of the cluster cannot be read: {error}") from error
    serving = sorted(_serving(blocks, domain), key=lambda found: len(found[0]))
    if not serving:
        raise NoCorefile(f"no server block of the Corefile has the directive kubernetes for {domain}")
    return Configuration(text, serving[-1][1], domain)


def _serving(blocks: tuple[ServerBlock, ...], domain: str) -> Iterator[tuple[str, ServerBlock]]:
    for block in blocks:
        for directive in block.directives:
            if directive.name == "kubernetes":
                zones = directive.arguments or block.zones
                yield from ((zone, block) for zone in block.zones if any(below(domain, z) for z in zones))


def _covers(zones: tuple[str, ...], name: str) -> bool:
    return not zones or any(below(name, zone) for zone in zones)


def below(name: str, zone: str) -> bool:
    """Whether a name is a zone or below it."""
    zone = zone.strip(".").lower()
    return not zone or name == zone or name.endswith(f".{zone}")


def seconds(text: str) -> float:
    """Return a duration in the notation of Go. Raises NoVerdict for what is none."""
    if (found := _DURATION.fullmatch(text)) is None:
        raise NoVerdict(f"the Corefile has {text!r} where a duration such as 5s is expected")
    return float(found[1]) * _UNITS[found[2]]
