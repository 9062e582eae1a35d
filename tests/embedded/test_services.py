"""Services do what they promise, for real packets from pods, nodes and outside."""

from __future__ import annotations

import pytest

from tests.embedded.conftest import Space, addresses
from tests.embedded.service_pods import (
    DROPPED,
    NODES,
    REFUSED,
    balanced,
    change_selector,
    cluster_ips,
    many,
    node_port,
    pod,
    service,
    slices,
    start_servers,
    until,
    who,
)

SCTP = """
import random, socket, struct, sys
def checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)
opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, 132)
opened.settimeout(0.5)
opened.connect((sys.argv[1], 0))
header = struct.pack("!HHI", random.randrange(5000, 60000), int(sys.argv[2]), 0)
init = struct.pack("!BBHIIHHI", 1, 0, 20, 1, 65536, 1, 1, 1)
opened.send(header + checksum(header + bytes(4) + init) + init)
try:
    opened.recv(100)
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    return start_servers(module_space)


@pytest.mark.parametrize("source", ["near", "far", "host"])
def test_every_endpoint_answers_at_the_cluster_address(pods: Space, source: str) -> None:
    with service(pods) as made:
        for address in cluster_ips(made):
            for protocol in ("tcp", "udp"):
                until(
                    {"a", "b"}, lambda address=address, protocol=protocol: who(pods, source, address, 80, protocol, 20)
                )


def test_endpoints_see_the_pod_that_asks(pods: Space) -> None:
    with service(pods, selector={"pod": "b"}) as made:
        for service_address, own_address in zip(cluster_ips(made), addresses(pods.get("near")), strict=True):
            until({f"b {own_address}": 1}, lambda address=service_address: many(pods, "near", address))


def test_a_port_that_a_service_does_not_have_is_refused(pods: Space) -> None:
    with service(pods) as made:
        until({"a", "b"}, lambda: who(pods, "near", cluster_ips(made)[0], count=20))
        for source in ("near", "host"):
            assert [who(pods, source, address, 81) for address in cluster_ips(made)] == [{REFUSED}, {REFUSED}]
    until([{DROPPED}, {DROPPED}], lambda: [who(pods, "near", address) for address in cluster_ips(made)])


def test_a_node_port_answers_on_every_node(pods: Space) -> None:
    with service(pods, type="NodePort") as made:
        port = node_port(made)
        for source in ("outside", "near", "host"):
            for version in (4, 6):
                for number in (1, 2, 3):
                    address = NODES[version].format(number)
                    until({"a", "b"}, lambda source=source, address=address: who(pods, source, address, port, count=20))
    until({REFUSED}, lambda: who(pods, "outside", NODES[4].format(1), port))


def test_with_the_external_policy_local_only_nodes_with_endpoints_answer(pods: Space) -> None:
    with service(pods, type="NodePort", externalTrafficPolicy="Local", selector={"pod": "b"}) as made:
        port = node_port(made)
        for version, own in ((4, "10.200.0.201"), (6, "fd00:200::201")):
            here, elsewhere = NODES[version].format(2), NODES[version].format(1)
            until({f"b {own}": 1}, lambda here=here: many(pods, "outside", here, port))
            assert who(pods, "outside", elsewhere, port) == {DROPPED}
            assert who(pods, "near", elsewhere, port) == {"b"}, "the node's own pods reach all endpoints"
            assert who(pods, "host", elsewhere, port) == {"b"}, "the node itself reaches all endpoints"


def test_with_the_internal_policy_local_only_the_own_node_counts(pods: Space) -> None:
    with service(pods, internalTrafficPolicy="Local") as made:
        for address in cluster_ips(made):
            until({"a"}, lambda address=address: who(pods, "near", address, count=20))
            assert who(pods, "host", address) == {"a"}
            assert who(pods, "far", address) == {DROPPED}


@pytest.mark.parametrize("source", ["near", "host", "outside"])
def test_a_service_without_endpoints_refuses(pods: Space, source: str) -> None:
    with service(pods, type="LoadBalancer", selector={"pod": "nobody"}) as made:
        until(2, lambda: len(balanced(pods)))
        for version, address in zip((4, 6), cluster_ips(made), strict=True):
            if source != "outside":
                until({REFUSED}, lambda address=address: who(pods, source, address))
                # The kernel tells a sender on the node itself at once that its packet was not sent.
                assert who(pods, source, address, 80, "udp") == {"PermissionError" if source == "host" else REFUSED}
            until({REFUSED}, lambda version=version: who(pods, source, NODES[version].format(1), node_port(made)))
            until({REFUSED}, lambda version=version: who(pods, source, balanced(pods)[version // 6]))


def test_a_pod_reaches_itself_through_its_service(pods: Space) -> None:
    with service(pods, selector={"pod": "a"}) as made:
        for address, node in zip(cluster_ips(made), (NODES[4].format(1), NODES[6].format(1)), strict=True):
            until({f"a {node}": 1}, lambda address=address: many(pods, "a", address))


def test_a_client_stays_with_its_endpoint_until_the_time_is_over(pods: Space) -> None:
    config = {"clientIP": {"timeoutSeconds": 1}}
    with service(pods, sessionAffinity="ClientIP", sessionAffinityConfig=config) as made:
        for address in cluster_ips(made):
            until(1, lambda address=address: len(who(pods, "near", address, count=30) - {DROPPED, REFUSED}))
            (kept,) = who(pods, "near", address, count=30)

            def after_a_while(address: str = address) -> set[str]:
                pods.exec("near", "sleep", "1.2")
                return who(pods, "near", address)

            until({"a", "b"} - {kept}, after_a_while)
            assert who(pods, "far", address, count=5) <= {"a", "b"}


def test_a_kept_endpoint_that_goes_is_replaced(pods: Space) -> None:
    pod(pods, "short", "node-1")
    pods.wait("short")
    with service(pods, selector={"pod": "short"}, sessionAffinity="ClientIP") as made:
        address = cluster_ips(made)[0]
        until({"short"}, lambda: who(pods, "near", address))
        change_selector(pods, {"role": "server"})
        until(True, lambda: who(pods, "near", address, count=5) <= {"a", "b"})
        change_selector(pods, {"pod": "nobody"})
        until({REFUSED}, lambda: who(pods, "near", address))
    pods.delete("short", grace=0)


def test_a_udp_client_moves_on_when_its_endpoint_goes(pods: Space) -> None:
    """It keeps its own port, so that connection tracking knows the flow."""
    with service(pods, selector={"pod": "a"}, type="NodePort") as made:
        port = made["spec"]["ports"][1]["nodePort"]
        ways = [(address, 80) for address in cluster_ips(made)] + [(NODES[4].format(3), port)]
        for place, (address, number) in enumerate(ways):
            until(
                True,
                lambda place=place, a=address, n=number: (
                    names(many(pods, "near", a, n, "udp", 3, 5000 + place)) == {"a"}
                ),
            )
        change_selector(pods, {"pod": "b", "role": None})
        for place, (address, number) in enumerate(ways):
            until(
                True,
                lambda place=place, a=address, n=number: (
                    names(many(pods, "near", a, n, "udp", 3, 5000 + place)) == {"b"}
                ),
            )


def names(answers: dict[str, int]) -> set[str]:
    return {answer.split()[0] for answer in answers}


def test_a_named_port_is_each_pods_own(pods: Space) -> None:
    pod(pods, "other", "node-3", port=8090)
    pods.wait("other")
    spec = {"selector": None, "ports": [{"port": 80, "targetPort": "web"}]}
    with service(pods, **{**spec, "selector": {"named": "yes"}}) as made:
        for name in ("a", "other"):
            pods.api.patch("v1", "Pod", name, {"metadata": {"labels": {"named": "yes"}}}, pods.name)
        until({"a", "other"}, lambda: who(pods, "near", cluster_ips(made)[0], count=20))
        assert {port["port"] for one in slices(pods) for port in one["ports"]} == {8080, 8090}
        pods.delete("other", grace=0)
        until({"a"}, lambda: who(pods, "near", cluster_ips(made)[0], count=20))


def test_a_pod_that_is_not_ready_gets_nothing_unless_that_is_wanted(pods: Space) -> None:
    pod(pods, "early", "node-1", container={"readinessProbe": {"exec": {"command": ["false"]}}})
    pods.wait("early", lambda pod: "startedAt" in str(pod["status"].get("containerStatuses")))
    with service(pods, selector={"pod": "early"}) as made:
        until({REFUSED}, lambda: who(pods, "near", cluster_ips(made)[0]))
        pods.api.patch("v1", "Service", "web", {"spec": {"publishNotReadyAddresses": True}}, pods.name)
        until({"early"}, lambda: who(pods, "near", cluster_ips(made)[0]))
    pods.delete("early", grace=0)


def test_an_endpoint_that_is_being_ended_serves_when_no_other_is_ready(pods: Space) -> None:
    command = [
        "python3",
        "-c",
        f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{pods.server_command(8080)[2]}",
        "8080",
    ]
    pod(pods, "ending", "node-3", container={"command": command}, terminationGracePeriodSeconds=20)
    pods.wait("ending")
    with service(pods, selector={"pod": "ending"}) as made:
        until({"ending"}, lambda: who(pods, "near", cluster_ips(made)[0]))
        pods.api.delete("v1", "Pod", "ending", pods.name, grace=20)
        until([True], lambda: [c["conditions"]["terminating"] for c in slices(pods)[0]["endpoints"]])
        assert who(pods, "near", cluster_ips(made)[0], count=5) == {"ending"}
        pods.api.patch("v1", "Pod", "a", {"metadata": {"labels": {"pod": "ending"}}}, pods.name)
        until({"a"}, lambda: who(pods, "near", cluster_ips(made)[0], count=10))
        pods.api.patch("v1", "Pod", "a", {"metadata": {"labels": {"pod": "a"}}}, pods.name)
        pods.delete("ending", grace=0)


def test_slices_of_a_service_without_a_selector_are_its_owners_business(pods: Space) -> None:
    with service(pods, selector=None, ports=[{"port": 80}]) as made:
        four, six = addresses(pods.get("b"))
        for kind, address in (("IPv4", four), ("IPv6", six)):
            metadata = {
                "name": f"mine-{kind.lower()}",
                "namespace": pods.name,
                "labels": {"kubernetes.io/service-name": "web"},
            }
            own = {
                "metadata": metadata,
                "addressType": kind,
                "ports": [{"port": 8080}],
                "endpoints": [{"addresses": [address]}],
            }
            pods.api.create({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", **own})
        for address in cluster_ips(made):
            until({"b"}, lambda address=address: who(pods, "near", address))
        assert {one["metadata"]["name"] for one in slices(pods)} == {"mine-ipv4", "mine-ipv6"}
        for one in slices(pods):
            pods.api.delete("discovery.k8s.io/v1", "EndpointSlice", one["metadata"]["name"], pods.name)
        until({REFUSED}, lambda: who(pods, "near", cluster_ips(made)[0]))


def test_slices_tell_what_a_real_controller_tells(pods: Space) -> None:
    with service(pods, "plain", clusterIP="None", selector={"pod": "a"}) as made:
        until(2, lambda: len([one for one in slices(pods, "plain") if one["endpoints"]]))
        one = next(one for one in slices(pods, "plain") if one["addressType"] == "IPv4")
        (endpoint,) = one["endpoints"]
        assert endpoint["addresses"] == [addresses(pods.get("a"))[0]]
        assert endpoint["conditions"] == {"ready": True, "serving": True, "terminating": False}
        assert endpoint["nodeName"] == "node-1"
        assert endpoint["targetRef"]["uid"] == pods.get("a")["metadata"]["uid"]
        assert one["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
        assert one["metadata"]["labels"]["service.kubernetes.io/headless"] == ""
        pods.api.delete("discovery.k8s.io/v1", "EndpointSlice", one["metadata"]["name"], pods.name)
        until(2, lambda: len(slices(pods, "plain")))
    until([], lambda: slices(pods, "plain"))


def test_an_external_address_is_served_where_it_arrives(pods: Space) -> None:
    with service(pods, externalIPs=["198.51.100.7"]):
        until({"a", "b"}, lambda: who(pods, "near", "198.51.100.7", count=20))


def test_sctp_goes_to_an_endpoint(pods: Space) -> None:
    """No pod here speaks SCTP: the endpoint answers that it does not know the protocol, which comes back translated."""
    with service(pods, ports=[{"port": 80, "targetPort": 7777, "protocol": "SCTP"}]) as made:
        until("OSError", lambda: pods.exec("near", "python3", "-c", SCTP, cluster_ips(made)[0], "80").stdout.strip())
        change_selector(pods, {"pod": "nobody"})
        until(REFUSED, lambda: pods.exec("near", "python3", "-c", SCTP, cluster_ips(made)[0], "80").stdout.strip())
