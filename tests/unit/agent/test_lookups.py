"""Names in a request."""

from __future__ import annotations

import asyncio

from pytest_k8snet.agent.evidence import DNS_FAILURE, Finding
from pytest_k8snet.agent.probes import Runner
from pytest_k8snet.agent.target import Question, Target


def test_a_request_looks_a_name_up_once_for_all_its_questions() -> None:
    looked_up: list[str] = []

    async def look_up(question: Question, seconds: float, places: asyncio.Semaphore) -> Target | Finding:
        looked_up.append(f"{question.address} {question.family}")
        await asyncio.sleep(0)
        return Finding(DNS_FAILURE, f"no {question.address}")

    questions = [
        Question(name, port, protocol, family=family)
        for name in ("web", "db")
        for port in (80, 81)
        for protocol in ("tcp", "udp")
        for family in ("ipv4", "ipv6")
    ]
    results = asyncio.run(Runner(10, "", look_up).run(questions, 1.0, 1))
    assert sorted(looked_up) == ["db ipv4", "db ipv6", "web ipv4", "web ipv6"]
    assert [result["detail"] for result in results] == [f"no {question.address}" for question in questions]
