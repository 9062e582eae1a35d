"""Which EndpointSlices a Service with a selector has, as Kubernetes' own controller makes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, labels_of, lookup, name_of, namespace_of

MANAGER = "endpointslice-controller.k8s.io"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"
ENDPOINTS_PER_SLICE = 100
ENDED = ("Succeeded", "Failed")
SAME_ZONE, SAME_NODE = ("PreferClose", "PreferSameZone"), "PreferSameNode"
NO_ZONES: Mapping[str, str] = MappingProxyType({})

Port: TypeAlias = tuple[str, int, str, str]
"""Name, number, protocol and application protocol."""

Group: TypeAlias = tuple[str, tuple[Port, ...]]
"""What all endpoints of a slice have in common: address family and ports."""


@dataclass(frozen=True)
class Plan:
    """What to do with the slices of a Service."""

    create: tuple[Obj, ...] = ()
    replace: tuple[Obj, ...] = ()
    remove: tuple[Obj, ...] = ()


def has_slices(service: Obj) -> bool:
    """Whether the slices of a Service are made here: without a selector they are its owner's business."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def is_managed(endpoints: Obj) -> bool:
    """Whether a slice is of this controller's making."""
    return labels_of(endpoints).get(MANAGED_BY) == MANAGER


def selects(service: Obj, labels: Mapping[str, str]) -> bool:
    """Whether the selector of a Service selects a pod with these labels."""
    selector = service["spec"].get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def plan(service: Obj, pods: Iterable[Obj], present: Iterable[Obj], zones: Mapping[str, str] = NO_ZONES) -> Plan:
    """Compare what the pods that ``service`` selects ask for with the managed slices that are ``present``.

    ``zones`` are those of the nodes that have one, by the nodes' names.

    An endpoint stays in its slice, and pods whose named ports differ are in different slices.
    """
    groups = _groups(service, pods, zones)
    slices: dict[Group, list[Obj]] = {}
    for current in present:
        slices.setdefault(_group_of(current), []).append(current)
    create, replace = [], []
    remove = [current for group, listed in slices.items() if group not in groups for current in listed]
    for group, wanted in groups.items():
        old = slices.get(group, [])
        kept = _kept(old, wanted)
        for number, (current, endpoints) in enumerate(zip(old, kept, strict=True)):
            if not endpoints and (number > 0 or any(kept)):
                remove.append(current)
            elif (updated := _updated(current, service, endpoints)) != current:
                replace.append(updated)
        while wanted or not old:
            create.append(_new_slice(service, group, _take(wanted, ENDPOINTS_PER_SLICE)))
            if not wanted:
                break
    return Plan(tuple(create), tuple(replace), tuple(remove))


def _groups(service: Obj, pods: Iterable[Obj], zones: Mapping[str, str]) -> dict[Group, dict[str, Obj]]:
    """Endpoints by their pod's uid, in groups of one address family and the same ports."""
    groups: dict[Group, dict[str, Obj]] = {}
    for pod in pods:
        if lookup(pod, "status", "phase") in ENDED:
            continue
        ports = tuple(_ports(service, pod))
        for family in service["spec"].get("ipFamilies") or ():
            if address := _address(pod, family):
                group = groups.setdefault((family, ports), {})
                group[pod["metadata"]["uid"]] = _endpoint(service, pod, address, zones)
    for family in service["spec"].get("ipFamilies") or ():
        if not any(group[0] == family for group in groups):
            groups[family, ()] = {}
    return groups


def _kept(slices: Sequence[Obj], wanted: dict[str, Obj]) -> list[list[Obj]]:
    """Take from ``wanted`` what each slice has already, and then as much as it has room for."""
    kept = [[wanted.pop(uid) for uid in _uids(current) if uid in wanted] for current in slices]
    for endpoints in kept:
        endpoints += _take(wanted, ENDPOINTS_PER_SLICE - len(endpoints))
    return kept


def _take(wanted: dict[str, Obj], count: int) -> list[Obj]:
    return [wanted.pop(uid) for uid in list(wanted)[:count]]


