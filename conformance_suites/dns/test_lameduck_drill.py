"""The end of a name server, seen at a twin of a replica: nobody else asks it, and the replicas stay."""

from __future__ import annotations

import pytest

from conformance_suites.clauses import COREDNS
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.configuration import Configuration
from pytest_k8snet.dns.demands import ANY_ANSWER
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import Question
from pytest_k8snet.dns.servers import NameServers
from pytest_k8snet.dns.twin import twin_of_a_replica

FIRST_ANSWER_SECONDS = 1.0
"""What may pass of the time between the request to end the server and the first question."""


@check("DNS-106", spec=f"{COREDNS}/health/", level="drill", catches=("dns-lameduck-ignored",))
def test_a_server_that_is_ended_answers_for_a_while(
    cluster: Cluster, naming: Naming, name_servers: NameServers, corefile: Configuration
) -> None:
    """A name server that is ended goes on answering for as long as ``lameduck`` says, and ends then."""
    if corefile.lameduck <= FIRST_ANSWER_SECONDS:
        pytest.skip(f"the Corefile lets a server that is ended answer for {corefile.lameduck:g} s only")
    with twin_of_a_replica(cluster, name_servers) as twin:
        expected = naming.demanding("a twin", {Question(naming.domain, "SOA"): ANY_ANSWER}, servers=[twin.server])
        twin.end()
        assert naming.steadily(expected, corefile.lameduck - FIRST_ANSWER_SECONDS) == expected
        twin.wait_gone()
