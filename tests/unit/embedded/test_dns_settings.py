"""A Corefile: what it means, and that what is wrong in it is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.corefile import CorefileError, Directive, ServerBlock, parse_corefile
from pytest_k8snet.embedded.dns.installation import corefile
from pytest_k8snet.embedded.dns.settings import Cache, Forward, Hosts, Kubernetes, Server, read_corefile


def only(text: str) -> Server:
    """The only server of a Corefile with the directives ``text``."""
    (server,) = read_corefile(f".:53 {{\n{text}\n}}\n")
    return server


def test_words_blocks_comments_and_quotes_are_told_apart() -> None:
    text = '# first\na.test, B.test.:5300 {\n  log "two words" # rest\n  cache 30 {\n    denial 1 2\n  }\n}\n'
    inner = Directive("denial", ("1", "2"), (), 5)
    with pytest.raises(CorefileError, match=r"Corefile:2: .*different ports"):
        parse_corefile(text)
    (block,) = parse_corefile(text.replace("a.test,", "a.test:5300,"))
    assert block == ServerBlock(
        ("a.test", "b.test"),
        5300,
        (Directive("log", ("two words",), (), 3), Directive("cache", ("30",), (inner,), 4)),
        2,
    )


def test_the_corefile_of_a_new_cluster_is_understood() -> None:
    (server,) = read_corefile(corefile("cluster.local"))
    zones = ("cluster.local", "in-addr.arpa", "ip6.arpa")
    assert server.kubernetes == Kubernetes(zones, "insecure", ("in-addr.arpa", "ip6.arpa"), 30)
    assert server.forwards == (Forward("", (("/etc/resolv.conf", 0),), max_concurrent=1000),)
    disabled = (("success", ("cluster.local",)), ("denial", ("cluster.local",)))
    assert server.cache == Cache(30, 30, ("",), disabled)
    assert (server.health, server.ready, server.prometheus, server.lameduck) == (8080, 8181, 9153, 5.0)
    assert server.errors
    assert server.loop
    assert server.reload
    assert server.loadbalance
    assert not server.log


def test_forward_knows_addresses_ports_and_exceptions() -> None:
    server = only(
        "forward example.test 10.0.0.1 [fd00::1]:5353 10.0.0.2:54 {\n except a.example.test\n force_tcp\n"
        " policy sequential\n}\nforward . 10.0.0.3"
    )
    first, second = server.forwards
    assert first.upstreams == (("10.0.0.1", 53), ("fd00::1", 5353), ("10.0.0.2", 54))
    assert (first.zone, first.excluded, first.force_tcp, first.policy) == (
        "example.test",
        ("a.example.test",),
        True,
        "sequential",
    )
    assert second == Forward("", (("10.0.0.3", 53),))


def test_hosts_collects_the_addresses_of_a_name() -> None:
    server = only("hosts {\n 10.0.0.1 A.test b.test\n fd00::1 a.test\n ttl 7\n fallthrough\n}")
    assert server.hosts == Hosts({"a.test": ("10.0.0.1", "fd00::1"), "b.test": ("10.0.0.1",)}, ("",), 7)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (".:53 {\n errors\n", 1, "not closed"),
        (".:53 {\n errors\n}\n}\n", 4, "expected 'ZONE"),
        (".:53 {\n surprise 1\n}\n", 2, "unknown directive 'surprise'"),
        (".:53 {\n errors\n errors\n}\n", 3, "once only"),
        (".:53 {\n kubernetes {\n pods maybe\n}\n}\n", 3, "expected one of disabled, insecure, verified"),
        (".:53 {\n kubernetes {\n ttl -1\n}\n}\n", 3, "number from 0 to 3600"),
        (".:53 {\n forward .\n}\n", 2, "forward FROM TO"),
        (".:53 {\n forward . nowhere\n}\n", 2, "seen 'nowhere'"),
        (".:53 {\n health {\n lameduck soon\n}\n}\n", 3, "duration such as 5s"),
        (".:53 {\n loop {\n x\n}\n}\n", 3, "loop has no block"),
        (".:53 {\n hosts {\n a.test\n}\n}\n", 3, "ADDRESS NAME"),
        (".:99999 {\n}\n", 1, "port from 1 to 65535"),
        ("tls://. {\n}\n", 1, "only dns://"),
        (".:53 {\n}\n.:53 {\n}\n", 3, "served by line 1"),
        ('.:53 {\n log "open\n}\n', 2, "quotation mark"),
        ("", 1, "no server block"),
        ("{\n}\n", 1, "at least one zone"),
        (".:53 {\n errors }\n}\n", 2, "line of its own"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(CorefileError, match=reason) as caught:
        read_corefile(text)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"Corefile:{line}: ")


@given(st.text(alphabet='.:53{}\n "#abc/', max_size=60))
def test_any_text_is_a_configuration_or_a_corefile_error(text: str) -> None:
    line = 1
    try:
        read_corefile(text)
    except CorefileError as error:
        line = error.line
    assert 1 <= line <= text.count("\n") + 1
