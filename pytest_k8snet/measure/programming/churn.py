"""Changes in the background: Services that come and go, so that what programs the network has other work as well."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytest_k8snet.cluster import Cluster, Namespace
from pytest_k8snet.errors import ApiError
from pytest_k8snet.kube import labels
from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.services.served import manifest

NAMES = 20
"""So many Services take turns: each is gone for a while before it comes back."""


class Churn:
    """Makes and deletes Services, ``rate`` changes in a second, in a thread and by a connection of its own.

    With a rate of 0 it makes none.
    """

    def __init__(self, api: KubeApi, run_id: str, namespace: str, selector: dict[str, str], rate: float) -> None:
        self._api = api
        self._namespace, self._selector, self._rate = namespace, selector, rate
        self._labels = {labels.RUN: run_id}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="churn", daemon=True)
        self._began = time.monotonic()
        self.changes = 0
        self.refused = ""

    def start(self) -> None:
        """Begin."""
        if self._rate:
            self._thread.start()

    def stop(self) -> None:
        """End, and delete what is left."""
        self._over.set()
        if self._rate:
            self._thread.join()
            self._delete_all()
        self._api.close()

    def _delete_all(self) -> None:
        for number in range(NAMES):
            with suppress(ApiError):  # the namespace goes as well
                self._api.delete("v1", "Service", f"churn-{number}", self._namespace)

    def told(self) -> str:
        """Return in words how many changes there were."""
        if not self._rate:
            return "beside no other changes, as it was asked for"
        seconds = time.monotonic() - self._began
        ended = f", until the API refused: {self.refused}" if self.refused else ""
        return f"beside {self.changes / seconds:.1f} changes of Services in a second (of {self._rate:g} wanted){ended}"

    def _go_on(self) -> None:
        while not self._over.wait(max(self._began + self.changes / self._rate - time.monotonic(), 0)):
            number, deletes = self.changes // 2 % NAMES, self.changes % 2
            try:
                self._change(f"churn-{number}", deletes=bool(deletes))
            except ApiError as error:
                self.refused = error.message
                return
            self.changes += 1

    def _change(self, name: str, *, deletes: bool) -> None:
        if deletes:
            self._api.delete("v1", "Service", name, self._namespace)
            return
        wanted = manifest(name, self._selector)
        wanted["metadata"] |= {"namespace": self._namespace, "labels": self._labels}
        self._api.create(wanted)


@contextmanager
def churning(cluster: Cluster, namespace: Namespace, selector: dict[str, str], rate: float) -> Iterator[Churn]:
    """Change Services of some pods, ``rate`` times in a second, for a while."""
    state = cluster.attachment.state
    churn = Churn(KubeApi(state.access()), state.run_id, namespace.name, selector, rate)
    churn.start()
    try:
        yield churn
    finally:
        churn.stop()
