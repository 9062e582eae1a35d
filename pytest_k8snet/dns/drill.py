"""Another Corefile for the length of a drill: blocks are added for zones that nobody else asks for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.configuration import CONFIG_MAP, KEY
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.errors import ApiError, NoVerdict
from pytest_k8snet.kube.restore import change_config_map, changed_config_maps, restore_config_map
from pytest_k8snet.kube.wait import Deadline

ZONE = "k8snet-drill.test"
VERIFIED, DISABLED = "verified.k8snet-drill.test", "disabled.k8snet-drill.test"
LONGEST, LONGEST_DENIAL = 6, 3
"""How long in seconds the added block remembers answers, and that there are none."""

TURN_SECONDS = 900.0
CONFLICT = 409
RELOAD_SECONDS = 180.0
"""A kubelet renews the files of a ConfigMap within a minute or two, and CoreDNS looks at them twice a minute."""


@contextmanager
def changed_corefile(cluster: Cluster, servers: NameServers, text: str) -> Iterator[None]:
    """Give the name servers another Corefile through the body. The restore is armed with the change itself.

    Processes of one run take turns. Raises NoVerdict when the turn does not come.
    """
    run_id, deadline = cluster.attachment.state.run_id, Deadline(TURN_SECONDS)
    while not _taken(cluster, servers, text):
        if not deadline.left():
            raise NoVerdict(f"another process of this run has had a Corefile of its own for {TURN_SECONDS:g} s")
        time.sleep(TURN_SECONDS / 1000)
    try:
        yield
    finally:
        for changed in changed_config_maps(cluster.api, run_id):
            restore_config_map(cluster.api, changed)


def _taken(cluster: Cluster, servers: NameServers, text: str) -> bool:
    """Put a Corefile in, unless another process of this run has one there."""
    run_id = cluster.attachment.state.run_id
    if any(changed_config_maps(cluster.api, run_id)):
        return False
    try:
        change_config_map(cluster.api, run_id, servers.namespace, CONFIG_MAP, {KEY: text})
    except ApiError as error:
        if error.status != CONFLICT:
            raise
        return False
    return True


@contextmanager
def another_corefile(cluster: Cluster, servers: NameServers, text: str, afterwards: str) -> Iterator[None]:
    """Within a drill, give the name servers yet another Corefile through the body, and that of the drill after it."""
    run_id = cluster.attachment.state.run_id
    change_config_map(cluster.api, run_id, servers.namespace, CONFIG_MAP, {KEY: text})
    try:
        yield
    finally:
        change_config_map(cluster.api, run_id, servers.namespace, CONFIG_MAP, {KEY: afterwards})


def with_drill(text: str, upstream: str) -> str:
    """Return a Corefile with blocks for the drill: one that forwards to ``upstream``, two with other pods modes."""
    return f"""{text.rstrip()}
{ZONE}:53 {{
    errors
    cache {LONGEST} {{
        success 1000 {LONGEST}
        denial 1000 {LONGEST_DENIAL}
    }}
    forward . {upstream}
    loop
}}
{VERIFIED}:53 {{
    kubernetes {VERIFIED} {{
        pods verified
    }}
}}
{DISABLED}:53 {{
    kubernetes {DISABLED} {{
        pods disabled
    }}
}}
"""
