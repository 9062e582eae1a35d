"""The API inside the cluster: the Service ``kubernetes`` in front of the first node.

https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/. As for everyone else, an answer takes the token.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from aiohttp import web

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.api.tls import Identity
from pytest_k8snet.embedded.network.topology import Network

NAME = "kubernetes"
PORT = 6443
CLUSTER_IP = {4: "10.96.0.1", 6: "fd00:10:96::1"}
BACKLOG = 128


def known_as() -> tuple[str, ...]:
    """Return the names and addresses by which pods may ask for the API."""
    names = tuple(".".join((NAME, "default", "svc", "cluster", "local")[:count]) for count in (1, 2, 3, 5))
    return (*names, *CLUSTER_IP.values())


def api_objects(network: Network) -> Iterator[Obj]:
    """The Service and its endpoint, of the cluster's first family, as an API server makes them."""
    version = network.versions[0]
    metadata = {"name": NAME, "namespace": "default"}
    port = {"name": "https", "protocol": "TCP"}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, "labels": {"component": "apiserver", "provider": NAME}},
        "spec": {
            "clusterIP": CLUSTER_IP[version],
            "clusterIPs": [CLUSTER_IP[version]],
            "ipFamilies": [f"IPv{version}"],
            "ports": [{**port, "port": 443, "targetPort": PORT}],
        },
    }
    yield {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": NAME}},
        "addressType": f"IPv{version}",
        "endpoints": [{"addresses": [_address(network)], "conditions": {"ready": True}}],
        "ports": [{**port, "port": PORT}],
    }


async def serve_inside(runner: web.AppRunner, network: Network, identity: Identity) -> None:
    """Answer on the first node too. Raises OSError when its port cannot be had."""
    address = _address(network)
    node = next(iter(network.nodes.values()))
    listener = await node.netns.run(lambda: _listener(address))
    await web.SockSite(runner, listener, ssl_context=identity.context).start()


def _address(network: Network) -> str:
    node = next(iter(network.nodes.values()))
    return dict(node.addresses.by_version)[network.versions[0]]


def _listener(address: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.create_server((address, PORT), family=family, backlog=BACKLOG)
