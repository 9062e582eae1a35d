"""Only the shop's own application may talk to its database."""

from pytest_k8snet.cluster import Namespace
from pytest_k8snet.probing import Probing


def test_only_the_app_reaches_the_database(k8snet_namespace: Namespace, k8snet_probe: Probing) -> None:
    database, app, stranger = k8snet_namespace.pods("database", "app", "stranger")
    k8snet_namespace.policy("database-from-app", to=database, allow=app)
    expected = k8snet_probe.expectation(allowed=[(app, database)], blocked=[(stranger, database)])
    assert k8snet_probe(expected) == expected


def test_everyone_reaches_the_app(k8snet_namespace: Namespace, k8snet_probe: Probing) -> None:
    website, customer = k8snet_namespace.pods("website", "customer")
    expected = k8snet_probe.expectation(allowed=[(customer, website)])
    assert k8snet_probe(expected) == expected
