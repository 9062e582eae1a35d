"""How often a stream between two nodes is called slower than itself: twenty A/A comparisons by iperf3.

    .venv/bin/pytest --k8snet --k8snet-context NAME --k8snet-least-bandwidth 0.9 -s \\
        benchmarks/bandwidth_of_itself.py

Both arms are the same client, server and load, measured and judged as PERF-010 is: the rounds, the limit and the time
are those of the options, such as --k8snet-profile smoke, with which it takes a minute.
"""

from __future__ import annotations

from collections import Counter
from statistics import median

from benchmarks.figures import show, show_load
from pytest_k8snet.cluster import Cluster
from pytest_k8snet.measure.iperf3.bench import Bench, Site
from pytest_k8snet.measure.iperf3.course import Course
from pytest_k8snet.measure.iperf3.loads import ONE_STREAM
from pytest_k8snet.measure.rounds import judge
from pytest_k8snet.measure.verdict import Limit, Verdict
from pytest_k8snet.measuring import plan_of

RUNS = 20


def test_a_path_is_as_fast_as_itself(k8snet_cluster: Cluster, bench: Bench) -> None:
    """Judge one path beside itself, again and again; fail when it was once called slower."""
    settings = k8snet_cluster.attachment.settings
    near, far = (node.name for node in k8snet_cluster.nodes[:2])
    target, client = bench.server(Site(far)).pod, bench.client(Site(near))
    seconds = settings.profile_settings.measuring.transfer
    one, same = (Course(client, target.addresses[0], target.port, ONE_STREAM, seconds) for _ in range(2))
    limit, plan = Limit(settings.least_bandwidth, "higher"), plan_of(settings)
    verdicts: Counter[Verdict] = Counter()
    ratios: list[float] = []
    print()
    show_load()
    for number in range(RUNS):
        judged = judge({"itself": one}, same, {"itself": limit}, plan)["itself"]
        assert judged.ratio is not None, judged.explain()
        verdicts[judged.verdict] += 1
        ratios.append(judged.ratio.estimate)
        print(f"run {number + 1}: {judged.explain().splitlines()[0]}")
    for verdict in Verdict:
        show(f"{verdict.value}", verdicts[verdict], f"of {RUNS}", places=0)
    show("median of the ratios", median(ratios), "", places=3)
    assert not verdicts[Verdict.FAIL]
