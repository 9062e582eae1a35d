"""Each fault breaks what it says, nothing beside it, and leaves no trace when it is restored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from pytest_k8snet.embedded.faults_client import FaultError
from pytest_k8snet.embedded.injection import LAYERS, catalogue
from tests.embedded import test_dns_answer_faults, test_speed_faults
from tests.embedded.conftest import Space, addresses

NODES = ("node-1", "node-2", "node-3")
STATE = """
exec 2>&1
nft list ruleset
ip -o addr | sort; ip -o link | sed 's/qlen.*//'
ip route show table all | sort; ip -6 route show table all | sort; ip rule; ip -6 rule
ip neigh show nud permanent
sysctl net.ipv4.conf.eth0.accept_local net.ipv4.ip_forward || true
"""
PINGS = {"sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 2147483647"}]}
PODS = ("a1", "a2", "b1", "hp")


@dataclass(frozen=True)
class Question:
    """What ``Space.ask`` is asked. ``target`` is a pod (its IPv4 address, ``six`` its IPv6 one) or an address."""

    source: str
    target: str
    port: int = 8080
    protocol: str = "tcp"
    size: int = 1
    fragment: bool = False
    six: bool = False

    def ask(self, space: Space) -> str:
        address = self.target
        if self.target in (*PODS, "h1", "h2", "new"):
            address = addresses(space.get(self.target))[self.six]
        return space.ask(self.source, address, self.port, self.protocol, self.size, fragment=self.fragment)


Q = Question
DROPPED = "TimeoutError"

DATA_PATH = {
    # fault: what it breaks, the answer then, and what still works beside it
    "snat-between-nodes": (Q("a1", "b1"), "b1 10.200.0.1", Q("a1", "a2")),
    "snat-on-node": (Q("a1", "a2"), "a2 10.200.0.1", Q("a1", "b1")),
    "missing-route": (Q("a1", "b1"), "OSError", Q("a1", "a2")),
    "one-direction-dropped": (Q("a1", "b1"), DROPPED, Q("b1", "a1")),
    "udp-dropped": (Q("a1", "b1", protocol="udp"), DROPPED, Q("a1", "b1")),
    "sctp-dropped": (Q("a1", "b1", protocol="sctp"), DROPPED, Q("a1", "b1", protocol="udp")),
    "icmp-dropped": (Q("a1", "b1", protocol="icmp"), DROPPED, Q("a1", "b1", 9, "udp")),
    "ipv6-dropped": (Q("a1", "b1", six=True), DROPPED, Q("a1", "b1")),
    "same-node-dropped": (Q("a1", "a2"), DROPPED, Q("a1", "b1")),
    "wrong-mtu": (Q("a1", "b1", protocol="udp", size=1420), DROPPED, Q("a1", "b1", protocol="udp", size=1300)),
    "too-long-swallowed": (Q("a1", "b1", protocol="udp", size=1550), DROPPED, Q("a1", "b1", protocol="udp", size=1450)),
    "node-mtu-of-one-node": (
        Q("a1", "b1", protocol="udp", size=1420),
        DROPPED,
        Q("a1", "b1", protocol="udp", size=1300),
    ),
    "fragments-dropped": (Q("a1", "b1", 8080, "udp", 3000, True), DROPPED, Q("a1", "b1", protocol="udp", size=1450)),
    "reply-from-another-address": (Q("a1", "b1", protocol="udp"), "b1 {a1} from 10.200.0.2", Q("a1", "b1")),
    "hairpin-self-dropped": (Q("a1", "a1"), DROPPED, Q("a1", "127.0.0.1")),
    "node-to-pod-dropped": (Q("h1", "a1"), DROPPED, Q("h1", "b1")),
    "pod-to-node-dropped": (Q("a1", "h1", 9000), DROPPED, Q("a1", "h2", 9000)),
    "host-network-isolated": (Q("h1", "h2", 9000), DROPPED, Q("a1", "h2", 9000)),
    "hostport-missing": (Q("b1", "10.200.0.1", 9080), "ConnectionRefusedError", Q("b1", "hp")),
    "hostport-wrong-pod": (Q("b1", "10.200.0.1", 9080), "a1 {b1}", Q("b1", "hp")),
    "pod-exposed-outside": (Q("outside", "10.200.0.1"), "a1 10.200.0.201", Q("outside", "10.200.0.1", 9)),
    "hidden-proxy-answers": (Q("a1", "b1", 9), "b1 {a1}", Q("a1", "b1", 9, "udp")),
}
FRAGMENTS_V6 = Q("a1", "b1", 8080, "udp", 3000, True, True)
WHOLE_V6 = {
    "wrong-mtu": Q("a1", "b1", 8080, "udp", 1420, six=True),
    "too-long-swallowed": Q("a1", "b1", 8080, "udp", 1550, six=True),
    "fragments-dropped": FRAGMENTS_V6,
    "icmp-dropped": Q("a1", "b1", protocol="icmp", six=True),
}
OTHERS = {
    "address-outside-pod-cidr",
    "containers-not-sharing-netns",
    "duplicate-address",
    "host-network-address-wrong",
    "new-pods-unreachable",
    "cloud-annotations-ignored",
    "jumbo-black-hole",
    "new-pods-late",
    "one-pair-encapsulated",
    "path-delayed",
    "pod-mtu-of-one-node",
    "restart-changes-address",
    "second-family-missing",
    "stale-address",
    "status-address-wrong",
}
ELSEWHERE = {
    *test_speed_faults.WAYS,
    "pods-lossy",
    # tests/embedded/test_policy_faults.py and test_policy_fault_changes.py
    "policy-address-keeps-labels",
    "policy-address-reuse-stale",
    "policy-any-protocol",
    "policy-clusterip-bypass",
    "policy-deleted-stays",
    "policy-egress-only",
    "policy-empty-rule-ignored",
    "policy-empty-selector-selects-none",
    "policy-endport-ignored",
    "policy-established-ignored",
    "policy-except-denies",
    "policy-except-ignored",
    "policy-ignored",
    "policy-ingress-only",
    "policy-ipv6-unenforced",
    "policy-first-one-wins",
    "policy-last-one-wins",
    "policy-late",
    "policy-late-for-new-pods",
    "policy-named-port-of-first-pod",
    "policy-namespace-label-stale",
    "policy-operators-notin-wrong",
    "policy-own-node-blocked",
    "policy-peer-selectors-ored",
    "policy-restart-forgets",
    "policy-same-node-bypass",
    "policy-sctp-as-tcp",
    "policy-stale-label",
    "policy-udp-unenforced",
    # tests/embedded/test_cluster_wide_policies.py
    "policy-admin-ignored",
    "policy-baseline-first",
    "policy-pass-as-accept",
    "policy-priority-reversed",
    # tests/embedded/test_control_loop_faults.py
    "endpoints-late",
    "endpoints-new-pods-missing",
    "endpoints-out-of-order",
    "endpoints-unready-kept",
    "service-change-lost",
    "service-deletion-lost",
    # tests/embedded/test_dns_faults.py
    "dns-large-answers-lost",
    "dns-replica-dead",
    "dns-slow-replica",
    "dns-tcp-refused",
    "dns-truncated-lost",
    "dns-wrong-source",
    # tests/embedded/test_dns_answer_faults.py
    *test_dns_answer_faults.ALTERED,
    *test_dns_answer_faults.FILES,
    *test_dns_answer_faults.PAGES,
    "dns-changes-late",
    "dns-forward-drops",
    "dns-order-fixed",
    "dns-replica-stale",
    # calibrations: what they break is seen only with a Corefile of the checks' own, with many questions, or in another
    # namespace
    "dns-answers-lost",
    "dns-cache-never-expires",
    "dns-cache-ttl-fixed",
    "dns-lameduck-ignored",
    "dns-loop-unasked",
    "dns-namespace-ignored",
    "dns-negative-cache-too-long",
    "dns-pods-verified-wrong",
    "dns-publish-ignored",
    "dns-reload-ignored",
    "dns-servfail-missing",
    "dns-unreadable-corefile-taken",
    # calibrations: what they break is asked of Services of many kinds, from everywhere
    "cluster-address-exposed-outside",
    "endpoints-own-slices-ignored",
    "endpoints-publish-not-ready-ignored",
    "endpoints-relabelled-kept",
    "host-network-unreached-outside",
    "service-affinity-forever",
    "service-any-port",
    "service-balancer-unserved",
    "service-cluster-address-masqueraded",
    "service-endpoint-unused",
    "service-external-cluster-local-only",
    "service-external-ips-unserved",
    "service-external-local-forwarded",
    "service-external-local-masqueraded",
    "service-former-ports-kept",
    "service-further-ports-missing",
    "service-hairpin-dropped",
    "service-hints-ignored",
    "service-hints-strict",
    "service-ip-mode-ignored",
    "service-sctp-unserved",
    "service-health-check-wrong",
    "service-internal-local-ignored",
    "service-ipv6-unserved",
    "service-missing-on-one-node",
    "service-named-port-of-first-pod",
    "service-new-lost",
    "service-not-ready-used",
    "service-open-on-nodes",
    "service-source-ranges-ignored",
    "service-terminating-unused",
    "service-terminating-used",
    "service-udp-flows-stale",
    # tests/embedded/test_service_faults.py
    "nodeport-missing-on-one-node",
    "service-affinity-ignored",
    "service-external-local-ignored",
    "service-no-reject",
    "service-single-endpoint",
    "service-stale-endpoint",
    "service-udp-unserved",
    "service-wrong-backend",
}


@pytest.fixture(scope="module")
def pods(module_space: Space) -> Space:
    for name, node in {"a1": "node-1", "a2": "node-1", "b1": "node-2"}.items():
        module_space.server(name, node, securityContext=PINGS)
    module_space.server("hp", "node-1", host_port=9080)
    for name, node in {"h1": "node-1", "h2": "node-2", "h3": "node-3"}.items():
        module_space.server(name, node, port=9000, hostNetwork=True)
    return module_space


def state(space: Space) -> dict[str, str]:
    """What the kernel knows of the network, as seen in the nodes and in the pods."""
    return {pod: space.exec(pod, "sh", "-c", STATE).stdout for pod in (*PODS, "h1", "h2", "h3")}


def told(space: Space) -> dict[str, list[str]]:
    """The addresses in the status of each pod."""
    return {pod: [entry["ip"] for entry in space.get(pod)["status"]["podIPs"]] for pod in (*PODS, "h1", "h2")}


def inside(space: Space, pod: str) -> set[str]:
    """The addresses that a pod finds on its interfaces."""
    links = json.loads(space.exec(pod, "ip", "-j", "addr").stdout)
    return {
        address["local"]
        for link in links
        if link["ifname"] != "lo"
        for address in link["addr_info"]
        if address["scope"] == "global"
    }


def test_every_fault_of_the_catalogue_is_tested_here() -> None:
    assert set(catalogue()) == set(DATA_PATH) | OTHERS | ELSEWHERE


def test_every_fault_says_what_it_breaks_and_where() -> None:
    for name, known in catalogue().items():
        assert known.breaks, name
        assert known.layer in LAYERS, name


@pytest.mark.parametrize("name", DATA_PATH)
def test_a_fault_of_the_data_path_breaks_one_thing(pods: Space, name: str) -> None:
    broken, answer, works = DATA_PATH[name]
    healthy = broken.ask(pods), works.ask(pods)
    source = {pod: addresses(pods.get(pod))[0] for pod in ("a1", "b1")}
    with pods.fault(name):
        assert broken.ask(pods) == answer.format(**source) != healthy[0]
        assert works.ask(pods) == healthy[1]
    assert (broken.ask(pods), works.ask(pods)) == healthy


@pytest.mark.parametrize("name", WHOLE_V6)
def test_a_fault_that_looks_into_packets_holds_for_ipv6_too(pods: Space, name: str) -> None:
    healthy = WHOLE_V6[name].ask(pods)
    with pods.fault(name):
        assert WHOLE_V6[name].ask(pods) == DROPPED != healthy


@pytest.mark.parametrize("name", sorted({*catalogue()} - {"pod-link-slow"}))  # of a pod that is not here
def test_restoring_a_fault_leaves_no_trace(pods: Space, name: str) -> None:
    before = state(pods), told(pods)
    assert "k8snet-egress" in before[0]["h1"]
    assert before[1]["a1"][0] in before[0]["a1"]
    with pods.fault(name):
        pass
    assert (state(pods), told(pods)) == before


@pytest.mark.parametrize("name", ["udp-dropped", "hairpin-self-dropped", "snat-on-node", "hidden-proxy-answers"])
def test_a_fault_holds_for_new_pods_too(pods: Space, space: Space, name: str) -> None:
    broken, _, _ = DATA_PATH[name]
    with pods.fault(name):
        new = addresses(space.server("new", "node-1"))[0]
        source = space if broken.source == broken.target else pods
        asker = "new" if broken.source == broken.target else "a1"
        during = source.ask(asker, new, broken.port, broken.protocol)
    assert during != source.ask(asker, new, broken.port, broken.protocol)


def test_a_status_can_tell_addresses_that_the_pod_does_not_have(pods: Space) -> None:
    before = told(pods)
    with pods.fault("status-address-wrong"):
        during = told(pods)
        assert inside(pods, "a1") == set(before["a1"])
        assert Q("b1", before["a1"][0]).ask(pods).startswith("a1 ")
    assert all(not set(during[pod]) & set(before[pod]) for pod in PODS)
    assert during["h1"] == before["h1"]


def test_the_status_of_host_network_pods_can_be_wrong(pods: Space) -> None:
    before = told(pods)
    with pods.fault("host-network-address-wrong"):
        during = told(pods)
    assert during["h1"] == ["10.200.0.254", "fd00:200::254"]
    assert during["a1"] == before["a1"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("second-family-missing", lambda seen: all(len(seen[pod]) == 1 for pod in PODS)),
        ("address-outside-pod-cidr", lambda seen: all(seen[pod][0].startswith("10.245.") for pod in PODS)),
        ("duplicate-address", lambda seen: len({seen[pod][0] for pod in PODS}) == len(PODS) - 1),
    ],
)
def test_pods_can_show_wrong_addresses_and_go_on_working(
    pods: Space, name: str, wrong: Callable[[dict[str, list[str]]], bool]
) -> None:
    before = told(pods)
    with pods.fault(name):
        during = told(pods)
        assert wrong(during)
        assert all(inside(pods, pod) == set(during[pod]) for pod in PODS)
        for source in PODS:
            for target in PODS:
                for family in (0, 1):
                    answer = pods.ask(source, before[target][family])
                    assert answer == f"{target} {before[source][family]}", (source, target)


def test_new_pods_can_be_cut_off(pods: Space, space: Space) -> None:
    old = addresses(pods.get("a1"))[0]
    with pods.fault("new-pods-unreachable"):
        new = addresses(space.server("new", "node-2"))[0]
        assert space.ask("new", old) == DROPPED
        assert pods.ask("a1", new).startswith("new ")
    assert space.ask("new", old).startswith("a1 ")


def test_containers_of_a_new_pod_can_be_apart(space: Space) -> None:
    server = {"image": "test", "command": space.server_command(8080)}
    twins = [{"name": "first", **server}, {"name": "second", "image": "test", "command": ["sleep", "1000"]}]
    question = ("python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8080))")
    with space.fault("containers-not-sharing-netns"):
        space.create("twins", containers=twins)
        space.wait("twins")
        assert space.exec("twins", *question, container="second").exit_code == 1
    space.wait("twins", lambda pod: pod["status"]["containerStatuses"][1].get("restartCount") == 1)
    space.wait("twins")
    assert space.exec("twins", *question, container="second").exit_code == 0


def test_a_restart_can_change_the_address(space: Space) -> None:
    def restart(count: int) -> tuple[str, str]:
        space.exec("a", "touch", "/tmp/end")
        again = space.wait("a", lambda pod: pod["status"]["containerStatuses"][0]["restartCount"] == count)
        return addresses(again)

    space.create("a", {"command": ["sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.02; done"]})
    before = addresses(space.wait("a"))
    with space.fault("restart-changes-address"):
        restart(1)
        space.wait("a", lambda pod: addresses(pod) != before)
    assert addresses(space.get("a")) == before


def test_a_deleted_pod_can_go_on_answering(pods: Space, space: Space) -> None:
    former = addresses(space.server("former", "node-2"))[0]
    with pods.fault("stale-address"):
        space.delete("former")
        later = addresses(space.server("later", "node-2"))[0]
        assert pods.ask("a1", former).startswith("former ")
        assert pods.ask("a1", later).startswith("later ")
    assert not pods.ask("a1", former).startswith("former ")


def test_an_unknown_fault_is_refused_with_those_that_there_are(pods: Space) -> None:
    with pytest.raises(FaultError, match=r"there is no fault no-such-fault; there are: .*udp-dropped"):
        pods.running.inject("no-such-fault")


def test_a_fault_is_put_in_and_taken_out_once(pods: Space) -> None:
    with pods.fault("udp-dropped"), pytest.raises(FaultError, match="is in already"):
        pods.running.inject("udp-dropped")
    with pytest.raises(FaultError, match="is not in"):
        pods.running.restore("udp-dropped")


def mtu_of(space: Space, pod: str, device: str = "eth0") -> int:
    (link,) = json.loads(space.exec(pod, "ip", "-j", "link", "show", "dev", device).stdout)
    return int(link["mtu"])


def test_pods_of_one_node_can_have_a_smaller_mtu(pods: Space) -> None:
    with pods.fault("pod-mtu-of-one-node"):
        assert (mtu_of(pods, "a1"), mtu_of(pods, "b1")) == (1500, 1440)
        assert Q("a1", "b1", protocol="udp", size=1400).ask(pods).startswith("b1 ")
    assert mtu_of(pods, "b1") == 1500


def test_jumbo_frames_can_vanish_between_two_nodes(pods: Space) -> None:
    with pods.fault("jumbo-black-hole"):
        assert mtu_of(pods, "a1") == 9000
        assert Q("a1", "b1", protocol="udp", size=8000).ask(pods) == DROPPED
        assert Q("a1", "b1", protocol="udp", size=1400).ask(pods).startswith("b1 ")
        assert Q("a1", "a2", protocol="udp", size=8000).ask(pods).startswith("a2 ")
    assert mtu_of(pods, "a1") == 1500


def test_one_pair_of_nodes_can_have_a_tunnel_of_its_own(pods: Space) -> None:
    with pods.fault("one-pair-encapsulated"):
        shown = pods.exec("h1", "ip", "route", "get", addresses(pods.get("b1"))[0]).stdout
        assert "dev vxlan" in shown
        for six in (False, True):
            assert Q("a1", "b1", protocol="udp", size=1300, six=six).ask(pods).startswith("b1 ")
            assert Q("b1", "a1", six=six).ask(pods).startswith("a1 ")


def test_a_delayed_path_carries_everything_later(pods: Space) -> None:
    with pods.fault("path-delayed"):
        shown = pods.exec("h1", "ip", "route", "get", addresses(pods.get("b1"))[0]).stdout
        assert "dev detour" in shown
        for six in (False, True):
            for protocol in ("tcp", "udp"):
                assert Q("a1", "b1", protocol=protocol, six=six).ask(pods).startswith("b1 ")
            assert Q("a1", "b1", protocol="udp", size=1440, six=six).ask(pods).startswith("b1 ")
    assert "dev eth0" in pods.exec("h1", "ip", "route", "get", addresses(pods.get("b1"))[0]).stdout
