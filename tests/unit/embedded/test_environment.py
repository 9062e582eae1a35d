"""Command lines and environments of containers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pytest_k8snet.embedded.kubelet.environment import ConfigError, build_command, expand, field_value

Object = dict[str, Any]

POD: Object = {
    "metadata": {
        "name": "p",
        "namespace": "ns",
        "uid": "u",
        "labels": {"app": "web", "a": "b"},
        "annotations": {"x.io/note": "hi"},
    },
    "spec": {"nodeName": "n1"},
    "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd::1"}], "hostIP": "10.1.0.1"},
}
OBJECTS: dict[tuple[str, str], Object] = {
    ("configmaps", "config"): {"kind": "ConfigMap", "data": {"mode": "fast"}},
    ("secrets", "secret"): {"kind": "Secret", "data": {"word": base64.b64encode(b"sesame").decode()}},
}


def lookup(plural: str, name: str) -> Object | None:
    return OBJECTS.get((plural, name))


def environment(*env: Object, **container: Any) -> dict[str, str]:
    made = build_command(POD, {"name": "c", "command": ["true"], "env": list(env), **container}, "p", lookup)
    return made.env


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ({"resource": "limits.cpu"}, "2"),
        ({"resource": "limits.cpu", "divisor": "1m"}, "1500"),
        ({"resource": "requests.memory", "divisor": "1Mi"}, "64"),
        ({"resource": "limits.cpu", "divisor": "0"}, "2"),
    ],
)
def test_a_resource_is_told_in_whole_divisors(reference: Object, value: str) -> None:
    resources = {"limits": {"cpu": "1500m"}, "requests": {"memory": "64Mi"}}
    pod = {**POD, "spec": {"containers": [{"name": "c"}]}}
    asked = {"name": "R", "valueFrom": {"resourceFieldRef": reference}}
    container = {"name": "c", "command": ["true"], "env": [asked], "resources": resources}
    pod["spec"]["containers"] = [container]
    assert build_command(pod, container, "p", lookup).env["R"] == value


def test_a_resource_that_is_not_asked_for_is_missed() -> None:
    pod = {**POD, "spec": {"containers": [{"name": "c"}]}}
    asked = {"name": "R", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}
    with pytest.raises(ConfigError, match=r'container "c" does not say limits\.cpu'):
        build_command(pod, {"name": "c", "command": ["true"], "env": [asked]}, "p", lookup)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "ns"),
        ("metadata.uid", "u"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['x.io/note']", "hi"),
        ("metadata.labels", 'a="b"\napp="web"'),
        ("spec.nodeName", "n1"),
        ("spec.serviceAccountName", "default"),
        ("status.podIP", "10.0.0.1"),
        ("status.podIPs", "10.0.0.1,fd::1"),
        ("status.hostIP", "10.1.0.1"),
    ],
)
def test_the_downward_api_gives_the_fields_of_the_pod(path: str, value: str) -> None:
    assert field_value(POD, path) == value


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"spec\.secrets"):
        field_value(POD, "spec.secrets")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)-$(A)", "1-1"),
        ("$$(A)", "$(A)"),
        ("$(B)", "$(B)"),
        ("$A ${A}", "$A ${A}"),
        ("$$$$", "$$"),
    ],
)
def test_references_are_expanded_as_by_kubernetes(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


def test_values_may_refer_to_earlier_ones() -> None:
    env = environment({"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "3"})
    assert env["B"] == "1$(C)"


def test_values_come_from_config_maps_and_secrets() -> None:
    env = environment(
        {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "config", "key": "mode"}}},
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "secret", "key": "word"}}},
        {"name": "NONE", "valueFrom": {"configMapKeyRef": {"name": "nope", "key": "x", "optional": True}}},
        envFrom=[{"prefix": "P_", "configMapRef": {"name": "config"}}],
    )
    assert (env["MODE"], env["WORD"], env["P_mode"]) == ("fast", "sesame", "fast")
    assert "NONE" not in env


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"name": "nope", "key": "x"}, 'configmap "nope" not found'),
        ({"name": "config", "key": "x"}, "couldn't find key x in ConfigMap ns/config"),
    ],
)
def test_a_missing_reference_says_what_is_missing(reference: Object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        environment({"name": "A", "valueFrom": {"configMapKeyRef": reference}})


def test_a_container_without_a_command_is_told_why_that_does_not_work_here() -> None:
    with pytest.raises(ConfigError, match="does not pull images, so a container must say what to run"):
        build_command(POD, {"name": "c"}, "p", lookup)


def test_arguments_follow_the_command() -> None:
    container = {"name": "c", "command": ["echo"], "args": ["$(HOSTNAME)"], "workingDir": "/tmp"}
    made = build_command(POD, container, "host", lookup)
    assert (made.argv, made.cwd) == (("echo", "host"), "/tmp")


def test_services_are_found_by_variables_that_the_container_may_use_and_override() -> None:
    links = {"A_SERVICE_HOST": "10.96.0.7", "A_SERVICE_PORT": "80"}
    entries = [{"name": "URL", "value": "http://$(A_SERVICE_HOST)"}, {"name": "A_SERVICE_PORT", "value": "mine"}]
    made = build_command(POD, {"name": "c", "command": ["true"], "env": entries}, "p", lookup, links).env
    assert (made["URL"], made["A_SERVICE_HOST"], made["A_SERVICE_PORT"]) == ("http://10.96.0.7", "10.96.0.7", "mine")
