"""Create, update and the four kinds of patch: from a request's body to what the store is asked to keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import status
from .body import decode, decode_object, parse_bool
from .checks import forbidden, invalid, required, unsupported
from .conform import conform
from .managers import Entry, apply_to, owned_fields, track_update, write_entries
from .objects import Obj, clone, name_of, namespace_of
from .patch import json_patch, merge_patch
from .paths import Target
from .shape import Shape, shape_of
from .status import Cause, StoreError, bad_request, invalid_options
from .store import Store, Write
from .strategic import strategic_patch

APPLY = ("application/apply-patch+yaml", "application/apply-patch+json")
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, *APPLY)


@dataclass(frozen=True)
class WriteOptions:
    """The query parameters of a write. ``validation`` is Strict, Warn or Ignore; ``warnings`` grows during it."""

    manager: str
    validation: str
    dry_run: bool
    force: bool
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, query: Mapping[str, str], user_agent: str, media_type: str) -> WriteOptions:
        """Read and check them; without ``fieldManager`` the client's program gives its name."""
        given = query.get("fieldManager", "")
        if len(given) > 128 or not given.isprintable():
            raise bad_request("fieldManager must be at most 128 printable characters")
        kind = "PatchOptions" if media_type in PATCHES else "CreateOptions"
        if media_type in APPLY and not given:
            raise invalid_options(kind, required("fieldManager", "is required for apply patch"))
        force = parse_bool(query.get("force", ""), "force")
        if force and media_type not in APPLY:
            raise invalid_options(kind, forbidden("force", "may not be specified for non-apply patch"))
        validation = query.get("fieldValidation") or "Warn"
        if validation not in ("Strict", "Warn", "Ignore"):
            choices = ("", "Ignore", "Strict", "Warn")
            raise invalid_options(kind, unsupported("fieldValidation", validation, choices))
        if query.get("dryRun", "") not in ("", "All"):
            why = f'Unsupported value: ["{query["dryRun"]}"]: supported values: "All"'
            raise invalid_options(kind, Cause("dryRun", why, "FieldValueNotSupported"))
        agent = re.sub(r"[^!-~]", "", user_agent.partition("/")[0])[:128]
        return cls(given or agent or "unknown", validation, bool(query.get("dryRun")), force)


class Writer:
    """One write to one target. Its methods give the object as it is stored, or would be with dryRun."""

    def __init__(self, store: Store, target: Target, options: WriteOptions) -> None:
        self._store = store
        self._target = target
        self._options = options
        self._resource = target.resource
        self._shape = shape_of(target.resource.api_version, target.resource.kind)

    def create(self, data: bytes, media_type: str) -> Obj:
        """Store a new object."""
        obj = self._fit(decode_object(data, media_type))
        if self._resource.answer:
            causes = [*self._resource.validate(obj, None)]
            if causes:
                raise status.invalid(self._resource.qualified_kind, "", causes)
            return self._resource.answer(obj)
        if obj["metadata"].get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        return self._store.create(self._resource.plural, obj, self._write(self._track))

    def update(self, data: bytes, media_type: str) -> Obj:
        """Store a changed object in full."""
        return self._replace(self._fit(decode_object(data, media_type)))

    def patch(self, data: bytes, media_type: str) -> tuple[Obj, bool]:
        """Store a patched object; gives it and whether it is new, which server-side apply can make it."""
        if media_type not in PATCHES:
            message = f"a patch of type {media_type} is not known; known are {', '.join(PATCHES)}"
            raise StoreError(415, "UnsupportedMediaType", message)
        old = self._store.get(self._resource.plural, self._target.name, self._target.namespace)
        if media_type in APPLY:
            return self._apply(decode_object(data, "application/yaml"), old)
        if old is None:
            raise status.not_found(self._resource.qualified, self._target.name)
        new = _patched(old, decode(data, media_type), media_type, self._shape)
        if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
            raise StoreError(422, "Invalid", "the patch leaves no object with metadata")
        if (uid := new["metadata"].get("uid")) not in (None, "", old["metadata"]["uid"]):
            cause = invalid("metadata.uid", uid, "field is immutable")
            raise status.invalid(self._resource.qualified_kind, name_of(old), [cause])
        return self._replace(self._fit(new)), False

    def _apply(self, body: Obj, old: Obj | None) -> tuple[Obj, bool]:
        wanted = self._fit(body)
        if wanted["metadata"].get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        manager, subresource = self._options.manager, self._target.sub
        if old is None:
            entry = Entry(manager, "Apply", frozenset(owned_fields(wanted, self._shape, subresource)), subresource)
            write = self._write(lambda new, _: write_entries(new, [entry], []))
            return self._store.create(self._resource.plural, wanted, write), True
        force = self._options.force
        new = apply_to(old, wanted, self._shape, manager, subresource=subresource, force=force)
        new["metadata"]["resourceVersion"] = wanted["metadata"].get("resourceVersion", "")
        return self._store.replace(self._resource.plural, new, self._write(), subresource=subresource), False

    def _replace(self, obj: Obj) -> Obj:
        return self._store.replace(self._resource.plural, obj, self._write(self._track), subresource=self._target.sub)

    def _write(self, track: Any = None) -> Write:
        options = self._options
        return Write(options.dry_run, options.warnings.append, track or (lambda new, old: None))

    def _track(self, new: Obj, old: Obj | None) -> None:
        track_update(new, old, self._shape, self._options.manager, self._target.sub)

    def _fit(self, obj: Obj) -> Obj:
        """The object in its shape, as this path may write it; StoreError 400 when it is another one."""
        resource, target = self._resource, self._target
        for key, expected in (("apiVersion", resource.api_version), ("kind", resource.kind)):
            if obj.get(key) not in (None, "", expected):
                raise bad_request(f"the object has {key} {obj[key]!r}, but {resource.qualified} have {expected!r}")
            obj[key] = expected
        fitted, unknown = conform(obj, self._shape)
        self._report(unknown)
        if target.namespace and namespace_of(fitted) not in ("", target.namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if target.name and name_of(fitted) not in ("", target.name):
            name = name_of(fitted)
            raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
        identity = {"namespace": target.namespace, "name": target.name}
        fitted["metadata"].update({key: value for key, value in identity.items() if value})
        return fitted

    def _report(self, unknown: list[str]) -> None:
        found = [f'unknown field "{path}"' for path in unknown]
        if found and self._options.validation == "Strict":
            kind, version = self._resource.kind, self._resource.api_version
            text = f'{kind} in version "{version}" cannot be handled as a {kind}: strict decoding error: '
            raise bad_request(text + ", ".join(found))
        if self._options.validation == "Warn":
            self._options.warnings.extend(found)


def _patched(old: Obj, patch: Any, media_type: str, shape: Shape) -> Any:
    if media_type == JSON_PATCH:
        return json_patch(old, patch)
    if media_type == MERGE_PATCH:
        if not isinstance(patch, dict):
            raise bad_request("a merge patch must be an object")
        return clone(merge_patch(old, patch))
    return clone(strategic_patch(old, patch, shape))
