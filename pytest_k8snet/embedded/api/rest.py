"""One request on objects: from its path and verb to the store and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from . import deletion
from .body import decode_object
from .deletion import DeleteOptions
from .exec import serve_exec
from .logs import serve_logs
from .negotiation import Form, choose_form
from .objects import name_of, namespace_of
from .pages import read_list
from .paths import Target, parse_path
from .query import Query
from .runtime import Runtime
from .scale import read_scale, write_scale
from .status import success
from .store import Store
from .watch import WatchStream
from .writes import WriteOptions, Writer

MAX_WARNINGS = 32
"""Clients read at most about a hundred headers."""


def json_response(body: Any, status: int = 200, warnings: Sequence[str] = ()) -> web.Response:
    """An answer of the API; warnings go into headers, from which clients print them (RFC 9111, code 299)."""
    headers = CIMultiDict[str]()
    for warning in [*dict.fromkeys(warnings)][:MAX_WARNINGS]:
        printable = "".join(letter if letter.isprintable() else " " for letter in warning[:512])
        quoted = printable.replace("\\", "\\\\").replace('"', '\\"')
        headers.add("Warning", f'299 - "{quoted}"')
    data = msgspec.json.encode(body)
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)


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
        if target.sub == "scale":
            return self._scale(request, await request.read(), verb, target)
        form = choose_form(target.resource, request.headers.get("Accept", ""), request.query.get("includeObject", ""))
        if verb == "watch":
            return await WatchStream(self._store, target.resource, target.namespace, query, form.one).serve(request)
        if verb == "list":
            return json_response(form.many(*read_list(self._store, target, query)))
        if verb == "get":
            return json_response(form.one(self._store.need(target.resource.plural, target.name, target.namespace)))
        data = await request.read()
        if verb in ("delete", "deletecollection"):
            return self._delete(request, data, target, query)
        return self._write(request, data, verb, target, form)

    def _scale(self, request: web.Request, data: bytes, verb: str, target: Target) -> web.Response:
        if verb == "get":
            return json_response(read_scale(self._store, target))
        media_type = request.content_type.lower()
        options = WriteOptions.read(request.query, request.headers.get("User-Agent", ""), media_type)
        scale = write_scale(self._store, target, data, media_type, verb, options)
        return json_response(scale, warnings=options.warnings)

    def _write(self, request: web.Request, data: bytes, verb: str, target: Target, form: Form) -> web.Response:
        media_type = request.content_type.lower()
        options = WriteOptions.read(request.query, request.headers.get("User-Agent", ""), media_type)
        writer = Writer(self._store, target, options)
        new = verb == "create"
        if verb == "create":
            obj = writer.create(data, media_type)
        elif verb == "update":
            obj = writer.update(data, media_type)
        else:
            obj, new = writer.patch(data, media_type)
        return json_response(form.one(obj), 201 if new else 200, options.warnings)

    def _delete(self, request: web.Request, data: bytes, target: Target, query: Query) -> web.Response:
        body = decode_object(data, request.content_type.lower()) if data.strip() else {}
        options = DeleteOptions.read(body, request.query)
        return self._delete_one(target, options) if target.name else self._delete_all(target, query, options)

    def _delete_one(self, target: Target, options: DeleteOptions) -> web.Response:
        obj, gone = deletion.delete(self._store, target.resource, target.name, target.namespace, options)
        # Pods and Services are answered whole also when they are gone, as by the real API.
        if target.resource.plural in ("pods", "services") or not (gone or options.dry_run):
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
