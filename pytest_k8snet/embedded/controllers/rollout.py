"""The arithmetic of a rollout: how many replicas each ReplicaSet of a Deployment shall have next. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_k8snet.embedded.api.objects import Obj, lookup
from pytest_k8snet.embedded.controllers.pods import share


def replicas_of(obj: Obj) -> int:
    """How many replicas are asked for."""
    return int(obj["spec"].get("replicas") or 0)


def count(sets: Sequence[Obj], name: str) -> int:
    """The sum of a field of the status over ReplicaSets."""
    return sum(int(lookup(replicas, "status", name) or 0) for replicas in sets)


@dataclass
class Rollout:
    """A Deployment with its ReplicaSets: ``new`` for the present template (None before there is one), and ``old``."""

    deployment: Obj
    new: Obj | None
    old: Sequence[Obj]

    @property
    def every(self) -> list[Obj]:
        """All ReplicaSets."""
        return [*self.old, *([self.new] if self.new is not None else [])]

    @property
    def rolling(self) -> bool:
        """Whether old and new pods may be there at once."""
        return bool(self.deployment["spec"]["strategy"]["type"] == "RollingUpdate")

    @property
    def surge(self) -> int:
        """How many pods more than asked for there may be."""
        value = lookup(self.deployment, "spec", "strategy", "rollingUpdate", "maxSurge")
        return share(value, replicas_of(self.deployment), up=True) if self.rolling else 0

    @property
    def may_miss(self) -> int:
        """How many of the pods asked for may be unavailable."""
        wanted = replicas_of(self.deployment)
        if not self.rolling or not wanted:
            return 0
        value = lookup(self.deployment, "spec", "strategy", "rollingUpdate", "maxUnavailable")
        missing = min(share(value, wanted, up=False), wanted)
        return 1 if not missing and not self.surge else missing

    @property
    def most(self) -> int:
        """How many pods there may be."""
        return replicas_of(self.deployment) + self.surge

    def is_complete(self, deployment: Obj) -> bool:
        """Whether all pods asked for are of the present template and available, and there are no others."""
        status, wanted = deployment.get("status") or {}, replicas_of(deployment)
        counts = [status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas")]
        return counts == [wanted] * 3 and status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]

    def steps(self, old_pods: int) -> Iterator[tuple[Obj, int]]:
        """The ReplicaSets to change now and their new sizes; ``old_pods`` are those of former templates."""
        if self.deployment["spec"].get("paused"):
            yield from self._resize_only()
        elif self.new is not None and not self.rolling:
            yield from ((replicas, 0) for replicas in self.old if replicas_of(replicas))
            if not old_pods and not any(map(replicas_of, self.old)):
                yield self.new, replicas_of(self.deployment)
        elif self.new is not None:
            size = self._size_of_new(self.new)
            yield self.new, size
            if size == replicas_of(self.new):
                yield from self._shrink_old(self.new)

    def _resize_only(self) -> Iterator[tuple[Obj, int]]:
        """While paused only the size can change, of the one ReplicaSet that has pods."""
        active = [replicas for replicas in self.every if replicas_of(replicas)] or self.every[-1:]
        if len(active) == 1:
            yield active[0], replicas_of(self.deployment)

    def _size_of_new(self, new: Obj) -> int:
        wanted, present = replicas_of(self.deployment), replicas_of(new)
        if present >= wanted:
            return wanted
        room = self.most - sum(map(replicas_of, self.every))
        return present + max(0, min(room, wanted - present))

    def _shrink_old(self, new: Obj) -> Iterator[tuple[Obj, int]]:
        """Old pods that are not available go first, then as many as the available ones leave room for."""
        least = replicas_of(self.deployment) - self.may_miss
        new_missing = replicas_of(new) - _available(new)
        removable = sum(map(replicas_of, self.every)) - least - new_missing
        spare = sum(map(_available, self.every)) - least
        for replicas in self.old:
            size = replicas_of(replicas)
            broken = min(size - _available(replicas), max(0, removable))
            working = min(size - broken, max(0, min(spare, removable - broken)))
            removable, spare = removable - broken - working, spare - working
            if broken + working:
                yield replicas, size - broken - working


def _available(replicas: Obj) -> int:
    """Its available pods, but not those that it is about to delete because it was scaled down since it counted."""
    return min(replicas_of(replicas), count([replicas], "availableReplicas"))
