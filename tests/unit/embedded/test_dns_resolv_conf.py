"""resolv.conf by dnsPolicy and dnsConfig: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.kubelet.resolv_conf import MAX_SEARCHES, cluster_dns, resolv_conf

CLUSTER = ["search ns.svc.cluster.local svc.cluster.local cluster.local", "nameserver 10.96.0.10", "options ndots:5"]
NODE = ["nameserver 10.200.0.201"]


def lines(**spec: Any) -> list[str]:
    return resolv_conf(spec, "ns", "cluster.local", "10.96.0.10", ["10.200.0.201"])


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, CLUSTER),
        ({"dnsPolicy": "ClusterFirst"}, CLUSTER),
        ({"dnsPolicy": "ClusterFirst", "hostNetwork": True}, NODE),
        ({"dnsPolicy": "ClusterFirstWithHostNet", "hostNetwork": True}, CLUSTER),
        ({"dnsPolicy": "Default"}, NODE),
        ({"dnsPolicy": "None"}, []),
    ],
)
def test_the_policy_decides_whom_to_ask(spec: dict[str, Any], expected: list[str]) -> None:
    assert lines(**spec) == expected


def test_the_dns_config_is_added_to_the_policy_and_its_options_win() -> None:
    config = {
        "nameservers": ["10.0.0.1", "10.96.0.10", "10.0.0.2", "10.0.0.3"],
        "searches": ["example.test", "cluster.local"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    assert lines(dnsConfig=config) == [
        "search ns.svc.cluster.local svc.cluster.local cluster.local example.test",
        "nameserver 10.96.0.10",
        "nameserver 10.0.0.1",
        "nameserver 10.0.0.2",
        "options ndots:2 edns0",
    ]


def test_a_pod_with_none_has_its_dns_config_alone() -> None:
    config = {"nameservers": ["fd00::1"], "searches": ["a.test"]}
    assert lines(dnsPolicy="None", dnsConfig=config) == ["search a.test", "nameserver fd00::1"]


def test_a_search_list_is_cut_to_what_resolvers_take() -> None:
    many = [f"d{number}.test" for number in range(50)]
    assert len(lines(dnsPolicy="None", dnsConfig={"searches": many})[0].split()) == 1 + MAX_SEARCHES
    long = [f"{number:02d}{'x' * 98}.test" for number in range(30)]
    assert len(lines(dnsPolicy="None", dnsConfig={"searches": long})[0]) <= len("search ") + 2048


def test_the_first_family_of_the_cluster_is_told() -> None:
    assert cluster_dns((4, 6)) == ("10.96.0.10", "fd00:10:96::a")
    assert cluster_dns((6,)) == ("fd00:10:96::a",)
