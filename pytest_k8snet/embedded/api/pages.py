"""Reading collections: selection and pages (``limit`` and ``continue``)."""

from __future__ import annotations

import base64
import binascii

import msgspec

from .objects import Obj, name_of, namespace_of
from .paths import Target
from .query import Query
from .status import bad_request
from .store import Store


def read_list(store: Store, target: Target, query: Query) -> tuple[list[Obj], Obj]:
    """The objects of a collection that a query selects, and the metadata of the answer (version, where to go on).

    The next page begins after the last name of this one, in the state of the moment: nothing expires between pages.
    """
    found = [obj for obj in store.list(target.resource.plural, target.namespace) if query.selects(obj)]
    if query.token:
        after = _read_token(query.token)
        found = [obj for obj in found if (namespace_of(obj), name_of(obj)) > after]
    metadata: Obj = {"resourceVersion": str(store.version)}
    if query.limit and len(found) > query.limit:
        metadata["continue"] = _make_token(found[query.limit - 1])
        metadata["remainingItemCount"] = len(found) - query.limit
        found = found[: query.limit]
    return found, metadata


def _make_token(obj: Obj) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([namespace_of(obj), name_of(obj)])).decode().rstrip("=")


def _read_token(text: str) -> tuple[str, str]:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(data, type=tuple[str, str])
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise bad_request(
            'the "continue" parameter is not one that this server gave: list from the beginning'
        ) from error
