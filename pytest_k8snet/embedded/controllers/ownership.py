"""Which objects belong to a workload: by the reference to their controller, and by its selector."""

from __future__ import annotations

from pytest_k8snet.embedded.api.deletion import DeleteOptions, delete
from pytest_k8snet.embedded.api.objects import Obj, is_terminating, labels_of, name_of, namespace_of
from pytest_k8snet.embedded.api.selectors import selector_matches
from pytest_k8snet.embedded.api.store import Store


def owner_reference(owner: Obj) -> Obj:
    """The entry of ``metadata.ownerReferences`` by which ``owner`` controls an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name_of(owner),
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Obj) -> Obj | None:
    """The reference to what controls an object, None when nothing does."""
    references = obj["metadata"].get("ownerReferences") or ()
    return next((reference for reference in references if reference.get("controller")), None)


def owned(store: Store, owner: Obj, plural: str) -> list[Obj]:
    """The objects that ``owner`` controls and selects. It adopts orphans that it selects, and releases what it no
    longer selects (the ``ControllerRefManager`` of Kubernetes)."""
    found = []
    for obj in store.list(plural, namespace_of(owner)):
        controller = controller_of(obj)
        mine = controller is not None and controller["uid"] == owner["metadata"]["uid"]
        if not mine and controller is not None:
            continue
        selected = selector_matches(owner["spec"].get("selector") or {}, labels_of(obj))
        if mine and not selected:
            _release(store, plural, obj, owner)
        elif mine:
            found.append(obj)
        elif selected and not is_terminating(obj) and not is_terminating(owner):
            found.append(_adopt(store, plural, obj, owner))
    return found


def _adopt(store: Store, plural: str, obj: Obj, owner: Obj) -> Obj:
    def change(new: Obj) -> None:
        new["metadata"].setdefault("ownerReferences", []).append(owner_reference(owner))

    return store.update(plural, name_of(obj), namespace_of(obj), change)


def _release(store: Store, plural: str, obj: Obj, owner: Obj) -> None:
    def change(new: Obj) -> None:
        references = new["metadata"]["ownerReferences"]
        new["metadata"]["ownerReferences"] = [r for r in references if r.get("uid") != owner["metadata"]["uid"]]

    store.update(plural, name_of(obj), namespace_of(obj), change)


def end(store: Store, plural: str, obj: Obj) -> None:
    """Delete an object as a client would, its dependents after it."""
    delete(store, store.resource(plural), name_of(obj), namespace_of(obj), DeleteOptions())


def write_status(store: Store, plural: str, obj: Obj, status: Obj) -> Obj:
    """Put a whole new status; one that is equal makes no new version."""
    return store.update(plural, name_of(obj), namespace_of(obj), lambda new: new.update(status=status))
