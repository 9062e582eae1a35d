"""What Services, EndpointSlices and NetworkPolicies must be to be stored."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import msgspec

from pytest_k8snet.embedded.api.checks import (
    check_cidr,
    check_ip,
    check_label_map,
    check_name,
    check_port,
    check_port_or_name,
    check_routable,
    check_selector,
    check_unchanged,
    check_unique,
    forbidden,
    invalid,
    parse_cidr,
    parse_ip,
    required,
    unsupported,
)
from pytest_k8snet.embedded.api.objects import Obj, lookup
from pytest_k8snet.embedded.api.status import Cause


def validate_service(service: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a Service."""
    spec = service["spec"]
    kind, headless = spec.get("type"), spec.get("clusterIP") == "None"
    ports = spec.get("ports") or []
    if not ports and kind != "ExternalName" and not headless:
        yield required("spec.ports")
    if kind == "ExternalName" and not spec.get("externalName"):
        yield required("spec.externalName")
    if old is None and kind == "ExternalName" and any(spec.get(key) for key in ("clusterIP", "clusterIPs")):
        yield forbidden("spec.clusterIPs", "may not be set for ExternalName services")
    yield from check_name((spec.get("externalName") or "").removesuffix("."), "spec.externalName", "subdomain")
    yield from _check_service_ports(ports, str(kind))
    yield from check_label_map(spec.get("selector") or {}, "spec.selector")
    yield from _check_service_addresses(spec)
    yield from _check_service_traffic(spec)
    if old is not None and kind != "ExternalName" and lookup(old, "spec", "type") != "ExternalName":
        before = lookup(old, "spec", "clusterIP")
        if before:
            yield from check_unchanged(spec.get("clusterIP") or before, before, "spec.clusterIPs[0]")


def _check_service_ports(ports: list[Obj], kind: str) -> Iterator[Cause]:
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        if len(ports) > 1 and not port.get("name"):
            yield required(f"{path}.name")
        yield from check_name(port.get("name"), f"{path}.name", "label")
        yield from check_port(port.get("port"), f"{path}.port")
        yield from check_port_or_name(port.get("targetPort"), f"{path}.targetPort")
        if port.get("nodePort") and kind not in ("NodePort", "LoadBalancer"):
            yield forbidden(f"{path}.nodePort", f"may not be used when `type` is '{kind}'")
        identity = (port.get("protocol"), port.get("port"))
        if identity in seen:
            shown = msgspec.json.encode({"protocol": identity[0], "port": identity[1]}).decode()
            yield Cause(path, f"Duplicate value: {shown}", "FieldValueDuplicate")
        seen.add(identity)
    yield from check_unique(ports, "spec.ports", "name")


def _check_service_addresses(spec: Obj) -> Iterator[Cause]:
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    for index, address in enumerate(addresses):
        if address != "None":
            yield from check_ip(address, f"spec.clusterIPs[{index}]")
    for index, address in enumerate(spec.get("externalIPs") or ()):
        yield from check_routable(address, f"spec.externalIPs[{index}]")
    for index, family in enumerate(spec.get("ipFamilies") or ()):
        if family not in ("IPv4", "IPv6"):
            yield unsupported(f"spec.ipFamilies[{index}]", family, ("IPv4", "IPv6"))
    for index, source in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from check_cidr(source.strip(), f"spec.LoadBalancerSourceRanges[{index}]")
    if spec.get("loadBalancerSourceRanges") and spec.get("type") != "LoadBalancer":
        yield forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'")
    if spec.get("loadBalancerClass") and spec.get("type") != "LoadBalancer":
        yield forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'")


