"""The Kubernetes API as dictionaries.

Errors come as ApiError with what was asked, what the server said and what to do next; nothing else gets out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeVar

import urllib3
from kubernetes import client, dynamic
from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError, ResourceNotUniqueError

from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube.access import Access, endpoint_of
from pytest_k8snet.kube.answers import in_words, innermost, lines, refusal
from pytest_k8snet.kube.endpoint import ApiEndpoint

Object = dict[str, Any]
T = TypeVar("T")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0


class _Transport(client.ApiClient):  # type: ignore[misc]
    """A client whose every request has its time: the discovery of DynamicClient asks without a limit."""

    def __init__(self, configuration: client.Configuration, seconds: float) -> None:
        super().__init__(configuration)
        self._limit = (CONNECT_SECONDS, seconds)

    def call_api(self, *arguments: Any, **more: Any) -> Any:
        more["_request_timeout"] = more.get("_request_timeout") or self._limit
        return super().call_api(*arguments, **more)


class KubeApi:
    """One connection to a cluster's API, which must answer within ``seconds``. Not for several threads at once."""

    def __init__(self, access: Access, *, seconds: float = ANSWER_SECONDS) -> None:
        self.access = access
        self._configuration = access.configuration()
        self.server: str = self._configuration.host
        self._transport = _Transport(self._configuration, seconds)
        self._dynamic: dynamic.DynamicClient | None = None
        self._version = ""

    def close(self) -> None:
        """Close the connections."""
        self._transport.rest_client.pool_manager.clear()

    def endpoint(self) -> ApiEndpoint:
        """Return what the exec streams need to reach the same API in the same name."""
        return endpoint_of(self._configuration)

    def version(self) -> str:
        """Return the server's version, such as "v1.34.4"."""
        self._ask("read the version", self._client)
        return self._version

    def serves(self, api_version: str, kind: str) -> bool:
        """Tell whether the API has a kind in this version."""
        try:
            self._ask(f"look for {kind}", lambda: self._resource(api_version, kind))
        except ApiError as error:
            if error.status == 404:
                return False
            raise
        return True

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """Return one object. Raises ApiError with status 404 when there is none."""
        what = in_words("get", kind, name, namespace)
        return self._call(what, api_version, kind, "get", name=name, namespace=namespace)

    def objects(
        self, api_version: str, kind: str, namespace: str | None = None, *, labels: str | None = None
    ) -> list[Object]:
        """Return the objects of a kind, of all namespaces when none is given."""
        what = in_words("list", kind, "", namespace)
        answer = self._call(what, api_version, kind, "get", namespace=namespace, label_selector=labels)
        return list(answer["items"])

    def list_for_watch(self, api_version: str, kind: str, namespace: str) -> tuple[list[Object], str]:
        """Return the objects of a kind and the resourceVersion from which a watch goes on."""
        answer = self._call(in_words("list", kind, "", namespace), api_version, kind, "get", namespace=namespace)
        return list(answer["items"]), str(answer["metadata"]["resourceVersion"])

    def create(self, obj: Mapping[str, Any]) -> Object:
        """Create an object as it stands in its manifest."""
        return self._send("create", obj, "create")

    def apply(self, obj: Mapping[str, Any]) -> Object:
        """Apply an object on the server's side, in our name."""
        return self._send("apply", obj, "server_side_apply", field_manager="k8snet", force_conflicts=True)

    def patch(
        self,
        api_version: str,
        kind: str,
        name: str,
        body: Object,
        namespace: str | None = None,
        *,
        of_status: bool = False,
    ) -> Object:
        """Merge ``body`` into an object, or into its status, of which alone the rest of it then counts for nothing."""
        return self._call(
            in_words("patch", kind, name, namespace),
            api_version,
            kind,
            "status.patch" if of_status else "patch",
            body=body,
            name=name,
            namespace=namespace,
            content_type="application/merge-patch+json",
        )

    def delete(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, grace: int | None = None
    ) -> None:
        """Delete an object; one that is gone already is as good. ``grace`` in seconds."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace  # type: ignore[assignment]
        try:
            self._call(
                in_words("delete", kind, name, namespace),
                api_version,
                kind,
                "delete",
                name=name,
                namespace=namespace,
                body=body,
            )
        except ApiError as error:
            if error.status != 404:
                raise

    def wait_gone(
        self, api_version: str, kind: str, name: str, namespace: str | None = None, *, seconds: float = 60.0
    ) -> None:
        """Wait until an object is gone. Raises ApiError when it is still there in the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.get(api_version, kind, name, namespace)
            except ApiError as error:
                if error.status == 404:
                    return
                raise
            time.sleep(0.05)
        where = f"{namespace}/{name}" if namespace else name
        raise ApiError(f"{kind} {where} is still there {seconds:.0f} s after it was deleted")

    def delete_all(self, api_version: str, kind: str, namespace: str, *, grace: int) -> None:
        """Delete all objects of a kind in a namespace. ``grace`` in seconds."""
        what = in_words("delete all", kind, "", namespace)
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": grace}
        self._call(what, api_version, kind, "delete", namespace=namespace, body=body, field_selector="metadata.name!=-")

    def watch(
        self, api_version: str, kind: str, namespace: str, *, since: str, seconds: float
    ) -> Iterator[tuple[str, Object]]:
        """Yield (event type, object) from a resourceVersion on, for at most ``seconds``."""
        what = in_words("watch", kind, "", namespace)
        response = self._ask(
            what,
            lambda: self._resource(api_version, kind).get(
                namespace=namespace,
                resource_version=since,
                watch=True,
                timeout_seconds=max(1, int(seconds)),
                serialize=False,
                _request_timeout=(CONNECT_SECONDS, seconds + 1),
                _preload_content=False,
            ),
        )
        yield from self._events(what, response)

    def _events(self, what: str, response: Any) -> Iterator[tuple[str, Object]]:
        try:
            for line in lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(
                        f"{what}: {event['object'].get('message')}", status=int(event["object"].get("code", 0))
                    )
                yield event["type"], event["object"]
        except urllib3.exceptions.ReadTimeoutError:
            return
        except ValueError as error:
            raise ApiError(f"{what}: an event of the API is no JSON: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            raise ApiError(f"{what}: the API stopped answering: {error}", hint=self._reachable_hint()) from error
        finally:
            response.release_conn()
            response.close()

    def may(self, verb: str, resource: str, namespace: str | None = None, group: str = "") -> bool:
        """Ask the API whether we may do something. ``resource`` may hold a subresource: "pods/exec"."""
        name, _, subresource = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": name, "subresource": subresource}
        if namespace:
            attributes["namespace"] = namespace
        answer = self._send(
            "create",
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "metadata": {},
                "spec": {"resourceAttributes": attributes},
            },
            "create",
        )
        return bool(answer["status"]["allowed"])

    def _send(self, verb: str, obj: Mapping[str, Any], method: str, **more: Any) -> Object:
        kind, metadata = obj["kind"], obj["metadata"]
        what = in_words(verb, kind, metadata.get("name", metadata.get("generateName", "")), metadata.get("namespace"))
        more |= {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
        return self._call(what, obj["apiVersion"], kind, method, body=dict(obj), **more)

    def _call(self, what: str, api_version: str, kind: str, method: str, **arguments: Any) -> Object:
        def request() -> Object:
            answer = attrgetter(method)(self._resource(api_version, kind))(serialize=False, **arguments)
            try:
                made: Object = json.loads(answer.data)
            except ValueError as error:
                raise self._not_kubernetes(what, error) from error
            return made

        return self._ask(what, request)

    def _client(self) -> dynamic.DynamicClient:
        if self._dynamic is None:
            # Without a cache file of our own, clusters that shared a host name would share their discovery (K5).
            cache = self.access.scratch / "discovery.json"
            try:
                self._dynamic = dynamic.DynamicClient(self._transport, cache_file=str(cache))
                self._version = str(self._dynamic.version["kubernetes"]["gitVersion"])
            except (AttributeError, KeyError, TypeError, ValueError) as error:  # whatever it stumbles over
                raise self._not_kubernetes("discovery", error) from error
        return self._dynamic

    def _resource(self, api_version: str, kind: str) -> Any:
        return self._client().resources.get(api_version=api_version, kind=kind)

    def _ask(self, what: str, request: Callable[[], T]) -> T:
        try:
            return request()
        except (ResourceNotFoundError, ResourceNotUniqueError) as error:
            raise ApiError(f"{what}: this cluster does not know the kind: {error}", status=404) from error
        except (DynamicApiError, client.exceptions.ApiException) as error:
            if not error.status:  # how the client passes on that TLS failed
                raise self._no_answer(what, str(error.reason).splitlines()[-1]) from error
            raise refusal(what, error) from error
        except urllib3.exceptions.HTTPError as error:
            raise self._no_answer(what, innermost(error)) from error

    def _no_answer(self, what: str, seen: str) -> ApiError:
        return ApiError(f"{what}: no answer from the API at {self.server}: {seen}", hint=self._reachable_hint())

    def _not_kubernetes(self, what: str, error: Exception) -> ApiError:
        return ApiError(
            f"{what}: what answers at {self.server} is no Kubernetes API ({type(error).__name__}: {error})",
            hint=f"Is there a proxy or a login page in between? {self._reachable_hint()}",
        )

    def _reachable_hint(self) -> str:
        named = " ".join(
            part
            for part in (
                f"--kubeconfig {self.access.kubeconfig}" if self.access.kubeconfig else "",
                f"--context {self.access.context}" if self.access.context else "",
            )
            if part
        )
        return f"Does 'kubectl {named} version' reach it from this machine?".replace("  ", " ")
