"""What the run has prepared and the workers attach to: written once by the controller, read by every worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pytest_k8snet.kube.access import Access
from pytest_k8snet.probe.observation import Family, Pod


@dataclass(frozen=True)
class Node:
    """A node as its API object describes it."""

    name: str
    addresses: tuple[str, ...]
    pod_cidrs: tuple[str, ...]
    kernel: str = ""
    os: str = ""
    runtime: str = ""
    kubelet: str = ""
    zone: str = ""

    def address(self, family: Family) -> str:
        """Return the node's InternalIP of a family. Raises KeyError when it has none."""
        for address in self.addresses:
            if Family.of(address) is family:
                return address
        raise KeyError(f"node {self.name} has no {family} InternalIP, it has {self.addresses}")


@dataclass(frozen=True)
class Fleet:
    """The probe pods of a run.

    ``pods`` are ordinary pods, two on each node; ``host_pods`` use their node's network, one on each node;
    ``host_port_pod`` is reached at ``host_port`` of its node.
    """

    pods: tuple[Pod, ...]
    host_pods: tuple[Pod, ...] = ()
    host_port_pod: Pod | None = None
    host_port: int = 0

    def all(self) -> tuple[Pod, ...]:
        """Return every pod of the fleet."""
        return self.pods + self.host_pods + ((self.host_port_pod,) if self.host_port_pod else ())


@dataclass(frozen=True)
class Cni:
    """A CNI by its name, or "unknown" with the reason; ``mode`` is how it works here, "" when that is not known."""

    name: str
    mode: str = ""


@dataclass(frozen=True)
class ClusterState:
    """A cluster that has passed the preflight.

    ``missing`` maps each requirement (see checks.REQUIREMENTS) that the cluster does not meet to the reason,
    ``claimed`` and ``denied`` are what the claims say, with where and why; ``untried`` was not looked at in this run.
    """

    run_id: str
    kubeconfig: str
    context: str
    scratch: Path
    provider: str
    why: str
    version: str
    cni: Cni
    namespace: str
    host_namespace: str
    nodes: tuple[Node, ...]
    fleet: Fleet
    outside: Pod | None
    families: tuple[Family, ...]
    mtu: int
    missing: dict[str, str] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    proxy_mode: str = ""

    def access(self) -> Access:
        """Return how to reach the cluster's API."""
        return Access(self.kubeconfig, self.context, self.scratch)

    def node(self, name: str) -> Node:
        """Return a node by its name."""
        return next(node for node in self.nodes if node.name == name)

    def write(self, file: Path) -> None:
        """Write the state for the workers."""
        temporary = file.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(self, enc_hook=str))
        temporary.rename(file)

    @classmethod
    def read(cls, file: Path) -> ClusterState:
        """Read what ``write`` wrote."""
        return msgspec.json.decode(file.read_bytes(), type=cls, dec_hook=lambda type_, value: type_(value))
