"""What can be chosen of an embedded cluster."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Literal, get_args

IpFamilies = Literal["ipv4", "ipv6", "dual"]
PodNetworkName = Literal["routed", "vxlan", "bgp"]

CLUSTER_DOMAIN = "cluster.local"
DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
MAX_NODES = 200  # 10.200.0.201 and above are the hosts outside the cluster
MAX_OUTSIDE_HOSTS = 50


@dataclass(frozen=True)
class ClusterOptions:
    """The shape of an embedded cluster. Raises ValueError for a shape that cannot be made.

    ``start_timeout`` is in seconds and counts from the start of the launcher to a usable API with all nodes Ready.
    ``faults_from`` is the absolute path of a folder with faults of one's own, "" for none. ``domain`` is the cluster
    domain; faults in what name servers answer know the usual one only.
    """

    nodes: int = 3
    family: IpFamilies = "dual"
    network: PodNetworkName = "routed"
    outside_hosts: int = 1
    start_timeout: float = 30.0
    faults_from: str = ""
    domain: str = CLUSTER_DOMAIN

    def __post_init__(self) -> None:
        if not 1 <= self.nodes <= MAX_NODES:
            raise ValueError(f"an embedded cluster has 1 to {MAX_NODES} nodes, not {self.nodes}")
        if not 0 <= self.outside_hosts <= MAX_OUTSIDE_HOSTS:
            raise ValueError(f"there can be 0 to {MAX_OUTSIDE_HOSTS} outside hosts, not {self.outside_hosts}")
        if self.family not in get_args(IpFamilies):
            raise ValueError(f"the family of an embedded cluster is ipv4, ipv6 or dual, not {self.family!r}")
        if self.network not in get_args(PodNetworkName):
            raise ValueError(f"the network of an embedded cluster is routed, vxlan or bgp, not {self.network!r}")
        if not DOMAIN.fullmatch(self.domain):
            raise ValueError(f"a cluster domain is a name in small letters such as cluster.local, not {self.domain!r}")

    @property
    def families(self) -> tuple[int, ...]:
        """The IP versions, the first one is the family of status.podIP."""
        return {"ipv4": (4,), "ipv6": (6,), "dual": (4, 6)}[self.family]

    def to_json(self) -> str:
        """Return the options as text for the launcher's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ClusterOptions:
        """Return what ``to_json`` wrote."""
        return cls(**json.loads(text))
