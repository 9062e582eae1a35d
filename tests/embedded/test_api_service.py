"""The API as pods find it, by the Service kubernetes; and the variables by which they find Services."""

from __future__ import annotations

import json
from typing import Any

from pytest_k8snet.embedded.kubeconfig import read_kubeconfig
from tests.embedded.conftest import Space
from tests.embedded.dns_client import Client

ASK = """
import json, os, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context(cadata=sys.argv[1])
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
for name in (host, "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes.default"):
    for token in sys.argv[2], "wrong":
        asked = urllib.request.Request(f"https://{name}:{port}/version", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(asked, timeout=5, context=context) as answer:
                print(answer.status, json.load(answer)["major"])
        except urllib.error.HTTPError as error:
            print(error.code, json.load(error)["reason"])
"""


def test_pods_reach_the_api_by_its_variables_and_names_with_the_token_only(space: Space) -> None:
    _, token, authority = read_kubeconfig(space.running.kubeconfig)
    Client(space)  # comes when the name servers are Ready
    done = space.exec("client", "python3", "-c", ASK, authority, token)
    assert done.stdout.splitlines() == ["200 1", "401 Unauthorized"] * 4, done.stderr


def test_the_service_has_an_endpoint_of_the_nodes(space: Space) -> None:
    service = space.api.get("v1", "Service", "kubernetes", "default")
    found = space.api.get("discovery.k8s.io/v1", "EndpointSlice", "kubernetes", "default")
    node = space.api.get("v1", "Node", "node-1")
    addresses = [entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"]
    assert service["spec"]["clusterIP"] == "10.96.0.1"
    assert found["endpoints"][0]["addresses"] == addresses[:1]


def test_a_container_knows_the_services_that_were_there_when_it_started(space: Space) -> None:
    service(space, "before")
    for name, links in (("a", True), ("b", False)):
        space.create(name, enableServiceLinks=links)
        space.wait(name)
    service(space, "after")
    for name, known in (("a", {"BEFORE", "KUBERNETES"}), ("b", {"KUBERNETES"})):
        env = json.loads(
            space.exec(name, "python3", "-c", "import json, os; print(json.dumps(dict(os.environ)))").stdout
        )
        assert {key.removesuffix("_SERVICE_HOST") for key in env if key.endswith("_SERVICE_HOST")} == known


def test_a_pod_beside_hundreds_of_services_starts_without_their_variables(space: Space) -> None:
    for number in range(200):
        service(space, f"one-of-the-many-services-{number}")
    space.create("a")
    space.wait("a")
    assert "KUBERNETES_SERVICE_HOST" in space.exec("a", "env").stdout
    assert "ONE_OF_THE_MANY" not in space.exec("a", "env").stdout
    assert space.events("ServiceLinksLeftOut") == ["the variables of 200 Services do not fit into an environment here"]


def service(space: Space, name: str) -> dict[str, Any]:
    """Create a Service without endpoints."""
    metadata = {"name": name, "namespace": space.name}
    spec = {"ports": [{"port": 80}], "selector": {"app": "nobody"}}
    return space.api.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
