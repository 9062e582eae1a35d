"""Tables of what pods saw since their start, by journals that are made up."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from pytest_k8snet.errors import AgentLost, NoVerdict
from pytest_k8snet.probe.beginning import Beginning
from pytest_k8snet.probe.journals import Journal, journal
from pytest_k8snet.probe.observation import Expectation, Family, Pod, Protocol
from pytest_k8snet.probe.patience import Patience
from pytest_k8snet.probe.questions import permitted
from pytest_k8snet.probe.table import TruthTable

Fields = dict[str, Any]
NAMES = ("guarded", "free", "friend", "other")
PODS = {name: Pod("ns", name, "node-1", (f"10.0.0.{number}",)) for number, name in enumerate(NAMES)}
GUARDED, FREE, FRIEND, OTHER = PODS.values()
EXPECTED = permitted(
    "since the start",
    Family.IPV4,
    (Protocol.TCP,),
    allowed=[(GUARDED, FRIEND), (FREE, OTHER)],
    blocked=[(GUARDED, OTHER)],
)
SILENT = {"outcome": "timeout", "millis": 1000.0, "detail": "no answer to the handshake"}


def answered(server: Pod, after: float) -> Fields:
    said = {"pod": server.name, "node": "node-1", "instance": "i", "addresses": [], "source": "", "source_port": 1}
    return {"outcome": "connected", "millis": 1.0, "server": said, "handshake": True, "after": after}


def account(target: Pod, *, connected: float | None = None, watched: float = 5.0, **outcomes: int) -> Fields:
    asked = {"address": target.addresses[0], "port": target.port, "protocol": "tcp", "first": 0.1, "watched": watched}
    first = answered(target, connected) if connected is not None else {}
    return {**asked, "outcomes": outcomes or {"timeout": 40}, "connected": first, "last": SILENT}


def came(source: Pod, times: int = 1) -> Fields:
    return {"protocol": "tcp", "port": 8080, "source": source.addresses[0], "times": times, "first": 0.2}


def journals(changes: dict[Pod, Fields] | None = None) -> dict[Pod, Fields]:
    """What the pods say in a network that conforms, but for some changes."""
    good: dict[Pod, Fields] = {
        GUARDED: {"asked": [account(FRIEND, connected=0.3), account(OTHER)], "clients": []},
        FREE: {"asked": [account(OTHER, connected=0.2)], "clients": []},
        FRIEND: {"asked": [], "clients": [came(GUARDED)]},
        OTHER: {"asked": [], "clients": [came(FREE)]},
    }
    return good | (changes or {})


def judged(*answers: dict[Pod, Fields], converge: float = 9.0) -> TruthTable:
    """The table by the answers of one look after the other; the last is repeated."""
    looks = list(answers)

    def read(pods: Collection[Pod]) -> dict[Pod, Journal]:
        answer = looks.pop(0) if len(looks) > 1 else looks[0]
        return {pod: journal(answer[pod]) for pod in pods}

    return Beginning(EXPECTED, [FRIEND, OTHER], read, Patience(converge=converge, interval=0.001), watch=1.0).table()


def test_a_pod_that_reached_only_what_it_may_is_as_expected() -> None:
    table = judged(journals())
    assert table == EXPECTED
    assert table.seconds_to_converge == pytest.approx(0.2)


def test_one_attempt_that_connected_is_enough_to_fail() -> None:
    leak = account(OTHER, connected=0.15) | {"outcomes": {"connected": 1, "timeout": 39}}
    table = judged(journals({GUARDED: {"asked": [account(FRIEND, connected=0.3), leak], "clients": []}}))
    ((probe, _, seen, reason),) = table.mismatches()
    assert (probe.source, probe.column) == (GUARDED, "other:8080")
    assert reason.startswith("connected instead of")
    assert seen.attempts == 40
    assert "connected 50 ms after the first attempt" in seen.detail


def test_a_client_that_the_server_let_in_was_not_blocked_though_it_heard_nothing() -> None:
    table = judged(journals({OTHER: {"asked": [], "clients": [came(FREE), came(GUARDED, 3)]}}))
    ((_, _, seen, reason),) = table.mismatches()
    assert reason == "the connection was accepted (and then silent)"
    assert "the server let the client in 3 times" in seen.detail


def test_what_is_allowed_may_take_its_time() -> None:
    early = journals({GUARDED: {"asked": [account(FRIEND), account(OTHER)], "clients": []}})
    table = judged(early, early, journals())
    assert table == EXPECTED
    assert table.rounds == 3


def test_nothing_is_judged_before_it_was_watched_for_a_while() -> None:
    young = journals({FREE: {"asked": [account(OTHER, connected=0.2, watched=0.1)], "clients": []}})
    assert judged(young, journals()).rounds == 2


def test_what_is_allowed_and_never_connected_is_wrong_in_the_end() -> None:
    table = judged(journals({FREE: {"asked": [account(OTHER)], "clients": []}}), converge=0.02)
    assert [probe.source for probe, *_ in table.mismatches()] == [FREE]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ([account(FRIEND, connected=0.3)], "was not asked by ns/guarded"),
        (
            [
                account(FRIEND, connected=0.3),
                account(OTHER, probe_error=3) | {"last": {"outcome": "probe_error", "millis": 0.0, "detail": "EMFILE"}},
            ],
            "could not be asked",
        ),
    ],
)
def test_what_was_not_asked_is_no_verdict(asked: list[Fields], why: str) -> None:
    with pytest.raises(NoVerdict, match=why):
        judged(journals({GUARDED: {"asked": asked, "clients": []}}), converge=0.02)


def test_a_table_without_its_positive_controls_is_refused() -> None:
    alone = Expectation("alone", {probe: cell for probe, cell in EXPECTED.cells.items() if cell.target})
    with pytest.raises(ValueError, match="would prove nothing"):
        Beginning(alone, [OTHER], lambda pods: {}, Patience())


def test_a_journal_that_cannot_be_read_is_a_lost_agent() -> None:
    with pytest.raises(AgentLost, match="journal cannot be read"):
        journal({"asked": [], "clients": [{"source": 1}]})
