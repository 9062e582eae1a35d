"""A named port has the number that the first of the pods declares, also for those that declare another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.injection import Fault
from pytest_k8snet.embedded.policy.altered import replaced, with_rules
from pytest_k8snet.embedded.policy.matches import reached
from pytest_k8snet.embedded.policy.rewritten import RewrittenWorld
from pytest_k8snet.embedded.policy.world import PEERS, Census, Pod, World


def fault() -> Fault:
    """Return the fault."""
    breaks = "named ports whose number differs from pod to pod"
    return RewrittenWorld("policy-named-port-of-first-pod", breaks, lambda cluster: _rewritten)


def _rewritten(world: World) -> World:
    census = Census(world)
    return replace(world, policies=tuple(_numbered(policy, census) for policy in world.policies))


def _numbered(policy: Obj, census: Census) -> Obj:
    def change(direction: str, rule: Obj) -> Obj:
        pods = census.selected(policy) if direction == "Ingress" else _targets(policy, rule, census)
        return replaced(rule, "ports", lambda port: [_with_number(port, pods)])

    return with_rules(policy, change)


def _targets(policy: Obj, rule: Obj, census: Census) -> list[Pod]:
    peers = rule.get(PEERS["Egress"]) or (None,)
    return [pod for peer in peers for pod, addresses in reached(census, policy, peer) if addresses]


def _with_number(port: Obj, pods: Iterable[Pod]) -> Obj:
    wanted = port.get("port"), (port.get("protocol") or "TCP").lower()
    declared = (one.number for pod in pods for one in pod.ports if (one.name, one.protocol) == wanted)
    return {**port, "port": next(declared, port.get("port"))}
