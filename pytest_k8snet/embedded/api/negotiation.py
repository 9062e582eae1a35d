"""In which form a client wants its answer: the objects, a Table, or only their metadata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .objects import Obj
from .resource import Resource
from .status import StoreError
from .tables import as_partial, as_table


@dataclass(frozen=True)
class Form:
    """The answer's form for one request: ``kind`` is Table, PartialObjectMetadata(List) or empty for whole objects."""

    resource: Resource
    kind: str
    include: str

    def one(self, obj: Obj) -> Obj:
        """The answer that is one object."""
        if self.kind == "Table":
            metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            return as_table(self.resource, [obj], metadata, include=self.include)
        return as_partial(obj) if self.kind else obj

    def many(self, objects: Sequence[Obj], metadata: Obj) -> Obj:
        """The answer that is a collection."""
        if self.kind == "Table":
            return as_table(self.resource, objects, metadata, include=self.include)
        if self.kind:
            items = [as_partial(obj) for obj in objects]
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            return {**head, "metadata": metadata, "items": items}
        head = {"kind": f"{self.resource.kind}List", "apiVersion": self.resource.api_version}
        # In a list the kind is said once, in its head.
        items = [{key: value for key, value in obj.items() if key not in head} for obj in objects]
        return {**head, "metadata": metadata, "items": items}


def choose_form(resource: Resource, accept: str, include: str) -> Form:
    """The first form in an Accept header that this API speaks; StoreError 406 when there is none."""
    for entry in accept.split(",") if accept else ["*/*"]:
        media, *parameters = (part.strip() for part in entry.split(";"))
        options = dict(parameter.partition("=")[::2] for parameter in parameters)
        if media not in ("application/json", "application/*", "*/*"):
            continue
        kind = options.get("as", "")
        if kind in ("", "Table", "PartialObjectMetadata", "PartialObjectMetadataList"):
            return Form(resource, kind, include)
    message = f"only application/json (also as Table or PartialObjectMetadata) is offered, the request accepts {accept}"
    raise StoreError(406, "NotAcceptable", message)
