"""The embedded reference cluster: a small Kubernetes on network namespaces of this machine, gone with its owner."""

from pytest_k8snet.embedded.fault_files import FaultFileError
from pytest_k8snet.embedded.machine import CannotStart
from pytest_k8snet.embedded.options import ClusterOptions, IpFamilies, PodNetworkName
from pytest_k8snet.embedded.running import Running, faults_of, launch

__all__ = [
    "CannotStart",
    "ClusterOptions",
    "FaultFileError",
    "IpFamilies",
    "PodNetworkName",
    "Running",
    "faults_of",
    "launch",
]
