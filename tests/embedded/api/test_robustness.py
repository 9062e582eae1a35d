"""Whatever is sent, the API answers with a refusal that can be read, never with a 500, and goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8snet.embedded.api.resources import RESOURCES
from pytest_k8snet.embedded.api.shape import Shape, shape_of

MEDIA_TYPES = (
    "application/json",
    "application/yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
)
SETTINGS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TEXTS = (
    *("", "a", "web", "Bad_", "None", "ExternalName", "NodePort", "TCP", "Local", "Always", "In"),
    *("10.0.0.1", "127.0.0.1", "169.254.1.1", "::", "ff02::1", "fe80::1%eth0", "fd00::/64", "10.0.0.0/8", "10.96.0.7"),
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "int32": st.integers(-1, 70000),
    "int64": st.integers(-1, 2**63),
    "quantity": st.sampled_from(["1", "100m", "-1", "x", 2, 0.5, "9" * 5000]),
    "string": st.sampled_from(TEXTS),
    "int-or-string": st.sampled_from([0, 80, 70000, "http", "", "Bad_"]),
    "time": st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "today"]),
    "bytes": st.sampled_from(["YQ==", "!"]),
    "number": st.floats(allow_nan=False),
    "any": json_values,
}


def fitting(shape: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly have the right types, with anything instead now and then."""
    if shape.struct and depth < 6:
        fields = {
            name: st.deferred(lambda s=inner: fitting(s, depth + 1)) for name, inner in shape.struct.fields.items()
        }
        required = {name: fields.pop(name) for name in shape.struct.required if name in fields}
        value: st.SearchStrategy[Any] = st.fixed_dictionaries(required, optional={}).flatmap(
            lambda chosen: few(fields).map(lambda more: {**chosen, **more})
        )
    elif shape.kind == "list" and depth < 6:
        value = st.lists(fitting(shape.at(""), depth + 1), max_size=2)
    elif shape.kind == "map" and depth < 6:
        value = st.dictionaries(SCALARS["string"], fitting(shape.at(""), depth + 1), max_size=2)
    else:
        value = SCALARS.get(shape.kind, st.just({}))
    return st.one_of(value, value, value, value, json_values)


def few(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    if not fields:
        return st.just({})
    names = st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


def answered(api: Any, method: str, path: str, data: bytes, media_type: str) -> None:
    answer = api.request(method, path, data, headers={"Content-Type": media_type})
    assert answer.status < 500, f"{method} {path} {data!r}: {answer.body}"
    if answer.status >= 400:
        assert answer.body["kind"] == "Status"
        assert answer.body["message"]


@SETTINGS
@given(
    data=st.binary(max_size=64),
    media_type=st.sampled_from(MEDIA_TYPES),
    method=st.sampled_from(["POST", "PUT", "PATCH"]),
)
def test_any_bytes_are_answered(api: Any, data: bytes, media_type: str, method: str) -> None:
    path = "/api/v1/namespaces/default/configmaps" + ("" if method == "POST" else "/a?fieldManager=me")
    answered(api, method, path, data, media_type)


@SETTINGS
@given(value=json_values, media_type=st.sampled_from(MEDIA_TYPES[:6]), method=st.sampled_from(["POST", "PUT", "PATCH"]))
def test_any_json_is_answered(api: Any, value: Any, media_type: str, method: str) -> None:
    path = "/api/v1/namespaces/default/configmaps" + ("" if method == "POST" else "/kube-root-ca.crt?fieldManager=me")
    answered(api, method, path, json.dumps(value).encode(), media_type)


STORED = tuple(resource for resource in RESOURCES if not resource.answer)


@pytest.mark.parametrize("resource", STORED, ids=lambda resource: resource.plural)
@settings(SETTINGS, max_examples=30)
@given(data=st.data())
def test_almost_right_objects_are_answered(api: Any, resource: Any, data: st.DataObject) -> None:
    base = f"/{resource.root}/namespaces/default/" if resource.namespaced else f"/{resource.root}/"
    shape = shape_of(resource.api_version, resource.kind)
    metadata = {"name": data.draw(st.sampled_from(["fuzz", "Fuzz", ""]))}
    fields = {
        name: fitting(inner)
        for name, inner in shape.struct.fields.items()
        if name not in ("metadata", "kind", "apiVersion")
    }
    body = {"metadata": metadata, **data.draw(few(fields))}
    text = json.dumps(body).encode()
    answered(api, "POST", base + resource.plural, text, "application/json")
    for media_type in (
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ):
        answered(
            api,
            "PATCH",
            f"{base}{resource.plural}/fuzz?fieldManager=me&force={media_type.endswith('yaml')}",
            text,
            media_type,
        )
    answered(api, "PUT", f"{base}{resource.plural}/fuzz", text, "application/json")
    if resource.has_status:
        answered(api, "PUT", f"{base}{resource.plural}/fuzz/status", text, "application/json")
    answered(api, "GET", f"{base}{resource.plural}?limit=1", b"", "application/json")
    table = api.request(
        "GET", base + resource.plural, headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    )
    assert table.status == 200, table.body
    answered(api, "DELETE", f"{base}{resource.plural}/fuzz?gracePeriodSeconds=0", b"", "application/json")


@SETTINGS
@given(path=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40), name=st.text(max_size=10))
def test_any_path_is_answered(api: Any, path: str, name: str) -> None:
    from urllib.parse import quote

    answered(api, "GET", "/api/v1/" + quote(path), b"", "application/json")
    answered(api, "GET", "/api/v1/namespaces/default/pods/" + quote(name, safe=""), b"", "application/json")


@SETTINGS
@given(
    labels=st.text(max_size=20),
    fields=st.text(max_size=20),
    other=st.dictionaries(st.sampled_from(["limit", "continue", "resourceVersion", "watch"]), st.text(max_size=6)),
)
def test_any_query_is_answered(api: Any, labels: str, fields: str, other: dict[str, str]) -> None:
    from urllib.parse import urlencode

    query = urlencode(
        {"timeoutSeconds": 1, "labelSelector": labels, "fieldSelector": fields, **other}, errors="replace"
    )
    if other.get("watch") not in ("1", "t", "T"):
        answered(api, "GET", f"/api/v1/pods?{query}", b"", "application/json")
