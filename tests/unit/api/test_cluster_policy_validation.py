"""Cluster-wide policies: what is refused, at which field, and what is filled in."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.discovery import discover
from pytest_k8snet.embedded.api.status import StoreError

Object = dict[str, Any]
EVERY_POD: Object = {"namespaces": {}}
NEW, OLD, LAST = "clusternetworkpolicies", "adminnetworkpolicies", "baselineadminnetworkpolicies"


def spec(**more: Any) -> Object:
    return {"tier": "Admin", "priority": 1, "subject": EVERY_POD} | more


def ingress(action: str = "Deny", **more: Any) -> Object:
    return {"ingress": [{"action": action, "from": [EVERY_POD]} | more]}


def egress(*peers: Object, **more: Any) -> Object:
    return {"egress": [{"action": "Deny", "to": list(peers)} | more]}


def tcp(port: Object) -> Object:
    return ingress(protocols=[{"tcp": {"destinationPort": port}}])


def refused(plural: str, body: Object, name: str = "default") -> dict[str, str]:
    """Field and message of everything that is wrong; empty when the object is stored."""
    found: list[Object] = []
    try:
        new_store().create(plural, {"metadata": {"name": name}, "spec": body})
    except StoreError as error:
        found += (error.details or {})["causes"]
    return {cause["field"]: cause["message"] for cause in found}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (spec(tier="Middle"), "spec.tier", 'Unsupported value: "Middle": supported values: "Admin", "Baseline"'),
        ({"priority": 1, "subject": EVERY_POD}, "spec.tier", "Required value"),
        ({"tier": "Admin", "subject": EVERY_POD}, "spec.priority", "Required value"),
        (spec(priority=-1), "spec.priority", "greater than or equal to 0"),
        (spec(priority=1001), "spec.priority", "less than or equal to 1000"),
        (spec(subject={}), "spec.subject", "at least 1 properties"),
        (spec(subject=EVERY_POD | {"pods": {"podSelector": {}}}), "spec.subject", "Too many: 2: must have at most 1"),
        (spec(subject={"pods": {}}), "spec.subject.pods.podSelector", "Required value"),
        (
            spec(subject={"namespaces": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
            "spec.subject.namespaces.matchExpressions[0].values",
            "Required value",
        ),
        (spec(**ingress("Allow")), "spec.ingress[0].action", 'supported values: "Accept", "Deny", "Pass"'),
        (spec(**ingress() | {"ingress": 26 * ingress()["ingress"]}), "spec.ingress", "Too many: 26: must have at most"),
        (spec(ingress=[{"action": "Deny"}]), "spec.ingress[0].from", "Required value"),
        (spec(ingress=[{"action": "Deny", "from": []}]), "spec.ingress[0].from", "should have at least 1 items"),
        (spec(**ingress(name="a" * 101)), "spec.ingress[0].name", "Too long"),
        (spec(**ingress(protocols=[])), "spec.ingress[0].protocols", "should have at least 1 items"),
        (spec(**ingress(protocols=[{"tcp": {}}])), "spec.ingress[0].protocols[0].tcp", "at least 1 properties"),
        (
            spec(**tcp({"number": 70000})),
            "spec.ingress[0].protocols[0].tcp.destinationPort.number",
            "less than or equal to 65535",
        ),
        (
            spec(**tcp({"range": {"start": 80, "end": 80}})),
            "spec.ingress[0].protocols[0].tcp.destinationPort.range",
            "Start port must be less than End port",
        ),
        (
            spec(**tcp({"number": 80, "range": {"start": 80, "end": 81}})),
            "spec.ingress[0].protocols[0].tcp.destinationPort",
            "Too many: 2",
        ),
        (spec(**egress({})), "spec.egress[0].to[0]", "at least 1 properties"),
        (spec(**egress({"networks": []})), "spec.egress[0].to[0].networks", "should have at least 1 items"),
        (spec(**egress({"networks": ["10.0.0.0/99"]})), "spec.egress[0].to[0].networks[0]", "Invalid CIDR format"),
        (
            spec(**egress({"networks": ["0.0.0.0/0"]}, protocols=[{"destinationNamedPort": "web"}])),
            "spec.egress[0]",
            "cannot be set with namedPorts",
        ),
    ],
)
def test_a_cluster_network_policy_is_refused_at_its_field(body: Object, field: str, words: str) -> None:
    causes = refused(NEW, body)
    assert words in causes.get(field, ""), causes


@pytest.mark.parametrize(
    ("plural", "body", "field", "words"),
    [
        (OLD, {"subject": EVERY_POD}, "spec.priority", "Required value"),
        (OLD, {"priority": 1, "subject": EVERY_POD} | ingress("Accept"), "spec.ingress[0].action", '"Allow", "Deny"'),
        (
            OLD,
            {"priority": 1, "subject": EVERY_POD} | ingress(ports=[{"portNumber": {"protocol": "ICMP", "port": 1}}]),
            "spec.ingress[0].ports[0].portNumber.protocol",
            "Unsupported value",
        ),
        (
            OLD,
            {"priority": 1, "subject": EVERY_POD} | ingress(ports=[{"portRange": {"start": 81, "end": 80}}]),
            "spec.ingress[0].ports[0].portRange",
            "Start port must be less than End port",
        ),
        (LAST, {"subject": EVERY_POD} | ingress("Pass"), "spec.ingress[0].action", '"Allow", "Deny"'),
    ],
)
def test_the_forerunners_are_refused_at_their_fields(plural: str, body: Object, field: str, words: str) -> None:
    causes = refused(plural, body)
    assert words in causes.get(field, ""), causes


def test_there_is_one_baseline_only() -> None:
    assert "Only one baseline" in refused(LAST, {"subject": EVERY_POD}, "other")["metadata.name"]
    assert refused(LAST, {"subject": EVERY_POD}) == {}


def test_what_the_api_has_is_stored_as_it_is() -> None:
    peers = [
        {"namespaces": {"matchLabels": {"a": "b"}}},
        {"pods": {"podSelector": {}, "namespaceSelector": {}}},
        {"nodes": {}},
        {"networks": ["10.0.0.0/8", "fd00::/8"]},
    ]
    ports = [
        {"tcp": {"destinationPort": {"number": 80}}},
        {"udp": {"destinationPort": {"range": {"start": 1, "end": 9}}}},
    ]
    body = spec(**egress(*peers, protocols=ports), **ingress(protocols=[{"destinationNamedPort": "web"}]))
    stored = new_store().create(NEW, {"metadata": {"name": "p"}, "spec": body})
    assert stored["spec"] == body
    assert stored["metadata"]["generation"] == 1


def test_a_port_of_the_forerunners_is_one_of_tcp() -> None:
    body = {"priority": 0, "subject": EVERY_POD} | ingress(ports=[{"portNumber": {"port": 80}}, {"namedPort": "web"}])
    stored = new_store().create(OLD, {"metadata": {"name": "p"}, "spec": body})
    assert stored["spec"]["ingress"][0]["ports"] == [
        {"portNumber": {"port": 80, "protocol": "TCP"}},
        {"namedPort": "web"},
    ]


def test_the_newer_version_of_the_group_is_preferred() -> None:
    assert discover("/apis/policy.networking.k8s.io")["preferredVersion"]["version"] == "v1alpha2"
