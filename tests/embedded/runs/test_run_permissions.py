"""The permissions that a run asks for are those that it uses, each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_k8snet.preflight import PERMISSIONS
from tests.embedded.runs.conftest import Foreign, Start
from tests.embedded.runs.proxy import recorded

OBJECT = re.compile(
    r"/api/v1(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<plural>\w+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>\w+))?"
)
ONE = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
MANY = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
EVERYBODY = ("/api", "/apis", "/version", "/openapi", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")


def permissions(requests: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the verb and resource that Kubernetes demands for each request, but what everybody may."""
    for method, target in requests:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        found = OBJECT.fullmatch(path)
        if found is None:
            assert path.startswith(EVERYBODY), path
            continue
        verb = "watch" if "watch" in query else (ONE if found["name"] else MANY)[method]
        yield verb, "/".join(filter(None, (found["plural"], found["sub"])))


@pytest.mark.slow
def test_every_permission_is_used_and_none_besides(start: Start, foreign: Foreign) -> None:
    with recorded(foreign.kubeconfig) as (proxy, config):
        session = start("-n0", "--k8snet-kubeconfig=config", files={"config": config})
        assert session.finish(seconds=500) == 0
        used = set(permissions(proxy.requests))
    # An API of Kubernetes 1.35 and newer demands "create" for an exec by WebSocket, older ones "get".
    # A pod that is late is explained by its events; here none is. Leases are renewed in runs of more than a minute.
    not_here = {("create", "pods/exec"), ("list", "events"), ("patch", "namespaces")}
    assert used == set(PERMISSIONS) - not_here
