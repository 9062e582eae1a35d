"""Protobuf bodies: read by the shapes of kinds, refused when damaged or unknown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.embedded.api.protobuf import MAGIC, NUMBERS, decode_protobuf
from pytest_k8snet.embedded.api.shape import shape_of
from pytest_k8snet.embedded.api.status import StoreError


def field(number: int, value: int | str | bytes) -> bytes:
    """One field on the wire; short values only."""
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def body(version: str, kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, version) + field(2, kind)) + field(2, raw)


def test_a_service_is_read() -> None:
    port = field(1, "http") + field(2, "TCP") + field(3, 80) + field(4, field(1, 1) + field(2, 0) + field(3, "web"))
    spec = field(1, port + field(5, 0)) + field(2, field(1, "app") + field(2, "web")) + field(13, 0)
    raw = field(1, field(1, "svc") + field(3, "default")) + field(2, spec) + field(3, b"")
    assert decode_protobuf(body("v1", "Service", raw)) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "svc", "namespace": "default"},
        "spec": {
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": "web"}],
            "selector": {"app": "web"},
        },
    }


def test_bytes_quantities_and_booleans_are_read() -> None:
    secret = decode_protobuf(body("v1", "Secret", field(2, field(1, "a") + field(2, b"\xff\x00")) + field(5, 1)))
    assert (secret["data"], secret["immutable"]) == ({"a": "/wA="}, True)
    quota = decode_protobuf(body("v1", "ResourceQuota", field(2, field(1, field(1, "pods") + field(2, field(1, "3"))))))
    assert quota["spec"] == {"hard": {"pods": "3"}}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"{}", 400),
        (body("v1", "ConfigMap", b"\x0a\x7f"), 400),
        (body("v1", "ConfigMap", b"\x0b"), 400),
        (body("v1", "ConfigMap", field(1, field(1, b"\xff"))), 400),
        (body("v1", "ConfigMap", b"\x80" * 12), 400),
        (body("v1", "Pod", field(2, field(1, "x"))), 415),
        (body("v1", "ConfigMap", field(15, "x")), 415),
        (body("v1", "Gizmo", b""), 415),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(StoreError) as refused:
        decode_protobuf(data)
    assert refused.value.status == status


@given(st.binary(max_size=40), st.sampled_from(["ConfigMap", "Service", "ResourceQuota"]))
def test_any_bytes_are_read_or_refused(raw: bytes, kind: str) -> None:
    try:
        status = 200 if decode_protobuf(body("v1", kind, raw)) else 500
    except StoreError as refused:
        status = refused.status
    assert status in (200, 400, 415)


def test_every_numbered_field_is_one_of_its_type() -> None:
    known = {}

    def collect(shape: object) -> None:
        struct = getattr(shape, "struct", None)
        if struct is not None and struct.name not in known:
            known[struct.name] = struct.fields
            for inner in struct.fields.values():
                collect(inner)
        elif getattr(shape, "item", None) is not None:
            collect(shape.item)  # type: ignore[attr-defined]

    kinds = ("ConfigMap", "Namespace", "ResourceQuota", "Secret", "Service", "ServiceAccount")
    for kind in kinds:
        collect(shape_of("v1", kind))
    collect(shape_of("apps/v1", "Deployment"))
    collect(shape_of("batch/v1", "Job"))
    collect(shape_of("authorization.k8s.io/v1", "SelfSubjectAccessReview"))
    for name, numbers in NUMBERS.items():
        assert set(numbers.values()) <= known[name].keys(), name
