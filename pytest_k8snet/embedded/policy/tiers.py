"""What the cluster-wide policies of policy.networking.k8s.io say, in the terms of NetworkPolicy. Pure.

Their peers and ports become those of a NetworkPolicy, so that the same conditions come of them. What they do not have
in common is left: an order, and a verdict for each rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_k8snet.embedded.api.objects import Obj, name_of
from pytest_k8snet.embedded.api.selectors import selector_matches
from pytest_k8snet.embedded.policy.matches import EVERY_PORT, Ports
from pytest_k8snet.embedded.policy.world import PEERS, Census, Machine, Pod

ADMIN, BASELINE = "Admin", "Baseline"
ACCEPT, DENY, PASS = "Accept", "Deny", "Pass"
PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass(frozen=True)
class TierRule:
    """A rule of a cluster-wide policy: its action, its peers as those of a NetworkPolicy, and its ports."""

    action: str
    peers: tuple[Obj, ...]
    ports: Ports


class Tiers:
    """The cluster-wide policies of a world, by tier and by the pods that they are about, in the order of precedence."""

    def __init__(self, policies: Iterable[Obj], machines: Sequence[Machine], census: Census) -> None:
        self._machines = machines
        self._about: dict[tuple[str, str], dict[Pod, list[Obj]]] = {}
        for policy in sorted(policies, key=_precedence):
            (subject,) = _as_peers(policy["spec"]["subject"], ())
            for direction in PEERS:
                if policy["spec"].get(direction.lower()):
                    about = self._about.setdefault((tier_of(policy), direction), {})
                    for pod in census.peers(policy, subject):
                        about.setdefault(pod, []).append(policy)

    def about(self, pod: Pod, tier: str, direction: str) -> Sequence[Obj]:
        """Return the policies of a tier that are about a pod and have rules for a direction, highest precedence first.

        Of equal priorities the first by name has it: the API leaves open which.
        """
        return self._about.get((tier, direction), {}).get(pod, ())

    def rules(self, policy: Obj, direction: str) -> Iterator[TierRule]:
        """Yield the rules of a policy in their order."""
        for rule in policy["spec"].get(direction.lower()) or ():
            action = ACCEPT if rule["action"] == "Allow" else rule["action"]
            peers = tuple(made for peer in rule[PEERS[direction]] for made in _as_peers(peer, self._machines))
            yield TierRule(action, peers, _ports(rule))


def tier_of(policy: Obj) -> str:
    """Return the tier of a policy of any of the three kinds."""
    by_kind = {"AdminNetworkPolicy": ADMIN, "BaselineAdminNetworkPolicy": BASELINE}
    return by_kind.get(policy["kind"]) or str(policy["spec"]["tier"])


def _precedence(policy: Obj) -> tuple[int, str]:
    return policy["spec"].get("priority", 0), name_of(policy)


def _as_peers(peer: Obj, machines: Sequence[Machine]) -> Iterator[Obj]:
    """Yield the peers of a NetworkPolicy that mean the same."""
    if peer.get("namespaces") is not None:
        yield {"namespaceSelector": peer["namespaces"]}
    elif peer.get("pods") is not None:
        pods = peer["pods"]
        yield {"namespaceSelector": pods.get("namespaceSelector") or {}, "podSelector": pods.get("podSelector") or {}}
    elif peer.get("nodes") is not None:
        chosen = (machine for machine in machines if selector_matches(peer["nodes"], machine.labels))
        yield from ({"ipBlock": {"cidr": _alone(address)}} for machine in chosen for address in machine.addresses)
    else:
        yield from ({"ipBlock": {"cidr": cidr}} for cidr in peer["networks"])


def _alone(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _ports(rule: Obj) -> Ports:
    """Return what the ``ports`` (v1alpha1) or ``protocols`` (v1alpha2) of a rule mean; a name is of any protocol."""
    protocols: dict[str, list[range]] = {}
    names: set[tuple[str, str]] = set()
    for port in rule.get("ports") or rule.get("protocols") or ():
        if name := port.get("namedPort") or port.get("destinationNamedPort"):
            names |= {(protocol, name) for protocol in PROTOCOLS}
        for protocol, numbers in _numbers(port):
            protocols.setdefault(protocol, []).append(numbers)
    return Ports(protocols, frozenset(names))


def _numbers(port: Obj) -> Iterator[tuple[str, range]]:
    for key in ("portNumber", "portRange"):
        if (old := port.get(key)) is not None:
            yield (old.get("protocol") or "TCP").lower(), _range(old)
    for protocol in PROTOCOLS:
        if (new := port.get(protocol)) is not None:
            wanted = new.get("destinationPort")
            yield protocol, _range(wanted.get("range") or wanted) if wanted else EVERY_PORT


def _range(port: Mapping[str, int]) -> range:
    first = port.get("start") or port.get("port") or port["number"]
    return range(first, port.get("end", first) + 1)
