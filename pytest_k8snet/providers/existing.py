"""A cluster that is there already: nothing to make, nothing to remove but our own objects."""

from __future__ import annotations

from pathlib import Path

from pytest_k8snet.errors import UsageError
from pytest_k8snet.kube.access import Access
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.providers import Choice, FaultInjector, Say

THIS_MACHINE = Pod(namespace="", name="outside", node="(this machine)")


class ExistingProvider:
    """The cluster of a kubeconfig, or the one that we run in."""

    name = "existing"

    def __init__(self, choice: Choice) -> None:
        self._choice = choice

    def start(self, scratch: Path, run_id: str, say: Say) -> Access:
        """Check that the files are there."""
        # Absolute, because a sweep from another folder must find them again.
        files = [Path(part).expanduser().absolute() for part in self._choice.kubeconfig.split(":") if part]
        missing = [str(file) for file in files if not file.is_file()]
        if files and len(missing) == len(files):
            raise UsageError(
                f"the kubeconfig {', '.join(missing)} does not exist (chosen by {self._choice.why})",
                hint="Name the right one: --k8snet-kubeconfig FILE; or leave it out for the embedded cluster.",
            )
        return Access(":".join(map(str, files)), self._choice.context, scratch)

    def stop(self, say: Say) -> None:
        """Leave the cluster alone."""

    def remains(self) -> str:
        """Nothing that we have brought up."""
        return ""

    def outside(self) -> tuple[Pod | None, str]:
        """Probe from this machine, unless it is a pod of the cluster."""
        if not self._choice.kubeconfig:
            return None, "this runs in a pod of the cluster, so there is no host outside it to probe from"
        return THIS_MACHINE, ""

    def faults(self) -> FaultInjector | None:
        """Never break a cluster that is not ours."""
        return None
