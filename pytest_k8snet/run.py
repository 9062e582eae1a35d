"""The life of a run: cluster up, preflight, fleet, and everything away again. Owned by the xdist controller."""

from __future__ import annotations

import os
import threading
import time

from pytest_k8snet import preflight
from pytest_k8snet.errors import ApiError, K8sNetError, NoVerdict, PreflightError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import Access, KubeApi
from pytest_k8snet.kube.sweep import delete_run
from pytest_k8snet.leftovers import note_access
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector, Provider, Say, choose, make
from pytest_k8snet.rundir import RunDir
from pytest_k8snet.state import ClusterState

STATE = "state.json"


class Run:
    """One run. ``start`` and ``stop`` are called once each; ``stop`` also after a ``start`` that failed halfway."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._choice = choose(settings, os.environ)
        self._folder = RunDir()
        self._provider: Provider | None = None
        self._access: Access | None = None
        self._heart: Heartbeat | None = None
        self.run_id = self._folder.run_id
        self.state_file = self._folder.path / STATE

    def start(self) -> ClusterState:
        """Bring up the cluster and the fleet.

        Raises:
            PreflightError: the cluster cannot be tested as it is; nothing was judged.

        """
        began = time.monotonic()
        self._provider = make(self._choice, self._settings)
        try:
            self._access = self._provider.start(self._folder.path, self.run_id, self._step(began))
            note_access(self._folder.path, self._choice.provider, self._access)
            self._heart = Heartbeat(self._access, self.run_id)
            state = preflight.prepare(
                preflight.Plan(self.run_id, self._access, self._provider, self._choice, self._settings),
                self._step(began),
            )
        except NoVerdict as error:
            raise PreflightError(error.message, hint=error.hint) from error
        self._heart.start((state.namespace, state.host_namespace))
        state.write(self.state_file)
        return state

    def describe(self) -> str:
        """Return which kind of cluster it is, and why this one."""
        return f"{self._choice.provider} cluster ({self._choice.why})"

    def faults(self) -> FaultInjector | None:
        """Return what can break the cluster, where it is made for it."""
        return self._provider.faults() if self._provider else None

    def stop(self) -> None:
        """Remove all that the run made. Says what could not be removed, and how to do it."""
        if self._heart is not None:
            self._heart.stop()
        try:
            if self._access is not None and self._choice.provider == "existing":
                self._clean_cluster(self._access)
        finally:
            try:
                if self._provider is not None:
                    self._provider.stop(self._say)
            finally:
                self._folder.remove()

    def _clean_cluster(self, access: Access) -> None:
        api = KubeApi(access)
        try:
            left = delete_run(api, self.run_id)
        except K8sNetError as error:
            left = [error.message]
        finally:
            api.close()
        if left:
            self._say(
                f"not removed: {', '.join(left)}; later: k8snet sweep --run {self.run_id}"
                + (f" --context {access.context}" if access.context else "")
            )

    def _step(self, began: float) -> Say:
        def say(text: str) -> None:
            self._say(f"[{time.monotonic() - began:5.1f}s] {text}")

        return say


class Heartbeat:
    """Says in the run's namespaces that the run lives, so that a sweep leaves them alone."""

    def __init__(self, access: Access, run_id: str) -> None:
        self._access = access
        self._run_id = run_id
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.missed: list[str] = []

    def start(self, namespaces: tuple[str, ...]) -> None:
        """Begin; the first beat is the namespaces' own creation."""
        self._thread = threading.Thread(target=self._beat, args=(namespaces,), name="k8snet-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self, namespaces: tuple[str, ...]) -> None:
        api: KubeApi | None = None
        while not self._ended.wait(labels.LEASE_SECONDS / 3):
            try:
                api = api or KubeApi(self._access)
                for name in filter(None, namespaces):
                    body = {"metadata": {"annotations": {labels.ALIVE_UNTIL: labels.lease()}}}
                    api.patch("v1", "Namespace", name, body)
            except ApiError as error:
                self.missed.append(error.message)
        if api is not None:
            api.close()
