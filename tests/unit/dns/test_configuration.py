"""What a Corefile says of the cluster domain, and what is told when it says nothing of it."""

from __future__ import annotations

import pytest

from pytest_k8snet.dns.configuration import Configuration, NoCorefile, configuration, seconds
from pytest_k8snet.errors import NoVerdict

KUBEADM = """
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""


def read(text: str) -> Configuration:
    return configuration(text, "cluster.local")


def test_the_corefile_of_kubeadm() -> None:
    seen = read(KUBEADM)
    assert (seen.pods, seen.ttl, seen.lameduck, seen.remembered) == ("insecure", 30, 5.0, 0)
    assert seen.fallthrough == ("in-addr.arpa", "ip6.arpa")
    assert seen.upstreams == ("/etc/resolv.conf",)
    assert [seen.port("health", 8080), seen.port("ready", 8181), seen.port("prometheus", 1)] == [8080, 8181, 9153]
    assert seen.directive("hosts") is None


def test_what_is_not_said_is_as_coredns_has_it() -> None:
    seen = read("cluster.local {\n kubernetes\n}\n")
    assert (seen.pods, seen.ttl, seen.lameduck, seen.remembered, seen.fallthrough) == ("disabled", 5, 0.0, 0, None)
    assert (seen.upstreams, seen.port("health", 8080)) == ((), None)


@pytest.mark.parametrize(
    ("cache", "remembered"),
    [
        ("cache", 30),
        ("cache 10", 10),
        ("cache 30 {\n disable success\n}", 30),
        ("cache 30 {\n disable success\n disable denial\n}", 0),
        ("cache 30 {\n disable success other.test\n disable denial\n}", 30),
    ],
)
def test_answers_of_the_cluster_may_be_as_old_as_they_are_remembered(cache: str, remembered: int) -> None:
    text = f".:53 {{\n kubernetes cluster.local {{\n ttl 30\n}}\n{cache}\n}}\n"
    assert read(text).remembered == remembered


def test_the_block_that_fits_best_counts() -> None:
    text = ".:53 {\n kubernetes cluster.local {\n ttl 1\n}\n}\nlocal:53 {\n kubernetes local {\n ttl 2\n}\n}\n"
    assert read(text).ttl == 2


def test_a_corefile_that_cannot_be_read_gives_no_verdict_and_names_the_line() -> None:
    with pytest.raises(NoVerdict, match=r"Corefile:1: the block that begins here is not closed"):
        read(".:53 {\n errors\n")


def test_a_corefile_for_another_domain_is_told() -> None:
    with pytest.raises(NoCorefile, match=r"no server block .* kubernetes for cluster\.local"):
        read(".:53 {\n kubernetes other.test\n}\n")


@pytest.mark.parametrize(("text", "value"), [("5s", 5.0), ("500ms", 0.5), ("1m", 60.0), ("3", 3.0)])
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


def test_a_duration_that_is_none() -> None:
    with pytest.raises(NoVerdict, match="'soon' where a duration"):
        seconds("soon")
