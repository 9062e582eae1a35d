"""The healthy network: who reaches whom, and as what."""

from __future__ import annotations

import pytest

from tests.embedded.conftest import Space, addresses

FAMILIES = pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    """Two servers on node-1, one on node-2, one in the host network of node-1 and one with a hostPort there."""
    module_space.server("a1", "node-1")
    module_space.server("a2", "node-1")
    module_space.server("b1", "node-2")
    module_space.server("h1", "node-1", port=9000, hostNetwork=True)
    module_space.server("hp", "node-1", host_port=9080)
    return module_space


def of(pods: Space, name: str, family: int) -> str:
    return addresses(pods.get(name))[family]


@FAMILIES
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("source", "target"), [("a1", "a2"), ("a1", "b1"), ("b1", "a1"), ("a1", "a1")])
def test_pods_reach_pods_with_their_own_address(
    pods: Space, source: str, target: str, protocol: str, family: int
) -> None:
    answer = pods.ask(source, of(pods, target, family), protocol=protocol)
    assert answer == f"{target} {of(pods, source, family)}"


@FAMILIES
def test_nodes_reach_pods_with_the_address_of_the_node(pods: Space, family: int) -> None:
    node = ("10.200.0.1", "fd00:200::1")[family]
    assert pods.ask("h1", of(pods, "a1", family)) == f"a1 {node}"
    assert pods.ask("h1", of(pods, "b1", family)) == f"b1 {node}"


@FAMILIES
def test_pods_reach_nodes_with_their_own_address(pods: Space, family: int) -> None:
    assert pods.ask("b1", of(pods, "h1", family), 9000) == f"node-1 {of(pods, 'b1', family)}"


@FAMILIES
def test_pods_reach_the_outside_with_the_address_of_their_node(pods: Space, family: int) -> None:
    outside = ("10.200.0.201", "fd00:200::201")[family]
    assert pods.ask("a1", outside, 1) == "ConnectionRefusedError"


@FAMILIES
def test_the_outside_reaches_no_pod(pods: Space, family: int) -> None:
    assert pods.ask("outside", of(pods, "a1", family)) == "OSError"
    node = ("10.200.0.1", "fd00:200::1")[family]
    assert pods.ask("outside", node) == "ConnectionRefusedError"
    assert pods.ask("outside", node, 9000).startswith("node-1 ")


@FAMILIES
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("source", ["a1", "b1", "h1", "hp", "outside"])
def test_a_host_port_leads_to_its_pod(pods: Space, source: str, protocol: str, family: int) -> None:
    node = ("10.200.0.1", "fd00:200::1")[family]
    assert pods.ask(source, node, 9080, protocol).split()[0] == "hp"


def test_a_host_port_answers_on_localhost_of_its_node(pods: Space) -> None:
    assert pods.ask("h1", "127.0.0.1", 9080).split()[0] == "hp"


def test_a_host_port_answers_on_no_other_node(pods: Space) -> None:
    assert pods.ask("outside", "10.200.0.2", 9080) == "ConnectionRefusedError"


def test_a_host_port_is_gone_with_its_pod(space: Space) -> None:
    space.server("gone", "node-3", host_port=9081)
    assert space.ask("outside", "10.200.0.3", 9081).split()[0] == "gone"
    space.delete("gone")
    assert space.ask("outside", "10.200.0.3", 9081) == "ConnectionRefusedError"


def test_a_taken_host_port_makes_a_pod_unschedulable_there(space: Space) -> None:
    space.server("first", "node-3", host_port=9082)
    ports = [{"containerPort": 8080, "hostPort": 9082}]
    space.create("second", {"ports": ports}, nodeSelector={"kubernetes.io/hostname": "node-3"})
    pod = space.wait("second", lambda pod: "Unschedulable" in str(pod["status"]))
    (condition,) = pod["status"]["conditions"]
    assert "1 node(s) didn't have free ports for the requested pod ports" in condition["message"]
    space.delete("first")
    space.wait("second")


def test_a_kubelet_refuses_a_pod_whose_host_port_is_taken(space: Space) -> None:
    space.server("first", "node-3", host_port=9083)
    space.create("second", {"ports": [{"containerPort": 8080, "hostPort": 9083}]}, nodeName="node-3")
    pod = space.wait("second", lambda pod: pod["status"].get("phase") == "Failed")
    assert pod["status"]["reason"] == "NodePorts"


def test_the_same_host_port_for_another_protocol_or_address_is_free(space: Space) -> None:
    for name, port in {
        "tcp": {"protocol": "TCP", "hostIP": "127.0.0.1"},
        "udp": {"protocol": "UDP", "hostIP": "127.0.0.1"},
        "other": {"protocol": "TCP", "hostIP": "10.200.0.3"},
    }.items():
        space.create(name, {"ports": [{"containerPort": 8080, "hostPort": 9084, **port}]}, nodeName="node-3")
        space.wait(name)


def test_the_address_of_a_deleted_pod_is_used_again_by_the_next(space: Space) -> None:
    before = addresses(space.server("before", "node-3"))
    space.server("asks", "node-2")
    space.delete("before")
    after = addresses(space.server("after", "node-3"))
    assert after == before
    assert space.ask("asks", before[0]).split()[0] == "after"


def test_a_failing_network_is_told_by_an_event_and_tried_again(space: Space) -> None:
    space.create("a", securityContext={"sysctls": [{"name": "net.ipv4.no_such_thing", "value": "1"}]})
    space.wait("a", lambda pod: len(space.events("FailedCreatePodSandBox")) > 0)
    assert "no_such_thing" in space.events("FailedCreatePodSandBox")[0]


def test_sysctls_of_a_pod_are_set_in_its_namespace(space: Space) -> None:
    sysctls = [
        {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"},
        {"name": "net.ipv4.ping_group_range", "value": "0 2147483647"},
    ]
    space.create("a", securityContext={"sysctls": sysctls})
    space.wait("a")
    assert space.exec("a", "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start").stdout == "0\n"
    assert space.exec("a", "cat", "/proc/sys/net/ipv4/ping_group_range").stdout.split()[0] == "0"


def test_a_pod_has_a_host_name_and_hosts_of_its_own(space: Space) -> None:
    four, six = addresses(space.server("a"))
    assert space.exec("a", "hostname").stdout == "a\n"
    hosts = space.exec("a", "cat", "/etc/hosts").stdout
    assert f"{four}\ta\n" in hosts
    assert f"{six}\ta\n" in hosts


def test_a_container_sees_no_processes_but_its_own(space: Space) -> None:
    space.server("a")
    seen = space.exec("a", "sh", "-c", "ls -d /proc/[0-9]* | wc -l").stdout
    assert int(seen) <= 4
    assert space.exec("a", "cat", "/proc/1/comm").stdout.startswith("python")


def test_a_container_cannot_write_to_the_machine(space: Space) -> None:
    space.server("a")
    for path in ("/usr/forbidden", "/etc/passwd", "/home/forbidden"):
        done = space.exec("a", "sh", "-c", f"echo x >> {path}")
        assert done.exit_code != 0, path
    assert space.exec("a", "sh", "-c", "echo x > /tmp/allowed && cat /tmp/allowed").stdout == "x\n"
