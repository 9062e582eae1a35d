"""What the API keeps in order by itself: namespaces and their content, dependents of deleted owners, quota figures."""

from __future__ import annotations

from collections.abc import Iterable

from .admission import usage
from .deletion import DeleteOptions, delete
from .objects import Obj, held_by, is_terminating, lookup, name_of, namespace_of
from .store import Change, Store

ABOUT_THE_CERTIFICATE = {
    "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using "
    "internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed "
    "across distributions of Kubernetes clusters."
}
WAITS_FOR_DEPENDENTS = "foregroundDeletion"


class Janitor:
    """Follows every change of the store. One per cluster; ``run`` goes on until it is cancelled."""

    def __init__(self, store: Store, ca_pem: str) -> None:
        self._store = store
        self._ca_pem = ca_pem
        self._namespaced = [resource.plural for resource in store.resources.values() if resource.namespaced]

    async def run(self) -> None:
        """Put in order what is there, then whatever changes."""
        with self._store.watch_everything() as watch:
            for namespace in self._store.list("namespaces"):
                self._furnish(name_of(namespace))
            while True:
                self.follow(await watch.batch())

    def follow(self, changes: Iterable[Change]) -> None:
        """Do what a batch of changes asks for. Its own changes come back in a later batch, until nothing is left."""
        changes = list(changes)
        for change in changes:
            if change.obj["kind"] == "Namespace" and change.type != "DELETED":
                self._furnish(name_of(change.obj))
        if any(self._concerns_others(change) for change in changes):
            self._collect()
            self._empty_namespaces()
        for namespace in {namespace_of(change.obj) for change in changes} - {""}:
            self._count(namespace)

    def _concerns_others(self, change: Change) -> bool:
        """Whether objects may have to go: an owner has gone, a dependent of none came, something waits to be let go.

        What comes with an owner that stays, such as each EndpointSlice, is no reason to go through everything.
        """
        obj, owners, before = change.obj, _owners(change.obj), _owners(change.previous)
        if change.type == "DELETED" or (is_terminating(obj) and held_by(obj)):
            return True
        return owners != before and not all(self._stays(ref, namespace_of(obj)) for ref in (*owners, *before))

    def _stays(self, ref: Obj, namespace: str) -> bool:
        """Whether the owner that a dependent in a namespace names is there and waits for nobody."""
        for resource in self._store.resources.values():
            if resource.kind == ref.get("kind"):
                owner = self._store.get(resource.plural, str(ref.get("name")), namespace if resource.namespaced else "")
                if owner and owner["metadata"]["uid"] == ref.get("uid"):
                    return not _waits(owner)
        return False

    def _furnish(self, name: str) -> None:
        """What every namespace begins with: an account for its pods, and the certificate of the API's authority."""
        namespace = self._store.get("namespaces", name)
        if namespace is None or is_terminating(namespace):
            return
        if not self._store.get("serviceaccounts", "default", name):
            self._store.create("serviceaccounts", {"metadata": {"name": "default", "namespace": name}})
        if not self._store.get("configmaps", "kube-root-ca.crt", name):
            metadata = {"name": "kube-root-ca.crt", "namespace": name, "annotations": ABOUT_THE_CERTIFICATE}
            self._store.create("configmaps", {"metadata": metadata, "data": {"ca.crt": self._ca_pem}})

    def _empty_namespaces(self) -> None:
        """Delete what terminating namespaces contain, and then them."""
        for namespace in self._store.list("namespaces"):
            if not is_terminating(namespace):
                continue
            for plural in self._namespaced:
                for obj in self._store.list(plural, name_of(namespace)):
                    self._begin_deletion(plural, obj)
            if not any(self._store.list(plural, name_of(namespace)) for plural in self._namespaced):
                self._store.update("namespaces", name_of(namespace), "", _release)

    def _begin_deletion(self, plural: str, obj: Obj) -> None:
        if not is_terminating(obj):
            delete(self._store, self._store.resource(plural), name_of(obj), namespace_of(obj), DeleteOptions())

    def _collect(self) -> None:
        """Delete objects whose owners are all gone, and let go owners that waited for their dependents."""
        everything = [(plural, obj) for plural in self._store.resources for obj in self._store.list(plural)]
        living = {obj["metadata"]["uid"]: obj for _, obj in everything}
        waited_for: set[str] = set()
        for plural, obj in everything:
            owners = [str(ref.get("uid")) for ref in obj["metadata"].get("ownerReferences") or ()]
            leaving = [uid for uid in owners if uid not in living or _waits(living[uid])]
            waited_for.update(leaving)
            if owners and len(leaving) == len(owners):
                self._begin_deletion(plural, obj)
        for plural, obj in everything:
            if _waits(obj) and obj["metadata"]["uid"] not in waited_for:
                self._store.update(plural, name_of(obj), namespace_of(obj), _let_go)

    def _count(self, namespace: str) -> None:
        """Write the figures of the namespace's quotas."""
        for quota in self._store.list("resourcequotas", namespace):
            hard = lookup(quota, "spec", "hard") or {}
            counts = {key: usage(self._store, namespace, key) for key in hard}
            used = {key: str(count) for key, count in counts.items() if count is not None}
            self._store.set_status("resourcequotas", name_of(quota), namespace, {"hard": hard, "used": used})


def _owners(obj: Obj | None) -> list[Obj]:
    return (obj["metadata"].get("ownerReferences") or []) if obj else []


def _waits(obj: Obj) -> bool:
    return is_terminating(obj) and WAITS_FOR_DEPENDENTS in (obj["metadata"].get("finalizers") or ())


def _release(namespace: Obj) -> None:
    namespace["spec"] = {}


def _let_go(obj: Obj) -> None:
    obj["metadata"]["finalizers"].remove(WAITS_FOR_DEPENDENTS)
