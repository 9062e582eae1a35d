"""Faults in the files that a kubelet writes into the /etc of pods, from the next pod on."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_k8snet.embedded.injection import Target
from pytest_k8snet.embedded.kubelet.behaviour import File


@dataclass
class AlteredFiles:
    """``change`` gives, from a pod's spec, the name of the file and its lines, what is written."""

    name: str
    breaks: str
    change: File
    layer: str = "kubelet"

    async def apply(self, cluster: Target) -> None:
        """Write wrong files into pods that are begun from now on."""
        cluster.kubelet.behaviour.files.append(self.change)

    async def revert(self, cluster: Target) -> None:
        """Write right ones."""
        kept = [change for change in cluster.kubelet.behaviour.files if change is not self.change]
        cluster.kubelet.behaviour.files[:] = kept
