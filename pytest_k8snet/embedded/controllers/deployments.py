"""Deployments: a ReplicaSet for each template that was asked for, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_k8snet.embedded.api.objects import Obj, clone, is_terminating, lookup, name_of, namespace_of
from pytest_k8snet.embedded.api.store import Store
from pytest_k8snet.embedded.controllers.deployment_status import build_status, recheck_after
from pytest_k8snet.embedded.controllers.ownership import end, owned, owner_reference, write_status
from pytest_k8snet.embedded.controllers.pods import template_hash
from pytest_k8snet.embedded.controllers.rollout import Rollout, replicas_of
from pytest_k8snet.embedded.kubelet.events import EventRecorder

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
NOT_INHERITED = ("kubectl.kubernetes.io/last-applied-configuration", REVISION, DESIRED, MOST)


class Deployments:
    """The controller of Deployments."""

    plural = "deployments"
    follows: Sequence[str] = ()

    def __init__(self, store: Store) -> None:
        self._store = store
        self._events = EventRecorder(store, "deployment-controller")

    def sync(self, deployment: Obj) -> float | None:
        """Take the next step of a rollout, or of scaling."""
        if not is_terminating(deployment):
            rollout = self._rollout(deployment)
            if rollout.new is None and not deployment["spec"].get("paused"):
                rollout.new = self._create(deployment, rollout.old)
            if rollout.new is not None:
                self._number(deployment, rollout.new, rollout.old)
            for replicas, count in rollout.steps(self._old_pods(rollout.old)):
                self._scale(deployment, replicas, count, rollout.most)
        rollout = self._rollout(deployment)
        deployment = self._store.need(self.plural, name_of(deployment), namespace_of(deployment))
        deployment = write_status(self._store, self.plural, deployment, build_status(deployment, rollout))
        if rollout.is_complete(deployment):
            self._forget_old(deployment, rollout.old)
        return recheck_after(deployment)

    def _rollout(self, deployment: Obj) -> Rollout:
        """The ReplicaSets as they are now."""
        sets = owned(self._store, deployment, "replicasets")
        sets.sort(key=lambda replicas: (str(replicas["metadata"]["creationTimestamp"]), name_of(replicas)))
        new = next((replicas for replicas in sets if _same_template(replicas, deployment)), None)
        return Rollout(deployment, new, [replicas for replicas in sets if replicas is not new])

    def _create(self, deployment: Obj, old: Sequence[Obj]) -> Obj:
        template = clone(deployment["spec"]["template"])
        value = template_hash(template)
        labels = {**(template["metadata"].get("labels") or {}), HASH: value}
        template["metadata"]["labels"] = labels
        selector = clone(deployment["spec"]["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH: value}
        spec = {"replicas": 0, "selector": selector, "template": template}
        if seconds := deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = seconds
        annotations = deployment["metadata"].get("annotations") or {}
        metadata = {
            "name": f"{name_of(deployment)}-{value}",
            "namespace": namespace_of(deployment),
            "labels": labels,
            "annotations": {key: text for key, text in annotations.items() if key not in NOT_INHERITED},
            "ownerReferences": [owner_reference(deployment)],
        }
        return self._store.create("replicasets", {"metadata": metadata, "spec": spec})

    def _number(self, deployment: Obj, new: Obj, old: Sequence[Obj]) -> None:
        """Give the newest template the highest revision; ``kubectl rollout undo`` goes by it."""
        revision = max(_revision(new), 1 + max(map(_revision, old), default=0))
        for plural, obj in (("replicasets", new), (self.plural, deployment)):
            self._annotate(plural, obj, {REVISION: str(revision)})

    def _annotate(self, plural: str, obj: Obj, values: dict[str, str]) -> None:
        def change(new: Obj) -> None:
            new["metadata"]["annotations"] = {**(new["metadata"].get("annotations") or {}), **values}

        self._store.update(plural, name_of(obj), namespace_of(obj), change)

    def _scale(self, deployment: Obj, replicas: Obj, count: int, most: int) -> None:
        def change(new: Obj) -> None:
            if new["spec"]["replicas"] != count:
                new["spec"]["replicas"] = count
                new["metadata"]["generation"] += 1

        before = replicas_of(replicas)
        self._store.update("replicasets", name_of(replicas), namespace_of(replicas), change)
        self._annotate("replicasets", replicas, {DESIRED: str(replicas_of(deployment)), MOST: str(most)})
        if before != count:
            way = "up" if count > before else "down"
            told = f"Scaled {way} replica set {name_of(replicas)} from {before} to {count}"
            self._events.record(deployment, "ScalingReplicaSet", told)

    def _old_pods(self, old: Sequence[Obj]) -> int:
        """How many pods of former templates are still there, also on their way out."""
        pods = [pod for replicas in old for pod in owned(self._store, replicas, "pods")]
        return sum(lookup(pod, "status", "phase") not in ("Succeeded", "Failed") for pod in pods)

    def _forget_old(self, deployment: Obj, old: Sequence[Obj]) -> None:
        limit = deployment["spec"]["revisionHistoryLimit"]
        unused = [
            o for o in old if not replicas_of(o) and not lookup(o, "status", "replicas") and not is_terminating(o)
        ]
        for replicas in sorted(unused, key=_revision)[: max(0, len(unused) - limit)]:
            end(self._store, "replicasets", replicas)


def _revision(replicas: Obj) -> int:
    text = (replicas["metadata"].get("annotations") or {}).get(REVISION, "")
    return int(text) if text.isdigit() else 0


def _same_template(replicas: Obj, deployment: Obj) -> bool:
    """Whether a ReplicaSet is for the deployment's template; the label that tells templates apart does not count."""
    template = clone(replicas["spec"]["template"])
    (template["metadata"].get("labels") or {}).pop(HASH, None)
    return bool(template == deployment["spec"]["template"])
