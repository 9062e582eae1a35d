"""What ``kubectl get`` prints: ages, the word for a pod's state, selectors. The table of resources is sound."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.api.columns import human_duration
from pytest_k8snet.embedded.api.discovery import discover
from pytest_k8snet.embedded.api.kinds.network import selector_text
from pytest_k8snet.embedded.api.kinds.pods import pod_status
from pytest_k8snet.embedded.api.openapi import openapi
from pytest_k8snet.embedded.api.paths import ROOTS, parse_path
from pytest_k8snet.embedded.api.quantity import parse_quantity, same_quantity
from pytest_k8snet.embedded.api.resources import RESOURCES
from pytest_k8snet.embedded.api.shape import ANY, shape_of


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (303, "5m3s"),
        (3600, "60m"),
        (10800, "3h"),
        (18060, "5h1m"),
        (86400, "24h"),
        (180000, "2d2h"),
        (864000, "10d"),
        (86400 * 800, "2y"),
    ],
)
def test_ages_are_as_kubectl_prints_them(seconds: int, text: str) -> None:
    assert human_duration(seconds) == text


def state(**status: Any) -> dict[str, Any]:
    return {"metadata": status.pop("metadata", {}), "spec": {"initContainers": [{}, {}]}, "status": status}


def container(ready: bool = False, **container_state: Any) -> dict[str, Any]:
    return {"ready": ready, "state": container_state}


@pytest.mark.parametrize(
    ("pod", "word"),
    [
        (state(), "Pending"),
        (state(phase="Running"), "Running"),
        (state(phase="Pending", containerStatuses=[container(waiting={"reason": "ErrImagePull"})]), "ErrImagePull"),
        (state(phase="Running", containerStatuses=[container(terminated={"exitCode": 3})]), "ExitCode:3"),
        (state(phase="Failed", containerStatuses=[container(terminated={"signal": 9})]), "Signal:9"),
        (state(phase="Succeeded", containerStatuses=[container(terminated={"reason": "Completed"})]), "Completed"),
        (state(phase="Pending", initContainerStatuses=[container(running={})]), "Init:0/2"),
        (
            state(
                phase="Pending", initContainerStatuses=[container(terminated={"exitCode": 0}), container(waiting={})]
            ),
            "Init:1/2",
        ),
        (state(phase="Pending", initContainerStatuses=[container(terminated={"reason": "Error"})]), "Init:Error"),
        (state(phase="Running", metadata={"deletionTimestamp": "now"}), "Terminating"),
    ],
)
def test_the_state_of_a_pod_is_one_word(pod: dict[str, Any], word: str) -> None:
    assert pod_status(pod) == word


def test_selectors_are_printed_as_text() -> None:
    expressions = [
        {"key": "a", "operator": "In", "values": ["x", "y"]},
        {"key": "b", "operator": "DoesNotExist"},
    ]
    assert selector_text({"matchLabels": {"app": "web"}, "matchExpressions": expressions}) == "app=web,a in (x,y),!b"
    assert selector_text({}) == "<none>"


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_every_resource_is_served_described_and_shaped(resource: Any) -> None:
    entries = {entry["name"]: entry for entry in discover(f"/{resource.root}")["resources"]}
    assert entries[resource.plural]["kind"] == resource.kind
    prefix = f"/{resource.root}/" + ("namespaces/n/" if resource.namespaced else "")
    assert parse_path(prefix + resource.plural).resource is resource
    for sub in resource.subresources:
        assert parse_path(f"{prefix}{resource.plural}/x/{sub.name}").subresource is sub
        assert f"{resource.plural}/{sub.name}" in entries
    assert shape_of(resource.api_version, resource.kind) is not ANY
    assert resource.kind in openapi(f"/openapi/v3/{resource.root}")["components"]["schemas"]


def test_plurals_are_unique() -> None:
    assert len({resource.plural for resource in RESOURCES}) == len(RESOURCES)


def test_the_index_of_openapi_lists_every_root() -> None:
    assert set(openapi("/openapi/v3")["paths"]) == set(ROOTS)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [("1", "1000m", True), ("1Ki", "1024", True), ("1e3", "1k", True), ("0.5", "500m", True), ("1G", "1Gi", False)],
)
def test_quantities_are_amounts(left: str, right: str, same: bool) -> None:
    assert same_quantity(left, right) is same


@pytest.mark.parametrize("text", ["", "x", "1 Gi", "1e", "--1", "1.2.3", "1e9999999", "9" * 5000])
def test_what_is_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None