def _check_service_traffic(spec: Obj) -> Iterator[Cause]:
    external = spec.get("type") in ("NodePort", "LoadBalancer") or bool(spec.get("externalIPs"))
    if spec.get("externalTrafficPolicy") and not external:
        why = "may only be set for externally-accessible services"
        yield invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], why)
    local = spec.get("type") == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"
    if spec.get("healthCheckNodePort") and not local:
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield invalid("spec.healthCheckNodePort", spec["healthCheckNodePort"], why)
    distribution, known = spec.get("trafficDistribution"), ("PreferClose", "PreferSameNode", "PreferSameZone")
    if distribution is not None and distribution not in known:
        yield unsupported("spec.trafficDistribution", distribution, known)
    seconds = lookup(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if seconds is not None and not 0 < seconds <= 86400:
        path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        yield invalid(path, seconds, "must be greater than 0 and less than 86400")


def validate_slice(endpoints: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for an EndpointSlice."""
    kind = endpoints.get("addressType")
    for index, endpoint in enumerate(endpoints.get("endpoints") or ()):
        path = f"endpoints[{index}]"
        if endpoint.get("addresses") == []:
            yield required(f"{path}.addresses", "must contain at least 1 address")
        for number, address in enumerate(endpoint.get("addresses") or ()):
            yield from _check_endpoint_address(address, str(kind), path, number)
        yield from check_name(endpoint.get("nodeName"), f"{path}.nodeName", "subdomain")
        yield from check_name(endpoint.get("hostname"), f"{path}.hostname", "label")
    ports = endpoints.get("ports") or []
    for index, port in enumerate(ports):
        yield from check_port(port.get("port"), f"ports[{index}].port")
        yield from check_name(port.get("name"), f"ports[{index}].name", "label")
        if port.get("protocol") not in ("SCTP", "TCP", "UDP"):
            yield unsupported(f"ports[{index}].protocol", port.get("protocol"), ("SCTP", "TCP", "UDP"))
    yield from check_unique(ports, "ports", "name")
    if old is not None:
        yield from check_unchanged(kind, old.get("addressType"), "addressType")


def _check_endpoint_address(address: str, kind: str, path: str, number: int) -> Iterator[Cause]:
    if kind == "FQDN":
        yield from check_name(address, f"{path}.addresses[{number}]", "subdomain")
        return
    parsed = parse_ip(address)
    if parsed is not None and f"IPv{parsed.version}" != kind:
        yield invalid(f"{path}.addresses", address, f"must be an {kind} address")
        return
    yield from check_routable(address, f"{path}.addresses[{number}]")


def validate_policy(policy: Obj, old: Obj | None) -> Iterator[Cause]:
    """Causes for a NetworkPolicy."""
    spec = policy["spec"]
    yield from check_selector(spec.get("podSelector") or {}, "spec.podSelector")
    types = spec.get("policyTypes") or []
    if len(types) > 2:
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
    for index, kind in enumerate(types[:2]):
        if kind not in ("Ingress", "Egress"):
            yield unsupported(f"spec.policyTypes[{index}]", kind, ("Ingress", "Egress"))
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                yield from _check_policy_port(port, f"{path}.ports[{number}]")
            for number, peer in enumerate(rule.get(peers) or ()):
                yield from _check_peer(peer, f"{path}.{peers}[{number}]")


def _check_policy_port(port: Obj, path: str) -> Iterator[Cause]:
    first, last = port.get("port"), port.get("endPort")
    yield from check_port_or_name(first, f"{path}.port")
    if last is None:
        return
    if first is None:
        yield invalid(f"{path}.endPort", last, "may not be specified when `port` is not specified")
    elif isinstance(first, str):
        yield invalid(f"{path}.endPort", last, "may not be specified when `port` is non-numeric")
    elif last < first:
        yield invalid(f"{path}.endPort", first, "must be greater than or equal to `port`")
    else:
        yield from check_port(last, f"{path}.endPort")


def _check_peer(peer: Obj, path: str) -> Iterator[Cause]:
    if not peer:
        yield required(path, "must specify a peer")
    for key in ("podSelector", "namespaceSelector"):
        if peer.get(key) is not None:
            yield from check_selector(peer[key], f"{path}.{key}")
    block = peer.get("ipBlock")
    if block is None:
        return
    if len(peer) > 1:
        yield forbidden(path, "may not specify both ipBlock and another peer")
    network = parse_cidr(block.get("cidr") or "")
    if block.get("cidr") and network is None:
        yield from check_cidr(block["cidr"], f"{path}.ipBlock.cidr")
    for index, text in enumerate(block.get("except") or ()):
        inner = parse_cidr(text)
        if inner is None:
            yield from check_cidr(text, f"{path}.ipBlock.except[{index}]")
        elif network is not None and not _is_within(inner, network):
            yield invalid(f"{path}.ipBlock.except[{index}]", text, "must be a strict subset of `cidr`")


def _is_within(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return inner.version == outer.version and inner.prefixlen > outer.prefixlen and inner.network_address in outer
