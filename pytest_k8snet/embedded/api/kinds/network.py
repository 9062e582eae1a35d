"""Services, EndpointSlices and NetworkPolicies: their columns and defaults."""

from __future__ import annotations

from typing import Any

from pytest_k8snet.embedded.api.columns import AGE, NAME, Column, field, joined
from pytest_k8snet.embedded.api.objects import Obj, clone, lookup


def _external(service: Obj) -> str:
    spec = service.get("spec") or {}
    if spec.get("type") == "ExternalName":
        return str(spec.get("externalName"))
    ingress = lookup(service, "status", "loadBalancer", "ingress") or []
    found = [entry.get("ip") or entry.get("hostname") for entry in ingress] + (spec.get("externalIPs") or [])
    return joined(found, "<pending>" if spec.get("type") == "LoadBalancer" else "<none>")


def _port(port: dict[str, Any]) -> str:
    number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else f"{port['port']}"
    return f"{number}/{port.get('protocol', 'TCP')}"


def selector_text(selector: dict[str, Any] | None) -> str:
    """A label selector as kubectl prints it: ``app=web,tier in (a,b),!old``."""
    parts = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for item in (selector or {}).get("matchExpressions") or []:
        values = ",".join(item.get("values") or [])
        text = {
            "In": f"{item['key']} in ({values})",
            "NotIn": f"{item['key']} notin ({values})",
            "Exists": item["key"],
            "DoesNotExist": f"!{item['key']}",
        }
        parts.append(text[item["operator"]])
    return joined(parts)


def _labels(*path: str) -> Any:
    return lambda obj: joined(f"{key}={value}" for key, value in sorted((lookup(obj, *path) or {}).items()))


SERVICES = (
    NAME,
    Column("Type", field("spec", "type")),
    Column("Cluster-IP", field("spec", "clusterIP")),
    Column("External-IP", _external),
    Column("Port(s)", lambda obj: joined(_port(port) for port in lookup(obj, "spec", "ports") or [])),
    AGE,
    Column("Selector", _labels("spec", "selector"), priority=1),
)
ENDPOINTSLICES = (
    NAME,
    Column("AddressType", field("addressType")),
    Column("Ports", lambda obj: joined((str(port.get("port")) for port in obj.get("ports") or []), "<unset>")),
    Column("Endpoints", lambda obj: joined((a for e in obj.get("endpoints") or [] for a in e["addresses"]), "<unset>")),
    AGE,
)
NETWORKPOLICIES = (NAME, Column("Pod-Selector", lambda obj: selector_text(lookup(obj, "spec", "podSelector"))), AGE)


def begin_service(service: Obj) -> None:
    """No load balancer has seen a new Service."""
    service["status"] = {"loadBalancer": {}}


def complete_service(service: Obj) -> None:
    """Fill in the defaults of a Service. Addresses and node ports are given by admission, which knows what is free."""
    spec = service.setdefault("spec", {})
    kind = spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port["targetPort"] = port.get("targetPort") or port.get("port")
    if kind != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if kind in ("NodePort", "LoadBalancer") or spec.get("externalIPs"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if kind == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def carry_service(service: Obj, old: Obj) -> None:
    """An update that does not mention addresses and node ports means those of before, if the type still has them."""
    spec, before = service.setdefault("spec", {}), old["spec"]
    if "ExternalName" not in (before["type"], spec.get("type", "ClusterIP")):
        if not spec.get("clusterIP"):
            spec["clusterIP"] = before.get("clusterIP", "")
        if not spec.get("clusterIPs") and spec["clusterIP"] == before.get("clusterIP"):
            spec["clusterIPs"] = clone(before.get("clusterIPs") or [])
    ports = {(port["protocol"], port["port"]): port.get("nodePort") for port in before.get("ports") or ()}
    if spec.get("type") == "ExternalName" != before["type"]:
        spec.pop("internalTrafficPolicy", None)
    exposed = spec.get("type") in ("NodePort", "LoadBalancer")
    for port in spec.get("ports") or ():
        number = ports.get((port.get("protocol", "TCP"), port.get("port")))
        if exposed and number and not port.get("nodePort"):
            port["nodePort"] = number
        elif not exposed and number and port.get("nodePort") == number:
            del port["nodePort"]
    if not exposed and spec.get("externalTrafficPolicy") == before.get("externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)


def complete_slice(endpoints: Obj) -> None:
    """Fill in the defaults of an EndpointSlice."""
    for endpoint in endpoints.setdefault("endpoints", []):
        endpoint.setdefault("conditions", {})
    for port in endpoints.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("name", "")


def complete_policy(policy: Obj) -> None:
    """Fill in which directions a NetworkPolicy is about, and the protocol of its ports."""
    spec = policy.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")
