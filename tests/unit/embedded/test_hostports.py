"""The nftables text of hostPorts."""

from __future__ import annotations

from pytest_k8snet.embedded.network.hostports import Forward, ruleset


def test_nothing_to_forward_removes_the_table() -> None:
    assert ruleset([]) == "table inet k8snet-hostports {}\ndelete table inet k8snet-hostports\n"


def test_a_port_is_forwarded_at_every_address_of_the_node() -> None:
    text = ruleset([Forward(4, "tcp", "", 80, "10.244.1.2", 8080)])
    assert "meta nfproto ipv4 tcp dport 80 dnat ip to 10.244.1.2:8080" in text
    assert "ip saddr 10.244.1.2 ip daddr 10.244.1.2 ct status dnat masquerade" in text


def test_a_port_may_be_forwarded_at_one_address_only() -> None:
    text = ruleset([Forward(4, "udp", "10.200.0.1", 53, "10.244.1.2", 5353)])
    assert "ip daddr 10.200.0.1 udp dport 53 dnat ip to 10.244.1.2:5353" in text


def test_ipv6_targets_are_in_brackets_and_loopback_is_left_alone() -> None:
    text = ruleset([Forward(6, "sctp", "", 80, "fd00::2", 8080)])
    assert "ip6 daddr != ::1 sctp dport 80 dnat ip6 to [fd00::2]:8080" in text
