"""The environment variables by which containers find Services."""

from __future__ import annotations

from typing import Any

from pytest_k8snet.embedded.kubelet.service_links import service_links


def service(name: str, address: str, *ports: dict[str, Any]) -> dict[str, Any]:
    """A Service as the API has it."""
    return {"metadata": {"name": name, "namespace": "x"}, "spec": {"clusterIP": address, "ports": list(ports)}}


def test_the_variables_are_those_of_the_documentation() -> None:
    """The example of "Environment variables" in the documentation of Services, word for word."""
    redis = service("redis-primary", "10.0.0.11", {"port": 6379, "protocol": "TCP"})
    assert service_links([redis]) == {
        "REDIS_PRIMARY_SERVICE_HOST": "10.0.0.11",
        "REDIS_PRIMARY_SERVICE_PORT": "6379",
        "REDIS_PRIMARY_PORT": "tcp://10.0.0.11:6379",
        "REDIS_PRIMARY_PORT_6379_TCP": "tcp://10.0.0.11:6379",
        "REDIS_PRIMARY_PORT_6379_TCP_PROTO": "tcp",
        "REDIS_PRIMARY_PORT_6379_TCP_PORT": "6379",
        "REDIS_PRIMARY_PORT_6379_TCP_ADDR": "10.0.0.11",
    }


def test_named_ports_have_variables_of_their_own() -> None:
    ports = {"port": 80, "name": "web-ui"}, {"port": 53, "name": "dns", "protocol": "UDP"}
    found = service_links([service("a", "fd00::1", *ports)])
    assert found["A_SERVICE_PORT"] == found["A_SERVICE_PORT_WEB_UI"] == "80"
    assert found["A_SERVICE_PORT_DNS"] == "53"
    assert found["A_PORT"] == "tcp://[fd00::1]:80"
    assert found["A_PORT_53_UDP"] == "udp://[fd00::1]:53"


def test_headless_and_external_names_have_none() -> None:
    external = {"metadata": {"name": "c"}, "spec": {"type": "ExternalName", "externalName": "x.test"}}
    assert service_links([service("b", "None", {"port": 80}), external]) == {}
