"""The kubelets of all nodes in one: follows the pods of the API and runs those that have a node."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

from pytest_k8snet.embedded.api.objects import Obj, is_terminating, lookup, name_of, namespace_of
from pytest_k8snet.embedded.api.runtime import Process
from pytest_k8snet.embedded.api.status import bad_request, not_found
from pytest_k8snet.embedded.container.client import StartError
from pytest_k8snet.embedded.kubelet.admission import refusal
from pytest_k8snet.embedded.kubelet.behaviour import Behaviour
from pytest_k8snet.embedded.kubelet.container import Container
from pytest_k8snet.embedded.kubelet.pod import PodWorker
from pytest_k8snet.embedded.kubelet.process import start_process
from pytest_k8snet.embedded.kubelet.services import Services

log = logging.getLogger(__name__)

ENDED = ("Succeeded", "Failed")


class Kubelet:
    """Runs pods, and commands in them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._workers: dict[str, PodWorker] = {}
        self._left_running: list[PodWorker] = []

    @property
    def behaviour(self) -> Behaviour:
        """How pods are treated; for faults to change."""
        return self._services.behaviour

    @property
    def workers(self) -> list[PodWorker]:
        """The pods that are here, also those that are being ended."""
        return list(self._workers.values())

    def refresh(self) -> None:
        """Write the status of every pod anew, with the addresses that it has now."""
        for worker in self._workers.values():
            worker.refresh()

    async def end_left_running(self) -> None:
        """End the deleted pods that a fault has left running."""
        left, self._left_running = self._left_running, []
        await asyncio.gather(*(worker.stop(0.0) for worker in left))

    async def follow_pods(self) -> None:
        """Do for ever what the API says of pods."""
        async for kind, pod in self._services.store.subscribe("pods"):
            try:
                self._sync(kind, pod)
            except Exception:
                # One pod that nobody thought of must not stop all others.
                log.exception("pod %s/%s cannot be followed", namespace_of(pod), name_of(pod))

    async def follow_config(self, plural: str) -> None:
        """Wake the pods that wait for a ConfigMap or Secret."""
        async for _ in self._services.store.subscribe(plural):
            self._services.config_changed.notify()

    async def exec(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> Process:
        """Start a command in a container (the API's ``Runtime.exec``)."""
        _, found = self._find(namespace, pod, container)
        if found.running is None:
            raise bad_request(f'unable to upgrade connection: container not found ("{container}")')
        command = found.inside(argv, terminal=tty)
        try:
            return await start_process(self._services.zygote, self._services.tasks, found.running, command, stdin=stdin)
        except StartError as error:
            raise bad_request(f"unable to upgrade connection: {error}") from error

    async def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        follow: bool,
        tail: int | None,
        previous: bool,
        timestamps: bool,
    ) -> AsyncIterator[bytes]:
        """The output of a container (the API's ``Runtime.logs``)."""
        _, found = self._find(namespace, pod, container)
        log = found.previous_log if previous else found.log
        if log is None and previous:
            raise bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
        if log is None:
            reason = lookup(found.state, "waiting", "reason") or "ContainerCreating"
            raise bad_request(f'container "{container}" in pod "{pod}" is waiting to start: {reason}')
        async for piece in log.read(follow=follow, tail=tail, timestamps=timestamps):
            yield piece

    def _sync(self, kind: str, pod: Obj) -> None:
        uid, worker = pod["metadata"]["uid"], self._workers.get(pod["metadata"]["uid"])
        if kind == "DELETED":
            self._end(uid, 0.0)
        elif is_terminating(pod):
            if worker is None and lookup(pod, "spec", "nodeName"):
                self._services.store.remove("pods", name_of(pod), namespace_of(pod))
            self._end(uid, float(pod["metadata"].get("deletionGracePeriodSeconds") or 0))
        elif worker is None and lookup(pod, "spec", "nodeName") and lookup(pod, "status", "phase") not in ENDED:
            self._begin(uid, pod)
        elif worker is not None and pod["spec"].get("readinessGates"):
            worker.publish()

    def _begin(self, uid: str, pod: Obj) -> None:
        name = pod["spec"]["nodeName"]
        node = self._services.store.get("nodes", name)
        others = [worker.pod for worker in self._workers.values() if worker.pod["spec"]["nodeName"] == name]
        if node is not None and (refused := refusal(pod, node, others)) is not None:
            status = {"phase": "Failed", "reason": refused.reason, "message": refused.message}
            self._services.store.set_status("pods", name_of(pod), namespace_of(pod), status)
            self._services.events.record(pod, refused.reason, refused.message, warning=True)
        elif self._services.network.has_host(name):
            self._workers[uid] = PodWorker(self._services, pod, self._services.network.host(name))
            self._workers[uid].begin()

    def _end(self, uid: str, grace: float) -> None:
        worker = self._workers.get(uid)
        if worker is not None and not worker.stopping:
            self._services.tasks.start(self._stop(uid, worker, grace))
        elif worker is not None and grace < worker.grace_left:
            self._services.tasks.start(worker.hasten(grace))

    async def _stop(self, uid: str, worker: PodWorker, grace: float) -> None:
        try:
            if self.behaviour.end_deleted_pods or worker.sandbox.host_network:
                await worker.stop(0.0 if self.behaviour.no_grace(worker.pod) else grace)
            else:
                worker.stopping = True
                self._left_running.append(worker)
        finally:
            worker.remove_object()
            del self._workers[uid]

    def _find(self, namespace: str, pod: str, container: str) -> tuple[PodWorker, Container]:
        # Not by the name alone: a former pod of that name may still be on its way out.
        current = self._services.store.get("pods", pod, namespace)
        worker = self._workers.get(current["metadata"]["uid"]) if current else None
        if worker is None:
            raise not_found("pods", pod)
        found = worker.container(container)
        if found is None:
            raise bad_request(f"container {container} is not valid for pod {pod}")
        return worker, found
