"""Which load balancer a Service of a cloud asks for, and which one it has by its name."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8snet.measure.tuning.cloud_balancer import ANNOTATION, CLASS, CloudBalancer, balancers, cloud_of

NETWORK = "k8s-shop-web-0123456789-abcdef0123456789.elb.eu-central-1.amazonaws.com"
CLASSIC = "a0123456789abcdef-1234567890.eu-central-1.elb.amazonaws.com"


def service(hostname: str = "", asked: str = "", **spec: Any) -> dict[str, Any]:
    annotations = {ANNOTATION: asked} if asked else {}
    ingress = [{"hostname": hostname}] if hostname else []
    return {
        "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
        "spec": {"type": "LoadBalancer", **spec},
        "status": {"loadBalancer": {"ingress": ingress}},
    }


@pytest.mark.parametrize("asked", ["nlb", "nlb-ip", "external"])
def test_who_asks_for_a_network_load_balancer_and_has_one_is_right(asked: str) -> None:
    assert CloudBalancer.of(service(NETWORK, asked)).wrong == ""


def test_a_class_asks_as_well() -> None:
    assert "has one of kind classic" in CloudBalancer.of(service(CLASSIC, loadBalancerClass=CLASS)).wrong


@pytest.mark.parametrize(
    ("hostname", "said"),
    [
        (CLASSIC, f"shop/web asks for a Network Load Balancer and has one of kind classic: {CLASSIC}"),
        ("", "shop/web asks for a Network Load Balancer and has none"),
        ("web.example.com", "shop/web asks for a Network Load Balancer and has one of kind unknown: web.example.com"),
    ],
    ids=["classic", "none", "unknown"],
)
def test_what_is_asked_for_and_not_there_is_told(hostname: str, said: str) -> None:
    assert CloudBalancer.of(service(hostname, "nlb")).wrong == said


def test_a_classic_one_that_nobody_asked_otherwise_is_a_hint() -> None:
    assert CloudBalancer.of(service(CLASSIC)).wrong == ""
    assert "a Network Load Balancer would pass packets on" in CloudBalancer.of(service(CLASSIC)).hint
    assert CloudBalancer.of(service(NETWORK)).hint == ""


def test_only_the_load_balancers_of_the_cloud_are_looked_at() -> None:
    inside, own = service(NETWORK) | {"spec": {"type": "ClusterIP"}}, service(loadBalancerClass="example.com/own")
    assert [one.name for one in balancers([inside, own, service(NETWORK)])] == ["shop/web"]


def test_a_cloud_is_known_by_its_nodes() -> None:
    assert cloud_of([{"spec": {"providerID": "aws:///eu-central-1a/i-0123"}}]) == "AWS"
    assert cloud_of([{"spec": {"providerID": "kind://docker/lab/lab-worker"}}, {"spec": {}}]) == ""
