"""What becomes of objects: grace, finalizers, owners, namespaces, quotas, Pod Security."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

Object = dict[str, Any]
Pods = Callable[..., Object]
MERGE = {"Content-Type": "application/merge-patch+json"}


def in_(namespace: str, rest: str = "configmaps") -> str:
    return f"/api/v1/namespaces/{namespace}/{rest}"


def configmap(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


def soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition is met within two seconds: for what the janitor does by itself."""
    end = time.monotonic() + 2
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return met


def test_a_pod_that_no_kubelet_has_is_deleted_at_once(api: Any, namespace: str, make_pod: Pods) -> None:
    make_pod()
    assert api.request("DELETE", in_(namespace, "pods/web")).status == 200
    assert api.request("GET", in_(namespace, "pods/web")).status == 404


def test_a_scheduled_pod_ends_gracefully(api: Any, namespace: str, make_pod: Pods) -> None:
    make_pod(nodeName="node-1", terminationGracePeriodSeconds=7)
    path = in_(namespace, "pods/web")
    ending = api.request("DELETE", path).body
    assert ending["metadata"]["deletionGracePeriodSeconds"] == 7
    assert ending["metadata"]["deletionTimestamp"]
    assert api.request("GET", path).status == 200
    sooner = api.request("DELETE", path, {"gracePeriodSeconds": 2}).body
    assert sooner["metadata"]["deletionGracePeriodSeconds"] == 2
    later = api.request("DELETE", path, {"gracePeriodSeconds": 60}).body
    assert later["metadata"]["deletionGracePeriodSeconds"] == 2, "a grace period is only ever shortened"
    api.request("DELETE", f"{path}?gracePeriodSeconds=0")
    assert api.request("GET", path).status == 404


def test_a_finalizer_holds_an_object_until_it_is_removed(api: Any, namespace: str) -> None:
    path = in_(namespace, "configmaps/a")
    api.request("POST", in_(namespace), {"metadata": {"name": "a", "finalizers": ["example.org/hold"]}})
    assert api.request("DELETE", path).body["metadata"]["deletionTimestamp"]
    assert api.request("GET", path).status == 200
    api.request("PATCH", path, {"metadata": {"finalizers": None}}, headers=MERGE)
    assert api.request("GET", path).status == 404


def test_preconditions_of_a_deletion(api: Any, namespace: str) -> None:
    uid = api.request("POST", in_(namespace), configmap("a")).body["metadata"]["uid"]
    path = in_(namespace, "configmaps/a")
    assert api.request("DELETE", path, {"preconditions": {"uid": "other"}}).status == 409
    assert api.request("DELETE", path, {"preconditions": {"uid": uid}}).status == 200


def test_deleting_a_collection_keeps_to_the_selector(api: Any, namespace: str) -> None:
    for name, label in (("a", "x"), ("b", "x"), ("c", "y")):
        body = {"metadata": {"name": name, "labels": {"group": label}}}
        api.request("POST", in_(namespace), body)
    gone = api.request("DELETE", in_(namespace, "configmaps?labelSelector=group%3Dx")).body
    assert [item["metadata"]["name"] for item in gone["items"]] == ["a", "b"]
    left = api.request("GET", in_(namespace, "configmaps?labelSelector=group")).body["items"]
    assert [item["metadata"]["name"] for item in left] == ["c"]


def owned(name: str, owner: Object) -> Object:
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    return {"metadata": {"name": name, "ownerReferences": [reference]}}


@pytest.mark.parametrize(("policy", "survives"), [("Background", False), ("Foreground", False), ("Orphan", True)])
def test_dependents_follow_their_owner(api: Any, namespace: str, policy: str, survives: bool) -> None:
    owner = api.request("POST", in_(namespace), configmap("owner")).body
    api.request("POST", in_(namespace, "secrets"), owned("dependent", owner))
    api.request("DELETE", in_(namespace, "configmaps/owner"), {"propagationPolicy": policy})
    assert soon(lambda: api.request("GET", in_(namespace, "configmaps/owner")).status == 404)
    gone = (
        soon(lambda: api.request("GET", in_(namespace, "secrets/dependent")).status == 404) if not survives else False
    )
    assert gone is not survives
    if survives:
        left = api.request("GET", in_(namespace, "secrets/dependent")).body
        assert not left["metadata"].get("ownerReferences")


def test_a_namespace_begins_with_an_account_and_the_authority(api: Any, namespace: str) -> None:
    assert soon(lambda: api.request("GET", in_(namespace, "serviceaccounts/default")).status == 200)
    authority = api.request("GET", in_(namespace, "configmaps/kube-root-ca.crt")).body
    assert "BEGIN CERTIFICATE" in authority["data"]["ca.crt"]


def test_a_namespace_waits_for_its_pods_and_takes_nothing_new(api: Any, namespace: str, make_pod: Pods) -> None:
    make_pod(nodeName="node-1")
    api.request("POST", in_(namespace), configmap("a"))
    assert api.request("DELETE", f"/api/v1/namespaces/{namespace}").body["status"]["phase"] == "Terminating"
    assert soon(lambda: api.request("GET", in_(namespace, "configmaps/a")).status == 404)
    assert "deletionTimestamp" in api.request("GET", in_(namespace, "pods/web")).body["metadata"]
    refused = api.request("POST", in_(namespace), configmap("b"))
    assert (refused.status, refused.body["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    api.request("DELETE", in_(namespace, "pods/web?gracePeriodSeconds=0"))
    assert soon(lambda: api.request("GET", f"/api/v1/namespaces/{namespace}").status == 404)


def test_an_object_needs_its_namespace(api: Any) -> None:
    answer = api.request("POST", in_("nowhere"), configmap("a"))
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "nowhere" not found')


def test_a_quota_is_kept_and_its_figures_shown(api: Any, namespace: str, make_pod: Pods) -> None:
    quota = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}}
    api.request("POST", in_(namespace, "resourcequotas"), quota)
    make_pod("first")
    answer = api.request(
        "POST",
        in_(namespace, "pods"),
        {"metadata": {"name": "second"}, "spec": {"containers": [{"name": "a", "image": "b"}]}},
    )
    expected = 'pods "second" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1'
    assert (answer.status, answer.body["message"]) == (403, expected)
    path = in_(namespace, "resourcequotas/few")
    assert soon(lambda: api.request("GET", path).body["status"].get("used") == {"pods": "1"})
    ended = {"status": {"phase": "Succeeded"}}
    api.request("PATCH", in_(namespace, "pods/first/status"), ended, headers=MERGE)
    make_pod("second")


def test_restricted_namespaces_refuse_ordinary_pods(api: Any, namespace: str) -> None:
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    api.request("PATCH", f"/api/v1/namespaces/{namespace}", label, headers=MERGE)
    body = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "main", "image": "x"}]}}
    answer = api.request("POST", in_(namespace, "pods"), body)
    assert answer.status == 403
    assert answer.body["message"].startswith('pods "web" is forbidden: violates PodSecurity "restricted:latest": ')
    assert 'runAsNonRoot != true (pod or container "main" must set' in answer.body["message"]
