"""What a kubelet may do wrong: as it stands here everything is done right, and faults change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Addresses = Sequence[str]

Report = Callable[[str, Addresses], Addresses]
"""From a pod's uid and the addresses that it has to those that its status tells."""


@dataclass
class Behaviour:
    """One per cluster. ``reports`` are applied in order to what is told of each pod."""

    reports: list[Report] = field(default_factory=list)
    share_network: bool = True
    keep_address_on_restart: bool = True
    end_deleted_pods: bool = True

    def stop(self, report: Report) -> None:
        """Apply a report no more; fine for one that is not applied."""
        self.reports[:] = [other for other in self.reports if other != report]

    def told(self, uid: str, addresses: Addresses) -> Addresses:
        """Return the addresses for the status of a pod."""
        for report in self.reports:
            addresses = report(uid, addresses)
        return addresses
