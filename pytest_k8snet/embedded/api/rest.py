"""One request on objects: from its path, verb and body to the store and back."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from . import deletion
from .body import decode, decode_object
from .deletion import DeleteOptions
from .exec import serve_exec
from .logs import serve_logs
from .negotiation import Form, choose_form
from .objects import Obj, name_of, namespace_of
from .pages import read_list
from .patch import json_patch, merge_patch
from .paths import Target, parse_path
from .query import Query
from .runtime import Runtime
from .status import StoreError, bad_request, success
from .store import Store
from .watch import WatchStream


def json_response(body: Any, status: int = 200) -> web.Response:
    """An answer of the API."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


class Rest:
    """Everything below ``/api/v1`` and ``/apis``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request. Everything that can be refused is a StoreError."""
        target = parse_path(request.path)
        query = Query.read(request.query, target.resource)
        verb = target.verb(request.method, query.watch)
        if target.sub == "exec":
            return await serve_exec(request, self._store, self._runtime, target)
        if target.sub == "log":
            return await serve_logs(request, self._store, self._runtime, target)
        form = choose_form(target.resource, request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        if verb in ("get", "list", "watch"):
            return await self._read(request, verb, target, query, form)
        return await self._write(request, verb, target, query, form)

    async def _read(
        self, request: web.Request, verb: str, target: Target, query: Query, form: Form
    ) -> web.StreamResponse:
        if verb == "get":
            return json_response(form.one(self._store.need(target.resource.plural, target.name, target.namespace)))
        if verb == "list":
            return json_response(form.many(*read_list(self._store, target, query)))
        return await WatchStream(self._store, target.resource, target.namespace, query, form.one).serve(request)

    async def _write(self, request: web.Request, verb: str, target: Target, query: Query, form: Form) -> web.Response:
        data = await request.read()
        dry_run = request.query.getall("dryRun", [])
        if verb in ("delete", "deletecollection"):
            body = decode_object(data, _media_type(request)) if data.strip() else {}
            options = DeleteOptions.read(body, request.query)
            return self._delete(target, options) if verb == "delete" else self._delete_all(target, query, options)
        if dry_run not in ([], ["All"]):
            raise bad_request(f"invalid dryRun {dry_run}: the only value is All")
        if verb == "create":
            obj = self._own(decode_object(data, _media_type(request)), target)
            return json_response(form.one(self._store.create(target.resource.plural, obj, dry_run=bool(dry_run))), 201)
        if verb == "update":
            obj = self._own(decode_object(data, _media_type(request)), target)
        else:
            obj = self._own(self._patched(target, data, _media_type(request)), target)
        stored = self._store.replace(target.resource.plural, obj, subresource=target.sub, dry_run=bool(dry_run))
        return json_response(form.one(stored))

    def _patched(self, target: Target, data: bytes, media_type: str) -> Obj:
        old = self._store.need(target.resource.plural, target.name, target.namespace)
        patch = decode(data, media_type)
        new = json_patch(old, patch) if media_type == "application/json-patch+json" else merge_patch(old, patch)
        if not isinstance(new, dict) or not isinstance(new.get("metadata"), dict):
            raise StoreError(422, "Invalid", "the patch leaves no object with metadata")
        return new

    def _own(self, obj: Obj, target: Target) -> Obj:
        """The object as this path may write it; StoreError 400 when it is another kind, name or namespace."""
        resource = target.resource
        for key, expected in (("apiVersion", resource.api_version), ("kind", resource.kind)):
            if obj.get(key) not in (None, "", expected):
                raise bad_request(f"the object has {key} {obj[key]!r}, but {resource.qualified} have {expected!r}")
        if target.namespace and namespace_of(obj) not in ("", target.namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if target.name and name_of(obj) not in ("", target.name):
            raise bad_request(
                f"the name of the object ({name_of(obj)}) does not match the name on the URL ({target.name})"
            )
        if target.namespace:
            obj["metadata"]["namespace"] = target.namespace
        if target.name:
            obj["metadata"]["name"] = target.name
        return obj

    def _delete(self, target: Target, options: DeleteOptions) -> web.Response:
        obj, gone = deletion.delete(self._store, target.resource, target.name, target.namespace, options)
        if not gone or target.resource.plural == "pods":
            return json_response(obj)
        details = {"name": name_of(obj), "kind": target.resource.plural, "uid": obj["metadata"]["uid"]}
        if target.resource.group:
            details["group"] = target.resource.group
        return json_response(success(details))

    def _delete_all(self, target: Target, query: Query, options: DeleteOptions) -> web.Response:
        found, metadata = read_list(self._store, target, query)
        ended = [
            deletion.delete(self._store, target.resource, name_of(obj), namespace_of(obj), options)[0] for obj in found
        ]
        return json_response(Form(target.resource, "", "").many(ended, metadata))


def _media_type(request: web.Request) -> str:
    return request.content_type.lower()
