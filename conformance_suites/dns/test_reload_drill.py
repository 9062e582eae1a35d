"""What happens when the Corefile changes once more: to one that cannot be read, and when servers begin anew."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance_suites.clauses import COREDNS
from conformance_suites.dns.drilled import OTHER, READY, Drill, reloaded, value
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.configuration import METRICS_PORT, Configuration
from pytest_k8snet.dns.demands import ANY_ANSWER
from pytest_k8snet.dns.drill import ZONE, another_corefile
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.pages import counted, pages
from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.resolving import records
from pytest_k8snet.dns.servers import NameServers

UNREADABLE = "broken.k8snet-drill.test:53 {\n    k8snet-no-such-directive\n}\n"
FAILURES = "coredns_reload_failed_total"
KEPT = Question(f"kept.{ZONE}", "A")


def more(now: Mapping[str, float], before: Mapping[str, float]) -> bool:
    """Whether each replica has counted more than before."""
    return all(now[place] > number for place, number in before.items())


def looked_for(drill: Drill) -> set[str]:
    """Return the names below the zone of the drill that the upstream was asked for as ``loop`` asks."""
    return {asked.name for asked in drill.stub.asked() if asked.kind == "HINFO" and asked.name.endswith(f".{ZONE}")}


@check("DNS-107", spec=f"{COREDNS}/reload/", level="drill", catches=("dns-unreadable-corefile-taken",))
def test_a_corefile_that_cannot_be_read_is_not_taken(
    cluster: Cluster, naming: Naming, name_servers: NameServers, corefile: Configuration, drill: Drill
) -> None:
    """With a Corefile that cannot be read the name servers go on as they were, for names inside and outside."""
    reloaded(naming, drill)
    if (port := corefile.port("prometheus", METRICS_PORT)) is None:
        pytest.skip("without the directive prometheus nobody tells that a Corefile could not be read")
    drill.stub.serve({KEPT: records(KEPT, OTHER)})
    replicas = naming.answering(naming.servers.replicas)
    metrics = pages("metrics", naming.source, replicas, port, "/metrics", "coredns_", "the Corefile has prometheus")
    asked = {KEPT: value(OTHER), Question(naming.domain, "SOA"): ANY_ANSWER}
    before = counted(naming.glance(metrics), FAILURES)
    with another_corefile(cluster, name_servers, drill.text + UNREADABLE, afterwards=drill.text):
        noticed = naming.until(lambda: more(counted(naming.glance(metrics), FAILURES), before), naming.reload_seconds)
        expected = naming.demanding("as before", asked, servers=replicas)
        assert naming(expected) == expected
    if not noticed:
        pytest.skip(f"not every replica has counted in {FAILURES} that it could not read its Corefile")


@check("DNS-108", spec=f"{COREDNS}/loop/", level="drill", catches=("dns-loop-unasked",))
def test_a_server_that_begins_looks_for_a_loop(
    cluster: Cluster, naming: Naming, name_servers: NameServers, drill: Drill
) -> None:
    """With ``loop`` each name server asks its upstream, when it begins, for a name that nobody else knows."""
    reloaded(naming, drill)
    drill.stub.serve({READY: records(READY, OTHER)})
    wanted = len({replica.label for replica in naming.answering(naming.servers.replicas)})
    with another_corefile(cluster, name_servers, f"{drill.text}# once more\n", afterwards=drill.text):
        naming.until(lambda: len(looked_for(drill)) >= wanted, naming.reload_seconds)
    found = looked_for(drill)
    assert len(found) >= wanted, f"{len(found)} of {wanted} replicas looked for a loop: {found}"
