"""Who owns which fields of an object (``metadata.managedFields``), and what happens when two want the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .apply import merge, prune
from .fieldsets import Path, decode, encode, fields_of, readable
from .objects import Obj, now
from .shape import Shape
from .status import Cause, StoreError

NOT_OWNED = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {
        ("f:metadata", f"f:{name}")
        for name in [
            "name",
            "namespace",
            "generateName",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "selfLink",
            "managedFields",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ]
    }
)
"""Paths that have no owner: they are the object's identity, or the API's own."""

CONTINUED = ("kubectl-client-side-apply", "kubectl")
"""``kubectl apply --server-side`` goes on with what ``kubectl apply`` began, without conflicts between the two."""


@dataclass(frozen=True)
class Entry:
    """What one manager owns by one operation (Apply or Update)."""

    manager: str
    operation: str
    fields: frozenset[Path]
    subresource: str = ""
    time: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells entries apart."""
        return self.manager, self.operation, self.subresource


def owned_fields(obj: Obj, shape: Shape, subresource: str) -> dict[Path, object]:
    """The paths that a write can own, and what is there: the status by way of its subresource, all else without it."""
    status = subresource == "status"
    return {
        path: value
        for path, value in fields_of(obj, shape)
        if path not in NOT_OWNED and path[:2] != ("f:metadata", "f:managedFields") and (path[0] == "f:status") == status
    }


def read_entries(obj: Obj) -> list[Entry]:
    """The managers of an object. Entries without a manager, by which a client resets them, are left out."""
    return [
        Entry(
            str(entry["manager"]),
            str(entry.get("operation") or "Update"),
            frozenset(decode(entry.get("fieldsV1"))),
            str(entry.get("subresource") or ""),
            str(entry.get("time") or ""),
        )
        for entry in obj["metadata"].get("managedFields") or ()
        if entry.get("manager")
    ]


def write_entries(obj: Obj, entries: Sequence[Entry], before: Sequence[Entry]) -> None:
    """Set an object's managers, in place. An entry that is as it was keeps its time, so that nothing changes."""
    times = {(entry.key, entry.fields): entry.time for entry in before}
    written = []
    for entry in sorted((entry for entry in entries if entry.fields), key=lambda entry: entry.key):
        shown: Obj = {
            "manager": entry.manager,
            "operation": entry.operation,
            "apiVersion": obj["apiVersion"],
            "time": times.get((entry.key, entry.fields)) or now(),
            "fieldsType": "FieldsV1",
            "fieldsV1": encode(entry.fields),
        }
        written.append({**shown, "subresource": entry.subresource} if entry.subresource else shown)
    obj["metadata"].pop("managedFields", None)
    if written:
        obj["metadata"]["managedFields"] = written


def track_update(new: Obj, old: Obj | None, shape: Shape, manager: str, subresource: str) -> None:
    """Record in ``new``, in place, that ``manager`` wrote what differs from ``old``; others lose what it changed."""
    entries = read_entries(new)
    before = owned_fields(old, shape, subresource) if old else {}
    after = owned_fields(new, shape, subresource)
    changed = frozenset(path for path, value in after.items() if path not in before or before[path] != value)
    lost = changed | (before.keys() - after.keys())
    own = Entry(manager, "Update", frozenset(), subresource)
    mine = next((entry.fields for entry in entries if entry.key == own.key), frozenset())
    others = [replace(entry, fields=entry.fields - lost) for entry in entries if entry.key != own.key]
    own = replace(own, fields=mine.intersection(after) | changed)
    write_entries(new, [*others, own], read_entries(old) if old else [])


def apply_to(live: Obj, wanted: Obj, shape: Shape, manager: str, *, subresource: str, force: bool) -> Obj:
    """``live`` after ``manager`` applied ``wanted``. StoreError 409 when others own what it would change."""
    fields, present = owned_fields(wanted, shape, subresource), owned_fields(live, shape, subresource)
    own = Entry(manager, "Apply", frozenset(fields), subresource)
    entries = read_entries(live)
    others = [entry for entry in entries if entry.key != own.key]
    contested = {path for path, value in fields.items() if path in present and present[path] != value}
    rivals = [entry for entry in others if (entry.manager, manager) != CONTINUED]
    conflicts = [(entry, path) for entry in rivals for path in sorted(entry.fields & contested)]
    if conflicts and not force:
        raise _conflict(conflicts, str(live["apiVersion"]))
    others = [replace(entry, fields=entry.fields - contested) for entry in others]
    formerly = next((entry.fields for entry in entries if entry.key == own.key), frozenset())
    kept = own.fields.union(*(entry.fields for entry in others))
    result: Obj = prune(merge(live, wanted, shape), formerly - kept, kept, shape)
    write_entries(result, [*others, own], entries)
    return result


def _conflict(conflicts: Sequence[tuple[Entry, Path]], version: str) -> StoreError:
    causes = []
    for entry, path in conflicts:
        shown = f"{entry.manager}" + (f'" with subresource "{entry.subresource}' if entry.subresource else "")
        by = f'conflict with "{shown}"' + ("" if entry.operation == "Apply" else f" using {version}")
        causes.append(Cause(readable(path), by, "FieldManagerConflict"))
    details = {"causes": [cause.as_details() for cause in causes]}
    if len(causes) == 1:
        text = f"1 conflict: {causes[0].message}: {causes[0].field}"
    else:
        by_rival: dict[str, list[str]] = {}
        for cause in causes:
            by_rival.setdefault(cause.message.replace("conflict", "conflicts", 1), []).append(f"\n- {cause.field}")
        listed = "\n".join(f"{rival}:{''.join(fields)}" for rival, fields in by_rival.items())
        text = f"{len(causes)} conflicts: {listed}"
    return StoreError(409, "Conflict", f"Apply failed with {text}", details)
