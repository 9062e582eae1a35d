"""Cluster addresses: each belongs to one Service at a time."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.status import StoreError
from pytest_k8snet.embedded.api.store import Store, Write

RANGES = ("10.96.0.0/29", "fd00:96::/120")
"""Of the first, six addresses can be given."""
PORTS = [{"port": 80, "protocol": "TCP"}]


@pytest.fixture
def store() -> Store:
    """A store whose range of IPv4 addresses is soon used up."""
    return new_store(service_networks=RANGES)


def service(name: str, **spec: Any) -> dict[str, Any]:
    """A Service of the type ClusterIP."""
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"ports": PORTS, **spec}}


def address_of(made: dict[str, Any]) -> str:
    """The first address of a Service."""
    return str(made["spec"]["clusterIP"])


def test_no_two_services_have_the_same_address(store: Store) -> None:
    addresses = [address_of(store.create("services", service(f"s{number}"))) for number in range(6)]
    assert len(set(addresses)) == 6


def test_an_address_that_another_service_has_is_refused(store: Store) -> None:
    taken = address_of(store.create("services", service("first")))
    with pytest.raises(StoreError, match="provided IP is already allocated"):
        store.create("services", service("second", clusterIP=taken))


def test_the_address_of_a_service_that_is_gone_is_free_again(store: Store) -> None:
    taken = address_of(store.create("services", service("first")))
    store.remove("services", "first", "default")
    assert address_of(store.create("services", service("second", clusterIP=taken))) == taken
    assert taken not in {address_of(store.create("services", service(f"s{number}"))) for number in range(5)}


def test_the_address_that_a_service_has_left_is_free_again(store: Store) -> None:
    taken = address_of(store.create("services", service("first")))
    store.replace("services", service("first", type="ExternalName", externalName="x.test"))
    assert address_of(store.create("services", service("second", clusterIP=taken))) == taken


def test_a_service_keeps_its_own_address_when_it_changes(store: Store) -> None:
    taken = address_of(store.create("services", service("first")))
    changed = store.replace("services", service("first", clusterIP=taken, selector={"app": "x"}))
    assert address_of(changed) == taken


def test_a_dry_run_takes_no_address(store: Store) -> None:
    asked = store.create("services", service("first", clusterIP="10.96.0.3"), Write(dry_run=True))
    assert address_of(asked) == "10.96.0.3"
    assert address_of(store.create("services", service("second", clusterIP="10.96.0.3"))) == "10.96.0.3"
