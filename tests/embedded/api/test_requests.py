"""Single requests: who may ask, what is refused and how, pages, dry runs, conflicts, faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Object = dict[str, Any]
Pods = Callable[..., Object]
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}


def in_(namespace: str, rest: str = "configmaps") -> str:
    return f"/api/v1/namespaces/{namespace}/{rest}"


def configmap(name: str, **data: str) -> Object:
    return {"metadata": {"name": name}, "data": data}


@pytest.mark.parametrize("token", ["", "wrong", "sesame2", "\xff"])
@pytest.mark.parametrize("path", ["/version", "/api/v1/pods", "/k8snet/faults", "/nowhere", "/healthz"])
def test_without_the_token_nothing_is_answered(api: Any, token: str, path: str) -> None:
    answer = api.request("GET", path, token=token)
    assert (answer.status, answer.body["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize("path", ["/version", "/version/", "/api", "/apis", "/api/v1", "/apis/networking.k8s.io/v1"])
def test_discovery_answers(api: Any, path: str) -> None:
    assert api.request("GET", path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/pods",
        "/api/v1/gizmos",
        "/apis/apps/v1/statefulsets",
        "/api/v1/namespaces/default/nodes",
        "/api/v1/namespaces/default/pods/web/portforward",
        "/api/v1/pods/web",
        "/api/v1/namespaces//pods",
        "/nowhere",
    ],
)
def test_what_is_not_served_is_a_404_that_names_the_path(api: Any, path: str) -> None:
    answer = api.request("GET", path)
    assert (answer.status, answer.body["kind"], answer.body["reason"]) == (404, "Status", "NotFound")
    assert path.strip("/").split("/")[-1] in answer.body["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/pods"),
        ("PUT", "/api/v1/namespaces/default/pods"),
        ("POST", "/api/v1/namespaces/default/pods/web"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("DELETE", "/api/v1/namespaces/default/pods/web/status"),
        ("OPTIONS", "/api/v1/pods"),
        ("POST", "/version"),
    ],
)
def test_a_verb_that_a_path_does_not_have_is_a_405(api: Any, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert (answer.status, answer.body["reason"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"metadata": []}', "application/json"),
        (b'{"metadata": {"name": 7}}', "application/json"),
        (b'{"data": {"a": NaN}}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"a: [", "application/yaml"),
        (b"[" * 100_000, "application/yaml"),
        (b"a: &x [1]\nb: [*x, *x]", "application/yaml"),
        (b"a: &x [*x]", "application/yaml"),
        (b"metadata: !!python/object/apply:os.getcwd []", "application/yaml"),
        (b"? [a]\n: b", "application/yaml"),
        (b"k8s\x00\x0a\xff\xff\xff\xff\xff", "application/vnd.kubernetes.protobuf"),
        (b"not protobuf", "application/vnd.kubernetes.protobuf"),
    ],
)
def test_a_malformed_body_is_a_400(api: Any, namespace: str, body: bytes, media_type: str) -> None:
    answer = api.request("POST", in_(namespace), body, headers={"Content-Type": media_type})
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")
    assert answer.body["message"]


def test_a_body_of_unknown_type_is_a_415(api: Any, namespace: str) -> None:
    answer = api.request("POST", in_(namespace), b"<x/>", headers={"Content-Type": "text/xml"})
    assert answer.status == 415


def test_a_body_of_10_megabytes_is_a_413(api: Any, namespace: str) -> None:
    answer = api.request("POST", in_(namespace), configmap("big", a="x" * 10_000_000))
    assert (answer.status, answer.body["reason"]) == (413, "RequestEntityTooLarge")


def test_yaml_means_what_kubernetes_makes_of_it(api: Any, namespace: str) -> None:
    body = b"metadata: {name: y, annotations: {at: '2026-01-01'}}\ndata: {a: 'on', b: 12:30, c: 2026-01-01}"
    answer = api.request("POST", in_(namespace), body, headers={"Content-Type": "application/yaml"})
    assert (answer.status, answer.body.get("data")) == (201, {"a": "on", "b": "12:30", "c": "2026-01-01"})


def test_a_wrong_type_is_a_400_that_says_where(api: Any, namespace: str) -> None:
    container = {"name": "a", "image": "b", "ports": [{"containerPort": "http"}]}
    body = {"metadata": {"name": "x"}, "spec": {"containers": [container]}}
    answer = api.request("POST", in_(namespace, "pods"), body)
    assert answer.status == 400
    assert 'spec.containers[0].ports[0].containerPort: expected an integer, got "http"' in answer.body["message"]


@pytest.mark.parametrize(
    ("mode", "status", "warned"), [("Strict", 400, 0), ("Warn", 201, 1), ("", 201, 1), ("Ignore", 201, 0)]
)
def test_unknown_fields_follow_field_validation(api: Any, namespace: str, mode: str, status: int, warned: int) -> None:
    answer = api.request("POST", in_(namespace, f"configmaps?fieldValidation={mode}"), configmap("x") | {"dta": {}})
    assert (answer.status, len(answer.warnings)) == (status, warned)
    assert warned == 0 or '299 - "unknown field \\"dta\\""' in answer.warnings
    assert "dta" not in answer.body, "an unknown field is never stored"


def test_a_422_lists_causes_with_field_paths(api: Any, namespace: str) -> None:
    body = {"metadata": {"name": "Bad_Name"}, "spec": {"containers": [], "restartPolicy": "No"}}
    answer = api.request("POST", in_(namespace, "pods"), body)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    fields = {cause["field"]: cause["reason"] for cause in answer.body["details"]["causes"]}
    assert fields == {
        "metadata.name": "FieldValueInvalid",
        "spec.restartPolicy": "FieldValueNotSupported",
        "spec.containers": "FieldValueRequired",
    }


def test_the_object_must_be_the_one_of_the_path(api: Any, namespace: str) -> None:
    path = in_(namespace)
    assert api.request("POST", path, {**configmap("a"), "kind": "Secret"}).status == 400
    assert api.request("POST", path, {"metadata": {"name": "a", "namespace": "other"}}).status == 400
    api.request("POST", path, configmap("a"))
    assert api.request("PUT", f"{path}/a", configmap("b")).status == 400


def test_creating_twice_conflicts(api: Any, namespace: str) -> None:
    assert api.request("POST", in_(namespace), configmap("a")).status == 201
    answer = api.request("POST", in_(namespace), configmap("a"))
    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")


def test_an_outdated_version_conflicts(api: Any, namespace: str) -> None:
    first = api.request("POST", in_(namespace), configmap("a", x="1")).body
    second = api.request("PUT", in_(namespace, "configmaps/a"), {**first, "data": {"x": "2"}}).body
    answer = api.request("PUT", in_(namespace, "configmaps/a"), {**first, "data": {"x": "3"}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert api.request("PUT", in_(namespace, "configmaps/a"), {**second, "data": {"x": "3"}}).status == 200


def test_a_write_that_changes_nothing_makes_no_version(api: Any, namespace: str) -> None:
    first = api.request("POST", in_(namespace), configmap("a", x="1")).body
    again = api.request("PATCH", in_(namespace, "configmaps/a"), {"data": {"x": "1"}}, headers=MERGE).body
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_generated_names_differ(api: Any, namespace: str) -> None:
    body = {"metadata": {"generateName": "run-"}}
    names = {api.request("POST", in_(namespace), body).body["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(name.startswith("run-") and len(name) == 9 for name in names)


def test_a_dry_run_stores_nothing(api: Any, namespace: str) -> None:
    path = in_(namespace)
    assert api.request("POST", f"{path}?dryRun=All", configmap("a")).status == 201
    assert api.request("GET", f"{path}/a").status == 404
    api.request("POST", path, configmap("a", x="1"))
    changed = api.request("PATCH", f"{path}/a?dryRun=All", {"data": {"x": "2"}}, headers=MERGE)
    assert changed.body["data"] == {"x": "2"}
    assert api.request("DELETE", f"{path}/a?dryRun=All").status == 200
    assert api.request("DELETE", f"{path}/a", {"dryRun": ["All"]}).status == 200
    assert api.request("GET", f"{path}/a").body["data"] == {"x": "1"}
    assert api.request("POST", f"{path}?dryRun=Some", configmap("b")).status == 422


def test_the_status_is_written_by_its_own_path_only(api: Any, namespace: str, make_pod: Pods) -> None:
    pod = make_pod()
    path = in_(namespace, "pods/web")
    kept = api.request("PUT", path, {**pod, "status": {"phase": "Running"}}).body
    assert kept["status"]["phase"] == "Pending"
    labelled = {**pod, "metadata": {**pod["metadata"], "labels": {"not": "this"}, "resourceVersion": ""}}
    written = api.request("PUT", f"{path}/status", {**labelled, "status": {"phase": "Running"}}).body
    assert (written["status"]["phase"], written["metadata"]["labels"]) == ("Running", {"app": "web"})


def test_pages_together_are_the_whole_list(api: Any, namespace: str) -> None:
    for index in range(7):
        api.request("POST", in_(namespace), configmap(f"c{index}"))
    names, token, pages = [], "", 0
    while pages == 0 or token:
        page = api.request("GET", in_(namespace, f"configmaps?limit=3&continue={token}")).body
        names += [item["metadata"]["name"] for item in page["items"]]
        token, pages = page["metadata"].get("continue", ""), pages + 1
    assert pages == 3
    assert names == [*(f"c{index}" for index in range(7)), "kube-root-ca.crt"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "limit=-1",
        "continue=%%%",
        "continue=e30",
        "watch=maybe",
        "resourceVersion=abc&watch=1",
        "labelSelector=a%20in%20(",
        "labelSelector=%3D%3D",
        "labelSelector=a%3Eb",
        "fieldSelector=spec.color%3Dred",
        "fieldSelector=name",
        "timeoutSeconds=soon",
    ],
)
def test_a_wrong_query_is_a_400(api: Any, namespace: str, query: str) -> None:
    answer = api.request("GET", in_(namespace, f"pods?{query}"))
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


def test_server_side_apply_needs_a_manager_and_makes_what_is_missing(api: Any, namespace: str) -> None:
    path = in_(namespace, "configmaps/a")
    assert api.request("PATCH", path, {"data": {"x": "1"}}, headers=APPLY).status == 422
    made = api.request("PATCH", f"{path}?fieldManager=me", {"data": {"x": "1"}}, headers=APPLY)
    assert (made.status, made.body["metadata"]["managedFields"][0]["manager"]) == (201, "me")
    assert api.request("PATCH", f"{path}?fieldManager=me", {"data": {"x": "1"}}, headers=APPLY).status == 200


def test_forms_of_an_answer(api: Any, namespace: str) -> None:
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    table = api.request("GET", in_(namespace), headers=accept).body
    assert (table["kind"], table["rows"][0]["cells"][0]) == ("Table", "kube-root-ca.crt")
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    partial = api.request("GET", in_(namespace), headers=accept).body
    assert (partial["kind"], "data" in partial["items"][0]) == ("PartialObjectMetadataList", False)
    assert api.request("GET", in_(namespace), headers={"Accept": "application/xml"}).status == 406


def test_the_state_of_the_network_is_told(api: Any) -> None:
    assert api.request("GET", "/k8snet/network").body["namespaces"] == {"node-1": ["a line"]}


def test_faults_are_injected_and_restored(api: Any) -> None:
    def active() -> list[bool]:
        return [fault["active"] for fault in api.request("GET", "/k8snet/faults").body["items"]]

    assert active() == [False]
    assert api.request("POST", "/k8snet/faults/drop-udp").status == 200
    assert active() == [True]
    assert api.request("POST", "/k8snet/faults", {"name": "drop-udp"}).status == 409
    assert api.request("DELETE", "/k8snet/faults/drop-udp").status == 200
    assert active() == [False]
    assert api.request("POST", "/k8snet/faults", {"name": "nonsense"}).status == 404
    assert api.request("POST", "/k8snet/faults", {}).status == 400
    assert api.request("PUT", "/k8snet/faults").status == 405
    api.request("POST", "/k8snet/faults/drop-udp")
    assert api.request("DELETE", "/k8snet/faults").status == 200
    assert active() == [False]


def test_json_answers_are_json(api: Any) -> None:
    answer = api.request("GET", "/api/v1/namespaces/default")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert json.dumps(answer.body)


def test_an_object_that_is_being_deleted_takes_no_new_finalizer(api: Any, namespace: str) -> None:
    kept = {"metadata": {"name": "kept", "finalizers": ["example.org/a"]}}
    assert api.request("POST", in_(namespace), kept).status == 201
    api.request("DELETE", in_(namespace, "configmaps/kept"))
    more = {"metadata": {"finalizers": ["example.org/a", "example.org/b"]}}
    refused = api.request("PATCH", in_(namespace, "configmaps/kept"), more, headers=MERGE)
    assert (refused.status, refused.body["details"]["causes"][0]["field"]) == (422, "metadata.finalizers")
    assert 'new finalizers []string{"example.org/b"}' in refused.body["message"]
    api.request("PATCH", in_(namespace, "configmaps/kept"), {"metadata": {"finalizers": None}}, headers=MERGE)
    assert api.request("GET", in_(namespace, "configmaps/kept")).status == 404


def test_a_new_object_has_no_version(api: Any, namespace: str) -> None:
    answer = api.request("POST", in_(namespace), {"metadata": {"name": "x", "resourceVersion": "1"}})
    assert (answer.status, answer.body["reason"]) == (400, "BadRequest")


def test_a_patch_cannot_change_the_uid(api: Any, namespace: str) -> None:
    api.request("POST", in_(namespace), configmap("x"))
    refused = api.request("PATCH", in_(namespace, "configmaps/x"), {"metadata": {"uid": "other"}}, headers=MERGE)
    assert (refused.status, refused.body["details"]["causes"][0]["field"]) == (422, "metadata.uid")


def test_a_review_asks_about_one_thing(api: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert api.request("POST", path, {"spec": {}}).status == 422
    asked = api.request("POST", path, {"spec": {"nonResourceAttributes": {"path": "/", "verb": "get"}}})
    assert asked.body["status"]["allowed"] is True


def test_items_of_a_list_do_not_repeat_their_kind(api: Any, namespace: str) -> None:
    listed = api.request("GET", in_(namespace)).body
    assert listed["kind"] == "ConfigMapList"
    assert not {"kind", "apiVersion"} & set(listed["items"][0])


def test_a_headless_service_without_a_selector_may_have_both_families(api: Any, namespace: str) -> None:
    service = {"metadata": {"name": "x"}, "spec": {"clusterIP": "None"}}
    spec = api.request("POST", in_(namespace, "services"), service).body["spec"]
    assert (spec["ipFamilyPolicy"], sorted(spec["ipFamilies"])) == ("RequireDualStack", ["IPv4", "IPv6"])
