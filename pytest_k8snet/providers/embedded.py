"""The embedded reference cluster as a provider: the only module outside ``embedded`` that knows it."""

from __future__ import annotations

from pathlib import Path

from pytest_k8snet.embedded import ClusterOptions, IpFamilies, PodNetworkName, Running, launch
from pytest_k8snet.errors import PreflightError, UsageError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.providers import FaultInjector, Say

__all__ = ["ClusterOptions", "EmbeddedProvider", "IpFamilies", "PodNetworkName", "Running", "bring_up"]

OUTSIDE = Pod(namespace="k8snet-outside", name="outside-1", node="(outside)", container="host")


def bring_up(options: ClusterOptions, folder: Path) -> Running:
    """Start an embedded cluster in ``folder``. Raises PreflightError when this machine cannot."""
    try:
        return launch(options, folder)
    except OSError as error:
        raise PreflightError(
            f"the embedded cluster cannot be started on this machine: {error}",
            hint="Use a cluster of your own: --k8snet-context NAME, or --k8snet-provider kind.",
        ) from error


class EmbeddedProvider:
    """Starts the embedded cluster for one run."""

    name = "embedded"

    def __init__(self, settings: Settings) -> None:
        try:
            self._options = ClusterOptions(
                nodes=settings.embedded_nodes, family=settings.embedded_family, network=settings.embedded_network
            )
        except ValueError as error:
            raise UsageError(f"--k8snet-embedded-nodes {settings.embedded_nodes}: {error}") from error
        self._running: Running | None = None

    def start(self, scratch: Path, run_id: str, say: Say) -> Access:
        """Start it; nothing of it outlives this process."""
        shape = f"{self._options.nodes} nodes, {self._options.family}, {self._options.network}"
        say(f"starting the embedded cluster ({shape})")
        folder = scratch / "embedded"
        folder.mkdir(mode=0o700)
        self._running = bring_up(self._options, folder)
        return Access(str(self._running.kubeconfig), "", scratch)

    def stop(self, say: Say) -> None:
        """Stop it and all that runs in it."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def remains(self) -> str:
        """Nothing: the cluster ends with this process."""
        return ""

    def outside(self) -> tuple[Pod | None, str]:
        """Probe from the host that stands beside the nodes."""
        return OUTSIDE, ""

    def faults(self) -> FaultInjector | None:
        """Return the fault catalogue of the running cluster."""
        return EmbeddedFaults(self._running) if self._running else None


class EmbeddedFaults:
    """The fault catalogue of a running embedded cluster."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._names = sorted(running.faults())

    def names(self) -> list[str]:
        """Return the names of all faults."""
        return list(self._names)

    def inject(self, name: str) -> None:
        """Break it."""
        if name not in self._names:
            raise UsageError(f"there is no fault {name!r}", hint=f"There are: {', '.join(self._names)}")
        self._running.inject(name)

    def restore(self, name: str) -> None:
        """Mend it."""
        self._running.restore(name)
