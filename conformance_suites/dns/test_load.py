"""How much the name servers bear: lookups a second and their latency, with many at once."""

from __future__ import annotations

import time
from statistics import quantiles

from conformance_suites.clauses import DNS_SERVICES_AND_PODS
from conformance_suites.dns.shop import Shop
from pytest_k8snet.checks import check
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.dns.naming import Naming
from pytest_k8snet.dns.questions import Question
from pytest_k8snet.probing import Probing

ROUNDS, AT_ONCE = 10, 50
LOST = 0.01
"""Of the answers: more that do not come are no accident."""


@check("DNS-110", spec=DNS_SERVICES_AND_PODS, level="performance", catches=("dns-answers-lost",))
def test_the_name_servers_answer_many_questions_at_once(
    cluster: Cluster, naming: Naming, probe: Probing, shop: Shop
) -> None:
    """Of many questions at once from each node practically all are answered; how fast is reported."""
    server, question = naming.answering(naming.servers.front)[0], Question(naming.name("web", shop.first), "A")
    began, seen = time.monotonic(), []
    for _ in range(ROUNDS):
        seen += naming.load(server, question, cluster.fleet.pods, AT_ONCE)
    seconds = time.monotonic() - began
    answered = sorted(millis for millis in seen if millis is not None)
    lost = 1 - len(answered) / len(seen)
    probe.measured("questions without an answer", round(100 * lost, 2), "%")
    assert lost <= LOST, f"{len(seen) - len(answered)} of {len(seen)} questions got no answer"
    marks = quantiles(answered, n=100)
    for place in (50, 99):
        probe.measured(f"latency of lookups, {place}th percentile", round(marks[place - 1], 2), "ms")
    probe.measured("lookups", round(len(answered) / seconds, 1), "1/s")
