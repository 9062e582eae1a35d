"""The subresource ``scale``: the size of a workload, whatever its kind (``autoscaling/v1``)."""

from __future__ import annotations

from pytest_k8snet.embedded.api.kinds.network import selector_text

from . import status
from .body import decode, decode_object
from .managers import track_update
from .objects import Obj, clone, lookup, name_of, namespace_of
from .patch import json_patch, merge_patch
from .paths import Target
from .shape import shape_of
from .status import Cause, bad_request
from .store import Store, Write
from .writes import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, WriteOptions


def scale_of(obj: Obj) -> Obj:
    """The Scale of a workload."""
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = selector_text(lookup(obj, "spec", "selector"))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        # The real API leaves out a zero here, and only here.
        "spec": {"replicas": replicas} if (replicas := lookup(obj, "spec", "replicas")) else {},
        "status": {"replicas": lookup(obj, "status", "replicas") or 0, "selector": selector},
    }


def read_scale(store: Store, target: Target) -> Obj:
    """Answer GET. StoreError 404 when the workload is not there."""
    return scale_of(store.need(target.resource.plural, target.name, target.namespace))


def write_scale(store: Store, target: Target, data: bytes, media_type: str, verb: str, options: WriteOptions) -> Obj:
    """Answer PUT and PATCH: give the workload another size."""
    old = store.need(target.resource.plural, target.name, target.namespace)
    wanted = decode_object(data, media_type) if verb == "update" else _patched(scale_of(old), data, media_type)
    replicas = lookup(wanted, "spec", "replicas") or 0
    if isinstance(replicas, bool) or not isinstance(replicas, int):
        raise bad_request("Scale.spec.replicas: expected an integer")
    if replicas < 0:
        cause = Cause("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
        raise status.invalid("Scale.autoscaling", name_of(old), [cause])
    new = clone(old)
    new["spec"]["replicas"] = replicas
    version = lookup(wanted, "metadata", "resourceVersion")
    new["metadata"]["resourceVersion"] = version if verb == "update" else ""
    new["metadata"] |= {"name": name_of(old), "namespace": namespace_of(old)}
    shape = shape_of(target.resource.api_version, target.resource.kind)

    def track(changed: Obj, before: Obj | None) -> None:
        track_update(changed, before, shape, options.manager, "scale")

    return scale_of(store.replace(target.resource.plural, new, Write(options.dry_run, options.warnings.append, track)))


def _patched(scale: Obj, data: bytes, media_type: str) -> Obj:
    patch = decode(data, media_type)
    if media_type == JSON_PATCH:
        new = json_patch(scale, patch)
    elif media_type in (MERGE_PATCH, STRATEGIC_PATCH) and isinstance(patch, dict):
        new = merge_patch(scale, patch)
    else:
        raise bad_request(f"a Scale is changed by {MERGE_PATCH}, {STRATEGIC_PATCH} or {JSON_PATCH}, not {media_type}")
    if not isinstance(new, dict):
        raise bad_request("the patch leaves no Scale")
    return new
