"""The life of a run: cluster up, preflight, fleet, and everything away again. Owned by the xdist controller."""

from __future__ import annotations

import os
import threading
import time

from pytest_k8snet import preflight
from pytest_k8snet.claims import Claims
from pytest_k8snet.errors import K8sNetError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.access import Access
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.sweep import delete_run
from pytest_k8snet.leftovers import note_access
from pytest_k8snet.options import Settings
from pytest_k8snet.providers import FaultInjector, Provider, Say, choose, make
from pytest_k8snet.rundir import RunDir
from pytest_k8snet.state import ClusterState

STATE = "state.json"
LAST_BEAT_SECONDS = 1.0


class Run:
    """One run. ``start`` and ``stop`` are called once each; ``stop`` also after a ``start`` that failed halfway.

    ``say`` shows progress, ``warn`` what must not be missed.
    """

    def __init__(self, settings: Settings, claims: Claims, say: Say, warn: Say) -> None:
        self._settings = settings
        self._claims = claims
        self._say = say
        self._warn = warn
        self._choice = choose(settings, os.environ)
        self._folder = RunDir()
        self._provider: Provider | None = None
        self._access: Access | None = None
        self._heart: Heartbeat | None = None
        self._touched = False
        self.run_id = self._folder.run_id
        self.state_file = self._folder.path / STATE

    def start(self, needs: frozenset[str]) -> ClusterState:
        """Bring up the cluster and the fleet, and find out what of the ``needs`` of the tests it meets.

        Raises:
            K8sNetError: the cluster cannot be tested as it is; nothing was judged.

        """
        say = self._step(time.monotonic())
        self._provider = make(self._choice, self._settings)
        self._access = self._provider.start(self._folder.path, self.run_id, say)
        plan = preflight.Plan(
            self.run_id, self._access, self._provider, self._choice, self._settings, self._claims, needs
        )
        found = preflight.examine(plan, say)
        note_access(self._folder.path, self._choice.provider, self._access)
        self._touched = True
        state = preflight.prepare(plan, found, say)
        self._heart = Heartbeat(self._access)
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
        """Remove all that the run made. What cannot be removed stays known to ``k8snet sweep``; says so."""
        left = ["what an error in the clean-up kept"]
        try:
            if self._heart is not None:
                self._heart.stop()
                if missed := self._heart.missed:
                    self._warn(f"could not say {len(missed)} times that this run lives; the last time: {missed[-1]}")
            left = self._clean_cluster()
        finally:
            try:
                left += self._stop_provider()
            finally:
                self._put_away(left)

    def leave(self) -> str:
        """Let go of everything at once; return what is left and how to remove it, "" when all goes by itself."""
        left = [f"the namespaces of run {self.run_id}"] if self._in_foreign_cluster() else []
        if self._provider is not None and (remains := self._provider.remains()):
            left.append(remains)
        if not left:
            self._folder.remove()
            return ""
        return f"not removed: {' and '.join(left)}; remove with: k8snet sweep --run {self.run_id}"

    def _in_foreign_cluster(self) -> bool:
        return self._touched and self._choice.provider == "existing"

    def _clean_cluster(self) -> list[str]:
        if self._access is None or not self._in_foreign_cluster():
            return []
        try:
            api = KubeApi(self._access)
            try:
                return delete_run(api, self.run_id)
            finally:
                api.close()
        except K8sNetError as error:
            return [f"its namespaces ({error.message})"]

    def _stop_provider(self) -> list[str]:
        try:
            if self._provider is not None:
                self._provider.stop(self._warn)
        except K8sNetError as error:
            assert self._provider is not None
            return [f"{self._provider.remains() or self._provider.name} ({error.message})"]
        return []

    def _put_away(self, left: list[str]) -> None:
        if left:
            self._folder.keep()
            self._warn(f"not removed: {', '.join(left)}; remove with: k8snet sweep --run {self.run_id}")
        else:
            self._folder.remove()

    def _step(self, began: float) -> Say:
        def say(text: str) -> None:
            self._say(f"[{time.monotonic() - began:5.1f}s] {text}")

        return say


class Heartbeat:
    """Says in the run's namespaces that the run lives, so that a sweep leaves them alone."""

    def __init__(self, access: Access, *, every: float = labels.LEASE_SECONDS / 3) -> None:
        self._access = access
        self._every = every
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.missed: list[str] = []

    def start(self, namespaces: tuple[str, ...]) -> None:
        """Begin; the first beat is the namespaces' own creation."""
        self._thread = threading.Thread(target=self._beat, args=(namespaces,), name="k8snet-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End. A beat that the API does not answer is not waited for: it can do no harm any more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(LAST_BEAT_SECONDS)

    def _beat(self, namespaces: tuple[str, ...]) -> None:
        api: KubeApi | None = None
        while not self._ended.wait(self._every):
            try:
                api = api or KubeApi(self._access)
                for name in filter(None, namespaces):
                    body = {"metadata": {"annotations": {labels.ALIVE_UNTIL: labels.lease()}}}
                    api.patch("v1", "Namespace", name, body)
            except K8sNetError as error:
                self.missed.append(error.message)
        if api is not None:
            api.close()
