"""Where the cluster comes from: one that exists, one that kind makes, or the embedded reference cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pytest_k8snet.errors import UsageError
from pytest_k8snet.options import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_k8snet.kube.access import Access
    from pytest_k8snet.probe.observation import Pod

Say = Callable[[str], None]


class Provider(Protocol):
    """A source of clusters. It serves one run; who calls ``start`` also calls ``stop``, even after an error."""

    name: str

    def start(self, scratch: Path, run_id: str, say: Say) -> Access:
        """Bring the cluster up and tell how to reach it. Raises PreflightError or UsageError."""

    def stop(self, say: Say) -> None:
        """Take away what ``start`` made; also what an interrupted ``start`` began. Raises PreflightError.

        ``say`` is for what must not be missed.
        """

    def remains(self) -> str:
        """Return what of it would outlive this process, "" for nothing. Takes no time."""

    def outside(self) -> tuple[Pod | None, str]:
        """Return a source outside the cluster, or None and the reason why there is none."""

    def faults(self) -> FaultInjector | None:
        """Return what can break the network on purpose, where the cluster is made for it."""


class KnownFault(Protocol):
    """A fault of a cluster: ``breaks`` says in a few words what does not work while it is ``active``."""

    @property
    def name(self) -> str:
        """What ``catches`` of a check says."""

    @property
    def layer(self) -> str:
        """Where it sits."""

    @property
    def breaks(self) -> str:
        """What does not work then."""

    @property
    def active(self) -> bool:
        """Whether it is in now."""


class FaultInjector(Protocol):
    """Breaks one behaviour of a cluster at a time, and mends it."""

    def known(self) -> Sequence[KnownFault]:
        """Return all faults."""

    def network_state(self) -> Mapping[str, Sequence[str]]:
        """Return lines that describe each part of the network, by its name; equal as long as nothing changes."""

    def inject(self, name: str) -> None:
        """Break it. Raises UsageError for a name that does not exist."""

    def restore(self, name: str) -> None:
        """Mend it. Raises NoVerdict when the restore did not work."""


@dataclass(frozen=True)
class Choice:
    """The chosen provider, and why this one."""

    provider: str
    why: str
    kubeconfig: str = ""
    context: str = ""


def choose(settings: Settings, environment: Mapping[str, str]) -> Choice:
    """Choose the provider by the design's rule: ``~/.kube/config`` alone is never taken without being named.

    Raises:
        UsageError: what is asked for cannot be had together.

    """
    asked, named = settings.provider, settings.context or settings.kubeconfig
    if asked in {"kind", "embedded"}:
        if named:
            raise UsageError(
                f"--k8snet-provider {asked} makes a cluster of its own, but a context or kubeconfig was named too",
                hint="Leave one of them out.",
            )
        return Choice(asked, f"--k8snet-provider {asked}")
    if named or asked == "existing" or environment.get("KUBECONFIG") or _in_cluster(environment):
        return _existing(settings, environment)
    return Choice("embedded", "no cluster was named: the embedded reference cluster")


def _existing(settings: Settings, environment: Mapping[str, str]) -> Choice:
    file = settings.kubeconfig or environment.get("KUBECONFIG", "")
    if settings.context or settings.kubeconfig:
        flags = (("--k8snet-context", settings.context), ("--k8snet-kubeconfig", settings.kubeconfig))
        why = " and ".join(f"{flag} {value}" for flag, value in flags if value)
        return Choice("existing", why, file or "~/.kube/config", settings.context)
    if file:
        return Choice("existing", "the KUBECONFIG variable", file)
    if _in_cluster(environment):
        return Choice("existing", "the service account of the pod that this runs in")
    raise UsageError(
        "--k8snet-provider existing: which cluster? ~/.kube/config is not used without being named",
        hint="Give --k8snet-context NAME or --k8snet-kubeconfig FILE, or set KUBECONFIG.",
    )


def _in_cluster(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("KUBERNETES_SERVICE_HOST"))


def make(choice: Choice, settings: Settings) -> Provider:
    """Return the chosen provider, not started."""
    if choice.provider == "kind":
        from pytest_k8snet.providers.kind import KindProvider

        return KindProvider(settings)
    if choice.provider == "embedded":
        from pytest_k8snet.providers.embedded import EmbeddedProvider

        return EmbeddedProvider(settings)
    from pytest_k8snet.providers.existing import ExistingProvider

    return ExistingProvider(choice)
