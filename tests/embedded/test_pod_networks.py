"""The pod networks between nodes: each carries the pods' own addresses, the way that it says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest

from pytest_k8snet.embedded import ClusterOptions, PodNetworkName
from pytest_k8snet.embedded.network.netns import TOOL_PATH
from tests.embedded.conftest import Space, addresses
from tests.embedded.test_faults import DATA_PATH, DROPPED, STATE
from tests.embedded.test_shapes import cluster

needs_bird = pytest.mark.skipif(
    shutil.which("bird", path=TOOL_PATH) is None, reason="bird is not installed: install the package bird2"
)
FAMILIES = pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])
ON_WIRE = """
import json, socket, struct, sys
address, port = sys.argv[1], int(sys.argv[2])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("eth0", 0))
wire.settimeout(0.4)
question = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
question.sendto(b"x", (address, port))
seen = set()
try:
    while True:
        frame = wire.recv(2000)
        kind, = struct.unpack_from("!H", frame, 12)
        if kind != 0x800:
            continue
        header = 14 + (frame[14] & 15) * 4
        target, = struct.unpack_from("!H", frame, header + 2)
        seen.add((socket.inet_ntoa(frame[30:34]), target))
except TimeoutError:
    print(json.dumps(sorted(seen)))
"""


@pytest.fixture(scope="module", params=["vxlan", pytest.param("bgp", marks=needs_bird)])
def pods(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """A cluster with two servers on node-1, one on node-2, and one in the host network of each of these."""
    network: PodNetworkName = request.param
    with cluster(ClusterOptions(nodes=3, network=network), tmp_path_factory.mktemp(network)) as space:
        for name, node in {"a1": "node-1", "a2": "node-1", "b1": "node-2"}.items():
            space.server(name, node)
        for name, node in {"h1": "node-1", "h2": "node-2", "h3": "node-3"}.items():
            space.server(name, node, port=9000, hostNetwork=True)
        yield space


def network_of(space: Space) -> str:
    (found,) = {node["metadata"]["annotations"]["k8snet.io/pod-network"] for node in space.api.objects("v1", "Node")}
    return str(found)


def mtu_in(space: Space, pod: str) -> int:
    (link,) = json.loads(space.exec(pod, "ip", "-j", "link", "show", "eth0").stdout)
    return int(link["mtu"])


def state(space: Space) -> dict[str, str]:
    return {pod: space.exec(pod, "sh", "-c", STATE).stdout for pod in ("a1", "b1", "h1", "h2", "h3")}


@FAMILIES
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("source", "target"), [("a1", "b1"), ("b1", "a1"), ("a1", "a2")])
def test_pods_reach_pods_with_their_own_address(
    pods: Space, source: str, target: str, protocol: str, family: int
) -> None:
    answer = pods.ask(source, addresses(pods.get(target))[family], protocol=protocol)
    assert answer == f"{target} {addresses(pods.get(source))[family]}"


@FAMILIES
def test_nodes_reach_pods_of_other_nodes_with_the_address_of_the_node(pods: Space, family: int) -> None:
    node = ("10.200.0.1", "fd00:200::1")[family]
    assert pods.ask("h1", addresses(pods.get("b1"))[family]) == f"b1 {node}"


@FAMILIES
def test_the_mtu_of_pods_leaves_room_for_the_network(pods: Space, family: int) -> None:
    mtu = 1450 if network_of(pods) == "vxlan" else 1500
    assert mtu_in(pods, "a1") == mtu
    target, headers = addresses(pods.get("b1"))[family], (28, 48)[family]
    with pods.fault("fragments-dropped"):
        assert pods.ask("a1", target, protocol="udp", size=mtu - headers).startswith("b1 ")
        assert pods.ask("a1", target, protocol="udp", size=mtu - headers + 1) == DROPPED


def test_packets_between_nodes_travel_as_the_network_says(pods: Space) -> None:
    """Seen on the fabric: a datagram from node-1 to a pod of node-2, or a VXLAN packet to node-2 with it inside."""
    target = addresses(pods.get("b1"))[0]
    seen = json.loads(pods.exec("h1", "python3", "-c", ON_WIRE, target, "8080").stdout)
    found = [target, 8080] in seen, ["10.200.0.2", 4789] in seen
    assert found == ((False, True) if network_of(pods) == "vxlan" else (True, False))


def test_routes_come_from_bird_or_from_nobody(pods: Space) -> None:
    routes = json.loads(pods.exec("h1", "ip", "-j", "route").stdout)
    protocols = {route["dst"]: route.get("protocol") for route in routes}
    wanted = "bird" if network_of(pods) == "bgp" else None  # made by hand
    assert [protocols["10.244.2.0/24"], protocols["10.244.3.0/24"]] == [wanted, wanted]


@FAMILIES
def test_a_missing_route_cuts_one_pair_of_nodes(pods: Space, family: int) -> None:
    target = addresses(pods.get("b1"))[family]
    with pods.fault("missing-route"):
        # The kernel takes an ICMPv6 error for a SYN as a hint only, and goes on trying.
        assert pods.ask("a1", target) == ("OSError", DROPPED)[family]
        assert pods.ask("h3", target) == f"b1 {('10.200.0.3', 'fd00:200::3')[family]}"
    assert pods.ask("a1", target).startswith("b1 ")


@FAMILIES
@pytest.mark.parametrize("name", ["wrong-mtu", "too-long-swallowed"])
def test_faults_of_the_mtu_fit_the_network(pods: Space, name: str, family: int) -> None:
    target = addresses(pods.get("b1"))[family]
    size = {"wrong-mtu": 1401 - 28, "too-long-swallowed": 1480}[name]
    healthy = pods.ask("a1", target, protocol="udp", size=size)
    with pods.fault(name):
        assert pods.ask("a1", target, protocol="udp", size=size) == DROPPED != healthy
        assert pods.ask("a1", target, protocol="udp", size=1300) == f"b1 {addresses(pods.get('a1'))[family]}"
    assert pods.ask("a1", target, protocol="udp", size=size) == healthy


@pytest.mark.parametrize("name", ["snat-between-nodes", "one-direction-dropped"])
def test_faults_of_the_data_path_break_what_they_break_without_an_overlay(pods: Space, name: str) -> None:
    broken, answer, works = DATA_PATH[name]
    healthy = broken.ask(pods), works.ask(pods)
    with pods.fault(name):
        assert broken.ask(pods) == answer != healthy[0]
        assert works.ask(pods) == healthy[1]


@pytest.mark.parametrize("name", ["missing-route", "too-long-swallowed", "wrong-mtu"])
def test_restoring_a_fault_leaves_no_trace(pods: Space, name: str) -> None:
    before = state(pods)
    with pods.fault(name):
        assert state(pods) != before
    assert state(pods) == before


def test_an_overlay_between_ipv6_nodes_costs_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    options = ClusterOptions(nodes=2, family="ipv6", network="vxlan")
    with cluster(options, tmp_path_factory.mktemp("six")) as space:
        space.server("a", "node-1")
        target = space.server("b", "node-2")["status"]["podIP"]
        assert mtu_in(space, "a") == 1430
        with space.fault("fragments-dropped"):
            assert space.ask("a", target, protocol="udp", size=1430 - 48).startswith("b ")
