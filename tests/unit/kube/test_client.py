"""The Kubernetes API as dictionaries; whatever goes wrong comes as an ApiError, in bounded time."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pytest_k8snet.errors import ApiError, UsageError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi

Handler = BaseHTTPRequestHandler
PODS = "GET /api/v1/namespaces/ns/pods"
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "ns"}}


def _status(code: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "code": code, "reason": reason, "message": message}


def _chunk(line: object) -> bytes:
    text = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
    return b"%x\r\n%s\r\n" % (len(text), text)


def _watched(
    *lines: object, then: Callable[[], object] = lambda: None, end: bytes = b"0\r\n\r\n"
) -> Callable[[Handler], None]:
    """Answer with these lines, as an API server answers a watch, and with the end of the stream after ``then``."""

    def answer(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for line in lines:
            handler.wfile.write(_chunk(line))
            handler.wfile.flush()
        then()
        handler.wfile.write(end)
        handler.close_connection = True

    return answer


def _event(type: str, name: str) -> dict[str, Any]:
    return {"type": type, "object": {"metadata": {"name": name}}}


@pytest.fixture
def refused(api: KubeApi) -> Callable[..., ApiError]:
    """Ask for the pods of a namespace and return the error that must come."""

    def ask() -> ApiError:
        with pytest.raises(ApiError) as error:
            api.objects("v1", "Pod", "ns")
        return error.value

    return ask


def test_objects_come_as_dictionaries(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = {"items": [POD]}
    assert api.objects("v1", "Pod", "ns", labels="a=b,c") == [POD]
    assert api_server.asked[-1][0] == "GET /api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc"
    assert api.version() == "v1.34.0"


def test_the_credentials_go_with_every_request_and_to_the_exec_streams(api: KubeApi, api_server: Any) -> None:
    seen: list[str | None] = []
    api_server.answers[PODS] = lambda handler: seen.append(handler.headers["Authorization"])
    with pytest.raises(ApiError):
        api.objects("v1", "Pod", "ns")
    assert seen == ["Bearer secret"]
    assert api.endpoint().headers() == {"Authorization": "Bearer secret"}
    assert api.endpoint().server == api_server.url


def test_a_kind_is_served_or_not(api: KubeApi) -> None:
    assert api.serves("v1", "Pod")
    assert not api.serves("v1", "Nothing")
    assert not api.serves("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy")


def test_what_is_created_is_sent_as_it_stands(api: KubeApi, api_server: Any) -> None:
    api_server.answers["POST /api/v1/namespaces/ns/pods"] = POD | {"status": {}}
    assert api.create(POD) == POD | {"status": {}}
    assert api_server.bodies("POST /api/v1/namespaces/ns/pods") == [POD]


def test_what_is_applied_is_applied_in_our_name(api: KubeApi, api_server: Any) -> None:
    sent: list[str] = []

    def answer(handler: Handler) -> None:
        sent.append(f"{handler.path} {handler.headers['Content-Type']}")
        _watched(POD)(handler)

    api_server.answers["PATCH /api/v1/namespaces/ns/pods/a"] = answer
    assert api.apply(POD) == POD
    assert sent == ["/api/v1/namespaces/ns/pods/a?fieldManager=k8snet&force=true application/apply-patch+yaml"]


def test_a_patch_merges(api: KubeApi, api_server: Any) -> None:
    types: list[str] = []

    def answer(handler: Handler) -> None:
        types.append(handler.headers["Content-Type"])
        _watched(POD)(handler)

    api_server.answers["PATCH /api/v1/namespaces/ns"] = answer
    api.patch("v1", "Namespace", "ns", {"metadata": {"annotations": {"a": None}}})
    assert types == ["application/merge-patch+json"]
    assert api_server.bodies("PATCH") == [{"metadata": {"annotations": {"a": None}}}]


def test_what_is_deleted_already_is_as_good_as_deleted(api: KubeApi, api_server: Any) -> None:
    api.delete("v1", "Pod", "gone", "ns", grace=0)
    assert api_server.asked[-1][0] == "DELETE /api/v1/namespaces/ns/pods/gone"
    assert api_server.asked[-1][1]["gracePeriodSeconds"] == 0


def test_a_deletion_that_is_refused_is_an_error(api: KubeApi, api_server: Any) -> None:
    api_server.answers["DELETE /api/v1/namespaces/ns/pods/a"] = _status(403, "Forbidden", "no")
    with pytest.raises(ApiError, match="delete Pod a in namespace ns: no"):
        api.delete("v1", "Pod", "a", "ns")


def test_an_object_that_goes_is_waited_for(api: KubeApi, api_server: Any) -> None:
    def once(handler: Handler) -> None:
        del api_server.answers["GET /api/v1/namespaces/ns/pods/a"]
        _watched(POD)(handler)

    api_server.answers["GET /api/v1/namespaces/ns/pods/a"] = once
    api.wait_gone("v1", "Pod", "a", "ns")


def test_an_object_that_stays_is_an_error_in_the_end(api: KubeApi, api_server: Any) -> None:
    api_server.answers["GET /api/v1/namespaces/ns/pods/a"] = POD
    with pytest.raises(ApiError, match="Pod ns/a is still there 0 s after it was deleted"):
        api.wait_gone("v1", "Pod", "a", "ns", seconds=0.1)


@pytest.mark.parametrize("allowed", [True, False])
def test_permissions_are_asked_of_the_api(api: KubeApi, api_server: Any, allowed: bool) -> None:
    review = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    api_server.answers[review] = {"status": {"allowed": allowed}}
    assert api.may("get", "pods/exec", "ns") is allowed
    (body,) = api_server.bodies(review)
    expected = {"verb": "get", "group": "", "resource": "pods", "subresource": "exec", "namespace": "ns"}
    assert body["spec"]["resourceAttributes"] == expected


def test_expired_credentials_are_said_with_what_to_do(api_server: Any, refused: Callable[[], ApiError]) -> None:
    api_server.answers[PODS] = _status(401, "Unauthorized", "Unauthorized")
    error = refused()
    assert (error.message, error.status, error.reason) == (
        "list Pod in namespace ns: Unauthorized",
        401,
        "Unauthorized",
    )
    assert "expired or wrong" in error.hint


def test_expired_credentials_are_said_also_when_discovery_meets_them(
    api_server: Any, refused: Callable[[], ApiError]
) -> None:
    api_server.answers["GET /version"] = _status(401, "Unauthorized", "Unauthorized")
    assert refused().status == 401


def test_a_missing_permission_is_said_in_the_words_of_the_api(api_server: Any, refused: Callable[[], ApiError]) -> None:
    said = 'pods is forbidden: User "user" cannot list resource "pods"'
    api_server.answers[PODS] = _status(403, "Forbidden", said)
    error = refused()
    assert (error.message, error.status) == (f"list Pod in namespace ns: {said}", 403)
    assert "docs/rbac.yaml" in error.hint


def test_an_overloaded_api_is_said(api_server: Any, refused: Callable[[], ApiError]) -> None:
    api_server.answers[PODS] = _status(429, "TooManyRequests", "slow down")
    assert "overloaded" in refused().hint


def test_an_error_without_a_status_shows_the_beginning_of_what_was_said(
    api_server: Any, refused: Callable[[], ApiError]
) -> None:
    api_server.answers[PODS] = (500, b"<html>\n<h1>it  broke</h1>" + b"x" * 5000)
    error = refused()
    message = "list Pod in namespace ns: 500 Internal Server Error: <html> <h1>it broke</h1>xxx"
    assert error.message.startswith(message)
    assert len(error.message) < 300


@pytest.mark.parametrize("body", [b"", b"null", b'"no"', b"{}"])
def test_an_error_that_says_nothing_is_still_an_error(
    api_server: Any, refused: Callable[[], ApiError], body: bytes
) -> None:
    api_server.answers[PODS] = (503, body)
    error = refused()
    assert error.status == 503
    assert "Service Unavailable" in error.message


def test_a_page_of_something_else_is_no_kubernetes_api(api_server: Any, refused: Callable[[], ApiError]) -> None:
    api_server.answers[PODS] = b"<html>Please log in</html>"
    error = refused()
    assert f"what answers at {api_server.url} is no Kubernetes API" in error.message
    assert "login page" in error.hint


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]"])
@pytest.mark.parametrize("path", ["/version", "/apis"])
def test_a_discovery_that_finds_something_else_is_no_kubernetes_api(
    api_server: Any, refused: Callable[[], ApiError], path: str, body: bytes
) -> None:
    api_server.answers[f"GET {path}"] = body
    assert "is no Kubernetes API" in refused().message


def test_a_kind_that_the_cluster_does_not_know_is_said(api: KubeApi) -> None:
    with pytest.raises(ApiError, match="list Gateway: this cluster does not know the kind") as error:
        api.objects("gateway.networking.k8s.io/v1", "Gateway")
    assert error.value.status == 404


def test_an_api_that_is_not_there_is_said_with_how_to_look(access: Access) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        kubeconfig = Path(access.kubeconfig)
        server = f"http://127.0.0.1:{held.getsockname()[1]}"
        content = json.loads(kubeconfig.read_text())
        content["clusters"][0]["cluster"]["server"] = server
        kubeconfig.write_text(json.dumps(content))
        api = KubeApi(replace(access, context="fake"))
        with pytest.raises(ApiError, match="Connection refused") as error:
            api.version()
        api.close()
    assert error.value.message.startswith(f"read the version: no answer from the API at {server}: ")
    assert error.value.status == 0
    assert f"kubectl --kubeconfig {kubeconfig} --context fake version" in error.value.hint


@pytest.mark.parametrize("request_", [PODS, "GET /version", "GET /apis", "GET /api/v1"])
def test_an_api_that_hangs_is_said_in_bounded_time(
    api_server: Any, refused: Callable[[], ApiError], request_: str
) -> None:
    api_server.answers[request_] = api_server.hang
    began = time.monotonic()
    error = refused()
    assert time.monotonic() - began < 3
    assert "no answer from the API" in error.message
    assert "timed out" in error.message


def test_an_answer_that_is_cut_is_said(api_server: Any, refused: Callable[[], ApiError]) -> None:
    def cut(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"items": [')
        handler.close_connection = True

    api_server.answers[PODS] = cut
    assert "no answer from the API" in refused().message


def test_two_clusters_do_not_share_their_discovery(access: Access, api: KubeApi, tmp_path: Path) -> None:
    assert api.version() == "v1.34.0"
    assert [file.name for file in access.scratch.iterdir()] == ["discovery.json"]


def test_a_list_says_from_where_a_watch_goes_on(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = {"items": [POD], "metadata": {"resourceVersion": "17"}}
    assert api.list_for_watch("v1", "Pod", "ns") == ([POD], "17")


def test_a_watch_yields_its_events_until_the_server_ends_it(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = _watched(_event("ADDED", "a"), _event("DELETED", "a"))
    events = list(api.watch("v1", "Pod", "ns", since="17", seconds=5))
    assert [(type, obj["metadata"]["name"]) for type, obj in events] == [("ADDED", "a"), ("DELETED", "a")]
    assert api_server.asked[-1][0] == f"{PODS}?resourceVersion=17&timeoutSeconds=5&watch=true"


def test_a_watch_on_which_nothing_happens_ends_with_its_time(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = _watched(_event("ADDED", "a"), then=lambda: api_server.ended.wait(30))
    began = time.monotonic()
    assert len(list(api.watch("v1", "Pod", "ns", since="17", seconds=-0.5))) == 1
    assert time.monotonic() - began < 3


def test_a_watch_that_is_cut_in_an_event_is_said(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = _watched(_event("ADDED", "a"), end=b'40\r\n{"type": "ADD')
    seen: list[object] = []
    with pytest.raises(ApiError, match="watch Pod in namespace ns: the API stopped answering") as error:
        seen.extend(api.watch("v1", "Pod", "ns", since="17", seconds=5))
    assert len(seen) == 1
    assert "kubectl" in error.value.hint


def test_a_watch_that_is_too_old_is_an_error_with_that_status(api: KubeApi, api_server: Any) -> None:
    gone = _status(410, "Expired", "too old resource version: 17 (42)")[1]
    api_server.answers[PODS] = _watched(_event("ADDED", "a"), {"type": "ERROR", "object": gone})
    with pytest.raises(ApiError, match="watch Pod in namespace ns: too old resource version") as error:
        list(api.watch("v1", "Pod", "ns", since="17", seconds=5))
    assert error.value.status == 410


def test_a_watch_that_says_no_json_is_an_error(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = _watched(b"<html>\n")
    with pytest.raises(ApiError, match="an event of the API is no JSON"):
        list(api.watch("v1", "Pod", "ns", since="17", seconds=5))


def test_a_watch_that_is_refused_is_an_error(api: KubeApi, api_server: Any) -> None:
    api_server.answers[PODS] = _status(403, "Forbidden", "no")
    with pytest.raises(ApiError, match="watch Pod in namespace ns: no"):
        list(api.watch("v1", "Pod", "ns", since="17", seconds=5))


def test_exec_streams_go_by_the_proxy_only_when_the_requests_do(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    def proxy(no_proxy: str) -> str | None:
        monkeypatch.setenv("no_proxy", no_proxy)
        api = KubeApi(access)
        api.close()
        return api.endpoint().proxy

    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert proxy("example.org") == "http://proxy.example:3128"
    assert proxy("127.0.0.0/8") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a: [", "while parsing"),
        ("\0", "unacceptable character"),
        ("just text", "cannot be used"),
        ("clusters: []", "current-context"),
        ("clusters: 5\ncontexts: 5\ncurrent-context: x", "cannot be used"),
    ],
)
def test_a_kubeconfig_that_is_none_is_refused(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(content)
    with pytest.raises(UsageError, match=f"the kubeconfig {file} cannot be used") as refused:
        KubeApi(Access(str(file), "", tmp_path))
    assert said in refused.value.message
    assert "--k8snet-kubeconfig FILE --k8snet-context NAME" in refused.value.hint


def test_a_context_that_does_not_exist_is_refused_with_its_name(access: Access) -> None:
    with pytest.raises(UsageError, match="Expected object with name nope"):
        KubeApi(replace(access, context="nope"))


def test_a_cluster_without_a_server_is_refused(access: Access) -> None:
    file = Path(access.kubeconfig)
    file.write_text(file.read_text().replace('"server"', '"severe"'))
    with pytest.raises(UsageError, match="the server of its cluster is "):
        KubeApi(access)


def test_outside_a_pod_there_is_no_service_account(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(UsageError, match=r"the kubeconfig \(service account\) cannot be used"):
        KubeApi(replace(access, kubeconfig=""))
