"""The manifests of namespaces and probe pods."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pytest_k8snet.agent
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.pods import AGENT_CONFIG, PodRequest, agent_config, namespace, probe_pod
from pytest_k8snet.options import Settings

Object = dict[str, Any]
MakeSettings = Callable[..., Settings]

# https://kubernetes.io/docs/concepts/security/pod-security-standards/, as of Kubernetes 1.34.
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


def _violations(spec: Object) -> list[str]:
    """Return the rules of Pod Security *restricted* that a pod breaks."""
    pod = spec.get("securityContext", {})
    found = [name for name in HOST_NAMESPACES if spec.get(name)]
    found += [f"sysctl {entry['name']}" for entry in pod.get("sysctls", ()) if entry["name"] not in SAFE_SYSCTLS]
    found += [f"volume {volume['name']}" for volume in spec.get("volumes", ()) if set(volume) - {"name"} - VOLUMES]
    for container in spec["containers"] + spec.get("initContainers", []):
        own = container.get("securityContext", {})
        effective = pod | own
        broken = {
            "privileged": own.get("privileged"),
            "privilege escalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities kept": own.get("capabilities", {}).get("drop") != ["ALL"],
            "capabilities added": set(own.get("capabilities", {}).get("add", ())) - {"NET_BIND_SERVICE"},
            "may be root": effective.get("runAsNonRoot") is not True,
            "is root": effective.get("runAsUser") == 0,
            "seccomp": effective.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"},
            "procMount": own.get("procMount", "Default") != "Default",
            "hostPort": any(port.get("hostPort") for port in container.get("ports", ())),
            "SELinux": effective.get("seLinuxOptions"),
        }
        found += [f"{container['name']}: {rule}" for rule, breaks in broken.items() if breaks]
    return found


def _spec(wanted: PodRequest, settings: Settings) -> Object:
    spec: Object = probe_pod("1a2b", "ns", wanted, settings)["spec"]
    return spec


@pytest.mark.parametrize(
    "wanted",
    [
        PodRequest("plain"),
        PodRequest("on-a-node", "node-1"),
        PodRequest("twins", containers={"first": (8080,), "second": (80, 8081)}),
        PodRequest("labelled", labels={"app": "db"}),
    ],
    ids=lambda wanted: wanted.name,
)
def test_ordinary_probe_pods_meet_pod_security_restricted(wanted: PodRequest, make_settings: MakeSettings) -> None:
    generous = make_settings(tolerations=({"operator": "Exists"},), image_pull_secret="a/b", runtime_class="gvisor")
    assert _violations(_spec(wanted, make_settings())) == []
    assert _violations(_spec(wanted, generous)) == []


def test_host_network_and_host_ports_are_the_only_liberties_that_are_taken(settings: Settings) -> None:
    host_port = _spec(PodRequest("host-port", host_ports={8080: 23001}), settings)
    assert _violations(host_port) == ["agent: hostPort"]
    host = _violations(_spec(PodRequest("host", host_network=True), settings))
    assert "hostNetwork" in host
    assert "agent: privileged" not in host


def test_a_host_network_pod_may_open_raw_sockets_and_no_more(settings: Settings) -> None:
    (container,) = _spec(PodRequest("host", host_network=True), settings)["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_RAW"]}


def test_a_host_network_pod_has_no_sysctls_which_would_be_the_nodes(settings: Settings) -> None:
    assert "sysctls" not in _spec(PodRequest("host", host_network=True), settings).get("securityContext", {})


def test_a_host_network_pod_asks_the_clusters_dns_and_declares_its_ports(settings: Settings) -> None:
    spec = _spec(PodRequest("host", containers={"agent": (23000,)}, host_network=True), settings)
    assert spec["dnsPolicy"] == "ClusterFirstWithHostNet"
    assert {(port["containerPort"], port["hostPort"]) for port in spec["containers"][0]["ports"]} == {(23000, 23000)}


def test_only_the_wanted_port_becomes_a_host_port(settings: Settings) -> None:
    wanted = PodRequest("p", containers={"agent": (8080, 8081)}, host_ports={8081: 23001})
    (container,) = _spec(wanted, settings)["containers"]
    ports = {(port["containerPort"], port["protocol"], port.get("hostPort")) for port in container["ports"]}
    assert ports == {(8080, "TCP", None), (8080, "UDP", None), (8081, "TCP", 23001), (8081, "UDP", 23001)}


def test_each_container_serves_its_ports_with_the_agent_from_the_config_map(settings: Settings) -> None:
    spec = _spec(PodRequest("p", containers={"first": (80,), "second": (81, 82)}), settings)
    serve = ["python3", "-m", "agent", "serve"]
    assert [c["command"] for c in spec["containers"]] == [[*serve, "--port=80"], [*serve, "--port=81", "--port=82"]]
    assert spec["volumes"] == [{"name": "agent", "configMap": {"name": AGENT_CONFIG}}]
    for container in spec["containers"]:
        environment = {entry["name"]: entry for entry in container["env"]}
        (mount,) = container["volumeMounts"]
        assert mount == {"name": "agent", "mountPath": "/k8snet/agent", "readOnly": True}
        assert environment["PYTHONPATH"]["value"] == "/k8snet"
        assert environment["K8SNET_NODE"]["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"


def test_a_pod_can_be_told_what_to_ask_by_itself(settings: Settings) -> None:
    words = [("tcp", "10.0.0.1", 80), ("udp", "fd00::1", 8080)]
    (container,) = probe_pod("r", "ns", PodRequest("a", first_words=words, call_back=81), settings)["spec"][
        "containers"
    ]
    assert container["command"][-3:] == [
        "--first-word=tcp,10.0.0.1,80",
        "--first-word=udp,fd00::1,8080",
        "--call-back=81",
    ]


def test_the_kubelet_asks_a_pod_only_when_that_is_wanted(settings: Settings) -> None:
    (asked,) = probe_pod("r", "ns", PodRequest("a", readiness=True), settings)["spec"]["containers"]
    (left_alone,) = probe_pod("r", "ns", PodRequest("a"), settings)["spec"]["containers"]
    assert asked["readinessProbe"]["tcpSocket"] == {"port": 8080}
    assert "readinessProbe" not in left_alone


def test_the_kubelet_asks_a_port_that_nobody_serves_where_a_check_decides(settings: Settings) -> None:
    (asked,) = probe_pod("r", "ns", PodRequest("a", ready_port=8099), settings)["spec"]["containers"]
    assert asked["readinessProbe"]["tcpSocket"] == {"port": 8099}
    assert "--port=8099" not in asked["command"]


def test_a_pod_that_drains_has_the_time_for_it(settings: Settings) -> None:
    spec = probe_pod("r", "ns", PodRequest("a", drain=4), settings)["spec"]
    assert spec["terminationGracePeriodSeconds"] > 4
    assert "--drain=4" in spec["containers"][0]["command"]


def test_a_pod_goes_to_its_node_through_the_scheduler(settings: Settings) -> None:
    spec = _spec(PodRequest("p", "node-1"), settings)
    assert "nodeName" not in spec
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}


def test_a_pod_may_go_anywhere_when_no_node_is_wanted(settings: Settings) -> None:
    assert "affinity" not in _spec(PodRequest("p"), settings)


def test_what_the_user_asked_for_is_in_every_pod(make_settings: MakeSettings) -> None:
    settings = make_settings(
        image="lab/probe:latest",
        image_pull_policy="Never",
        image_pull_secret="registry/pull",
        node_selector={"zone": "a"},
        tolerations=({"operator": "Exists"},),
        runtime_class="gvisor",
    )
    for wanted in (PodRequest("p"), PodRequest("h", host_network=True)):
        spec = _spec(wanted, settings)
        (container,) = spec["containers"]
        assert (container["image"], container["imagePullPolicy"]) == ("lab/probe:latest", "Never")
        assert spec["imagePullSecrets"] == [{"name": "pull"}]
        assert (spec["nodeSelector"], spec["tolerations"]) == ({"zone": "a"}, [{"operator": "Exists"}])
        assert spec["runtimeClassName"] == "gvisor"


def test_a_pod_carries_the_label_of_its_run_and_those_that_were_asked_for(settings: Settings) -> None:
    metadata = probe_pod("1a2b", "ns", PodRequest("p", labels={"app": "db"}), settings)["metadata"]
    assert metadata["labels"] == {labels.RUN: "1a2b", "k8snet.io/pod": "p", "app": "db"}
    assert (metadata["name"], metadata["namespace"]) == ("p", "ns")


def test_a_pod_gets_nothing_of_the_cluster_that_it_does_not_need(settings: Settings) -> None:
    spec = _spec(PodRequest("p"), settings)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False


def test_the_agent_travels_whole_and_fits_into_a_config_map() -> None:
    config = agent_config("1a2b", "ns")
    folder = Path(pytest_k8snet.agent.__file__).parent
    assert set(config["data"]) == {file.name for file in folder.iterdir() if file.suffix == ".py"}
    assert {"__init__.py", "__main__.py"} <= set(config["data"])
    assert all((folder / name).read_text() == text for name, text in config["data"].items())
    assert len(json.dumps(config).encode()) < 1024 * 1024
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", name) for name in config["data"])
    assert config["metadata"]["labels"] == {labels.RUN: "1a2b"}


def test_the_agent_is_flat_as_a_config_map_is() -> None:
    folder = Path(pytest_k8snet.agent.__file__).parent
    assert [path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"] == []


def test_a_namespace_says_whose_it_is_and_until_when_it_lives(make_settings: MakeSettings) -> None:
    settings = make_settings(namespace_labels={"team": "net"}, namespace_annotations={"owner": "a=b"})
    made = namespace("1a2b", "tests/test_x.py::test[a]", settings)
    metadata = made["metadata"]
    assert metadata["labels"] == {
        labels.RUN: "1a2b",
        "pod-security.kubernetes.io/enforce": "restricted",
        "team": "net",
    }
    assert metadata["annotations"][labels.PURPOSE] == "tests/test_x.py::test[a]"
    assert metadata["annotations"]["owner"] == "a=b"
    assert not labels.expired(made)


def test_the_pod_security_level_of_a_namespace_can_be_another(settings: Settings) -> None:
    made = namespace("1a2b", "host", settings, enforce="privileged")
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_a_user_may_decide_the_pod_security_level(make_settings: MakeSettings) -> None:
    settings = make_settings(namespace_labels={"pod-security.kubernetes.io/enforce": "baseline"})
    made = namespace("1a2b", "fleet", settings)
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
