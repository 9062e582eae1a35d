"""One process's connections to the cluster of a run: the API, an exec stream to each probe pod, the prober."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

from pytest_k8snet.kube.client import KubeApi
from pytest_k8snet.kube.exec import AgentChannel, ExecSession, IoLoop, LocalSession, close_all
from pytest_k8snet.options import Settings
from pytest_k8snet.probe.observation import Pod
from pytest_k8snet.probe.paths import Path
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.prober import Prober
from pytest_k8snet.state import ClusterState

AGENT = ("python3", "-m", "agent", "probe")
# A host outside the cluster has no ConfigMap: there the agent runs as the module of this installation.
OUTSIDE_AGENT = (sys.executable, "-m", "pytest_k8snet.agent", "probe")


class Attachment:
    """Connections that are opened when they are first used. Whoever makes one closes it.

    ``loop`` is where streams live, ``endpoint`` where they go to.
    """

    def __init__(self, state: ClusterState, settings: Settings) -> None:
        self.state = state
        self.settings = settings
        self.api = KubeApi(state.access())
        self.loop = IoLoop()
        self.endpoint = self.api.endpoint()
        self._channels: dict[Pod, AgentChannel] = {}
        profile = settings.profile_settings
        patience = Patience(
            timeout=profile.timeout, converge=settings.converge or profile.converge, hold=profile.hold, interval=0.1
        )
        self.broken_paths: set[Path] = set()
        """The paths that had their time to come true and did not: whoever finds them broken still need not wait."""
        self.prober = Prober(self._channel, self.loop, patience)

    def hello(self, pods: Collection[Pod]) -> dict[Pod, Mapping[str, Any]]:
        """Greet the agent of each pod. Raises NoVerdict for one that does not answer."""
        return self.prober.hello(pods)

    def close(self) -> None:
        """Close every stream and the loop."""
        self.loop.run(close_all(self._channels.values()), 30)
        self._channels.clear()
        self.loop.close()
        self.api.close()

    def _channel(self, pod: Pod) -> AgentChannel:
        # The address is not part of what makes a pod's stream: a restarted container keeps its pod.
        if pod not in self._channels:
            self._channels[pod] = AgentChannel(lambda: self._session(pod))
        return self._channels[pod]

    async def _session(self, pod: Pod) -> ExecSession | LocalSession:
        if not pod.namespace:
            return await LocalSession.open(OUTSIDE_AGENT)
        agent = OUTSIDE_AGENT if pod == self.state.outside else AGENT
        return await ExecSession.open(self.endpoint, pod.namespace, pod.name, pod.container, agent)
