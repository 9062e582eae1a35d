"""Hosts outside the cluster, shown as pods so that exec gets into them."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_k8snet.embedded.api.objects import Obj
from pytest_k8snet.embedded.network.host import Host

OUTSIDE_NAMESPACE = "k8snet-outside"


def outside_pod(host: Host, *further: Obj) -> Obj:
    """Return the pod that stands for a host beside the nodes; no scheduler or node has to do with it.

    ``further`` are containers beside the one that commands are run in.
    """
    container = {
        "name": "host",
        "image": "k8snet/outside-host",
        "command": ["sleep", "infinity"],
        "env": [{"name": "PYTHONPATH", "value": python_path()}],
    }
    return {
        "metadata": {"name": host.name, "namespace": OUTSIDE_NAMESPACE},
        "spec": {
            "nodeName": host.name,
            "hostNetwork": True,
            "terminationGracePeriodSeconds": 0,
            "containers": [container, *further],
        },
    }


def python_path() -> str:
    """Where this program finds its own modules: an outside host runs the agent with the owner's Python."""
    own = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH"))))
