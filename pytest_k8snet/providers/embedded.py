"""The embedded reference cluster as a provider: the only module outside ``embedded`` that knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_k8snet.embedded import (
    ClusterOptions,
    FaultFileError,
    IpFamilies,
    PodNetworkName,
    Running,
    faults_of,
    launch,
)
from pytest_k8snet.errors import PreflightError, UsageError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.providers import FaultInjector, KnownFault, Say

__all__ = [
    "ClusterOptions",
    "EmbeddedFaults",
    "EmbeddedProvider",
    "IpFamilies",
    "PodNetworkName",
    "Running",
    "bring_up",
]

OUTSIDE = Pod(namespace="k8snet-outside", name="outside-1", node="(outside)", container="host")


def bring_up(options: ClusterOptions, folder: Path) -> Running:
    """Start an embedded cluster in ``folder``.

    Raises PreflightError when this machine cannot, UsageError for a file of faults that cannot be used.
    """
    try:
        return launch(options, folder)
    except FaultFileError as error:
        raise UsageError(str(error), hint="See 'Faults of your own' in docs/embedded.md.") from error
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
                nodes=settings.embedded_nodes,
                family=settings.embedded_family,
                network=settings.embedded_network,
                faults_from=str(settings.root / settings.faults_from) if settings.faults_from else "",
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
        return EmbeddedFaults(self._running.faults()) if self._running else None


class EmbeddedFaults:
    """The fault catalogue of a running embedded cluster."""

    def __init__(self, client: FaultInjector) -> None:
        self._client = client

    @classmethod
    def of(cls, kubeconfig: str) -> EmbeddedFaults:
        """Return the catalogue of the cluster that a kubeconfig of ours leads to. Raises PreflightError."""
        try:
            return cls(faults_of(Path(kubeconfig)))
        except OSError as error:
            raise PreflightError(f"the cluster's kubeconfig {kubeconfig} cannot be read: {error.strerror}") from error

    def known(self) -> Sequence[KnownFault]:
        """Return all faults."""
        return self._client.known()

    def network_state(self) -> Mapping[str, Sequence[str]]:
        """Return lines that describe each network namespace."""
        return self._client.network_state()

    def inject(self, name: str) -> None:
        """Break it."""
        self._demand(name)
        self._client.inject(name)

    def restore(self, name: str) -> None:
        """Mend it."""
        self._demand(name)
        self._client.restore(name)

    def _demand(self, name: str) -> None:
        names = [fault.name for fault in self.known()]
        if name not in names:
            raise UsageError(f"there is no fault {name!r}", hint=f"There are: {', '.join(names)}")
