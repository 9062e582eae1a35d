"""What a kubelet may do wrong: as it stands here everything is done right, and faults change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_k8snet.embedded.api.objects import Obj

Addresses = Sequence[str]

File = Callable[[Obj, str, Sequence[str]], Sequence[str]]
"""From a pod's spec, a file of its /etc (hosts, hostname, resolv.conf) and its lines to those that are written."""

Report = Callable[[str, Addresses], Addresses]
"""From a pod's uid and the addresses that it has to those that its status tells."""


@dataclass
class Behaviour:
    """One per cluster. ``reports`` are applied in order to what is told of each pod, ``files`` to its /etc.

    Pods for which there is ``no_grace`` are killed when they are to end.
    """

    reports: list[Report] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    share_network: bool = True
    keep_address_on_restart: bool = True
    end_deleted_pods: bool = True
    no_grace: Callable[[Obj], bool] = lambda pod: False

    def stop(self, report: Report) -> None:
        """Apply a report no more; fine for one that is not applied."""
        self.reports[:] = [other for other in self.reports if other != report]

    def written(self, spec: Obj, file: str, lines: Sequence[str]) -> Sequence[str]:
        """Return the lines that are written into a file of a pod's /etc."""
        for change in self.files:
            lines = change(spec, file, lines)
        return lines

    def told(self, uid: str, addresses: Addresses) -> Addresses:
        """Return the addresses for the status of a pod."""
        for report in self.reports:
            addresses = report(uid, addresses)
        return addresses
