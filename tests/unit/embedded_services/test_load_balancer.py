"""The addresses of load balancers, and by which nodes they are reached."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from pytest_k8snet.embedded.api.bootstrap import new_store
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.services.announcer import routes
from pytest_k8snet.embedded.services.load_balancer import LoadBalancers
from pytest_k8snet.embedded.services.ports import Endpoint, ServicePort

NODES = ("node-1", "node-2", "node-3")


def create(store: Store, name: str, **spec: Any) -> None:
    whole = {"type": "LoadBalancer", "ports": [{"port": 80}], "ipFamilyPolicy": "PreferDualStack", **spec}
    store.create("services", {"metadata": {"name": name, "namespace": "default"}, "spec": whole})


def addresses(store: Store, name: str) -> list[str]:
    ingress = store.need("services", name, "default")["status"]["loadBalancer"].get("ingress") or []
    assert all(entry["ipMode"] == "VIP" for entry in ingress)
    return [entry["ip"] for entry in ingress]


def settled(*steps: Any) -> Store:
    """A store after steps, with the controller at work in between."""

    async def course() -> Store:
        store = new_store()
        task = asyncio.create_task(LoadBalancers(store).run())
        for step in steps:
            step(store)
            for _ in range(5):
                await asyncio.sleep(0)
        task.cancel()
        return store

    return asyncio.run(course())


def test_each_family_gets_the_lowest_free_address() -> None:
    store = settled(lambda s: create(s, "a"), lambda s: create(s, "b", ipFamilyPolicy="SingleStack"))
    assert addresses(store, "a") == ["10.201.0.1", "fd00:201::1"]
    assert addresses(store, "b") == ["10.201.0.2"]


def test_an_address_is_free_again_when_its_service_is_gone() -> None:
    store = settled(
        lambda s: create(s, "a"),
        lambda s: create(s, "b"),
        lambda s: s.remove("services", "a", "default"),
        lambda s: create(s, "c"),
    )
    assert addresses(store, "b") == ["10.201.0.2", "fd00:201::2"]
    assert addresses(store, "c") == ["10.201.0.1", "fd00:201::1"]


def test_an_address_may_be_asked_for_once() -> None:
    ask = {"loadBalancerIP": "10.201.0.77", "ipFamilyPolicy": "SingleStack"}
    store = settled(lambda s: create(s, "a", **ask), lambda s: create(s, "b", **ask))
    assert (addresses(store, "a"), addresses(store, "b")) == (["10.201.0.77"], ["10.201.0.1"])


def test_an_address_outside_the_pool_is_not_given() -> None:
    store = settled(lambda s: create(s, "a", loadBalancerIP="192.0.2.1", ipFamilyPolicy="SingleStack"))
    assert addresses(store, "a") == ["10.201.0.1"]


def test_a_class_is_someone_elses_business() -> None:
    store = settled(lambda s: create(s, "a", loadBalancerClass="example.org/other"))
    assert addresses(store, "a") == []


def test_what_another_class_has_said_of_its_service_stays() -> None:
    said = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}}
    store = settled(
        lambda s: create(s, "a", loadBalancerClass="example.org/other"),
        lambda s: s.set_status("services", "a", "default", said),
        lambda s: create(s, "b"),
    )
    assert addresses(store, "a") == ["192.0.2.1"]


def test_a_service_that_is_no_load_balancer_any_more_loses_its_addresses() -> None:
    def change(store: Store) -> None:
        store.update("services", "a", "default", lambda service: service["spec"].update(type="ClusterIP"))

    assert addresses(settled(lambda s: create(s, "a"), change), "a") == []


PORT = ServicePort("x/web", "", 4, "tcp", 80, "10.96.0.9", external=("10.201.0.1",), balanced=("10.201.0.1",))
HERE = Endpoint("10.244.2.2", 80, "node-2")


def test_every_node_takes_what_all_endpoints_may_serve() -> None:
    assert routes((replace(PORT, endpoints=(HERE,)),), NODES) == {"10.201.0.1": NODES}


def test_only_nodes_with_endpoints_take_what_must_be_served_locally() -> None:
    assert routes((replace(PORT, endpoints=(HERE,), external_local=True),), NODES) == {"10.201.0.1": ("node-2",)}


def test_without_any_endpoint_every_node_refuses() -> None:
    assert routes((replace(PORT, external_local=True),), NODES) == {"10.201.0.1": NODES}
