"""The shape of the embedded cluster that is compared: as many nodes take pods as in the one that was recorded."""

from pytest_k8snet.embedded import ClusterOptions

LIKE_THE_REAL_ONE = ClusterOptions(nodes=2, family="ipv4")
