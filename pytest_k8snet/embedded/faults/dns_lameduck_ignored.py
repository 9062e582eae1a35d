"""Name servers do not answer on while they are being ended: they are killed at once."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import namespace_of
from pytest_k8snet.embedded.dns.installation import NAMESPACE
from pytest_k8snet.embedded.injection import Fault, Target
from pytest_k8snet.embedded.kubelet.behaviour import Behaviour


class LameduckIgnored:
    """The kubelet leaves the pods of the name servers' namespace no time to end."""

    name = "dns-lameduck-ignored"
    breaks = "the end of a name server: it answers no more, whatever lameduck says"
    layer = "dns"

    async def apply(self, cluster: Target) -> None:
        """Begin with the next pod that is to end."""
        cluster.kubelet.behaviour.no_grace = lambda pod: namespace_of(pod) == NAMESPACE

    async def revert(self, cluster: Target) -> None:
        """Leave pods their grace again."""
        cluster.kubelet.behaviour.no_grace = Behaviour().no_grace


def fault() -> Fault:
    """Return the fault."""
    return LameduckIgnored()