def _ports(service: Obj, pod: Obj) -> Iterator[Port]:
    """The ports of a Service as this pod serves them; a named port that it does not declare is left out."""
    for port in service["spec"].get("ports") or ():
        protocol, target = port.get("protocol") or "TCP", port.get("targetPort") or port["port"]
        number = _number(pod, target, protocol) if isinstance(target, str) else target
        if number is not None:
            yield port.get("name") or "", number, protocol, port.get("appProtocol") or ""


def _number(pod: Obj, name: str, protocol: str) -> int | None:
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == name and (port.get("protocol") or "TCP") == protocol:
                return int(port["containerPort"])
    return None


def _address(pod: Obj, family: str) -> str:
    addresses = (entry["ip"] for entry in lookup(pod, "status", "podIPs") or ())
    return next((address for address in addresses if (":" in address) == (family == "IPv6")), "")


def _endpoint(service: Obj, pod: Obj, address: str, zones: Mapping[str, str]) -> Obj:
    serving = is_ready(pod)
    told_early = bool(service["spec"].get("publishNotReadyAddresses"))
    ready = told_early or (serving and not is_terminating(pod))
    endpoint: Obj = {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": is_terminating(pod)},
        "nodeName": pod["spec"].get("nodeName") or "",
        "targetRef": {
            "kind": "Pod",
            "name": name_of(pod),
            "namespace": namespace_of(pod),
            "uid": pod["metadata"]["uid"],
        },
    }
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == name_of(service):
        endpoint["hostname"] = pod["spec"]["hostname"]
    if zone := zones.get(endpoint["nodeName"]):
        endpoint["zone"] = zone
    if ready and (hints := _hints(service["spec"].get("trafficDistribution"), endpoint)):
        endpoint["hints"] = hints
    return endpoint


def _hints(distribution: str | None, endpoint: Obj) -> Obj:
    """Whose traffic an endpoint should be given; nothing for Services that do not ask for it."""
    node = [{"name": endpoint["nodeName"]}] if endpoint["nodeName"] and distribution == SAME_NODE else []
    zone = [{"name": endpoint["zone"]}] if "zone" in endpoint and distribution in (*SAME_ZONE, SAME_NODE) else []
    return {field: named for field, named in (("forNodes", node), ("forZones", zone)) if named}


def is_ready(pod: Obj) -> bool:
    """Whether the condition Ready of a pod is True."""
    conditions = lookup(pod, "status", "conditions") or ()
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


def _new_slice(service: Obj, group: Group, endpoints: list[Obj]) -> Obj:
    family, ports = group
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": name_of(service),
        "uid": service["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "metadata": {
            "generateName": f"{name_of(service)}-",
            "namespace": namespace_of(service),
            "labels": _labels(service),
            "ownerReferences": [owner],
        },
        "addressType": family,
        "endpoints": endpoints,
        "ports": [
            {"name": name, "port": number, "protocol": protocol} | ({"appProtocol": spoken} if spoken else {})
            for name, number, protocol, spoken in ports
        ],
    }


def _updated(current: Obj, service: Obj, endpoints: list[Obj]) -> Obj:
    return {**current, "endpoints": endpoints, "metadata": {**current["metadata"], "labels": _labels(service)}}


def _labels(service: Obj) -> dict[str, str]:
    headless = {HEADLESS: ""} if service["spec"].get("clusterIP") == "None" else {}
    return {**labels_of(service), SERVICE_NAME: name_of(service), MANAGED_BY: MANAGER, **headless}


def _group_of(endpoints: Obj) -> Group:
    ports = tuple(
        (port.get("name") or "", port.get("port"), port.get("protocol") or "TCP", port.get("appProtocol") or "")
        for port in endpoints.get("ports") or ()
    )
    return endpoints["addressType"], ports


def _uids(endpoints: Obj) -> list[str]:
    return [str(lookup(endpoint, "targetRef", "uid")) for endpoint in endpoints.get("endpoints") or ()]
