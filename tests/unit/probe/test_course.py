"""Converge, then hold, by a network that is made up."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from pytest_k8snet.errors import AgentLost
from pytest_k8snet.probe.course import Course
from pytest_k8snet.probe.observation import Expectation, Expected, Observation, Outcome, Probe
from pytest_k8snet.probe.patience import Patience

See = Callable[[Probe, Expected], Observation]
Script = Callable[[int, Probe], Observation | None]

QUICK = Patience(timeout=0.1, converge=0.2, hold=0.02, interval=0.01, agent=0.05)
SILENT = Observation(Outcome.TIMEOUT, 100.0, detail="no answer")
ACCEPTED = Observation(Outcome.TIMEOUT, 100.0, detail="handshake completed", handshake=True)
UNRESOLVED = Observation(Outcome.DNS_FAILURE, 100.0, detail="no answer from the resolver")
LOST = Observation(Outcome.PROBE_ERROR, 0.0, detail="exec stream lost")


class MadeUpNetwork:
    """Answers as expected, but for what a script says by the number of the round and the probe."""

    def __init__(self, expectation: Expectation, as_expected: See, script: Script) -> None:
        self._expectation = expectation
        self._as_expected = as_expected
        self._script = script
        self.asked: list[int] = []
        self.patience: list[Patience] = []

    def observe(self, probes: Collection[Probe], patience: Patience) -> dict[Probe, Observation]:
        self.asked.append(len(probes))
        self.patience.append(patience)
        number = len(self.asked)
        cells = self._expectation.cells
        return {probe: self._script(number, probe) or self._as_expected(probe, cells[probe]) for probe in probes}


@pytest.fixture
def hasty(mesh: Expectation) -> Expectation:
    """The mesh, with a time-out of its own that is shorter than that of the profile."""
    return replace(mesh, timeout=QUICK.timeout / 10)


@pytest.fixture
def network(mesh: Expectation, as_expected: See) -> Callable[[Script], MadeUpNetwork]:
    return lambda script: MadeUpNetwork(mesh, as_expected, script)


def test_a_table_that_is_right_at_once_is_asked_again_and_holds(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    healthy = network(lambda number, probe: None)
    table = Course(mesh, healthy.observe, QUICK).run()
    assert table == mesh
    assert table.seconds_to_converge == pytest.approx(0, abs=0.01)
    assert len(healthy.asked) >= 2
    assert set(healthy.asked) == {len(mesh.cells)}


def test_only_wrong_cells_are_asked_again_until_one_round_of_all_is_right(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(mesh.cells))
    slow = network(lambda number, probe: SILENT if probe == victim and number <= 3 else None)
    table = Course(mesh, slow.observe, QUICK).run()
    assert table == mesh
    assert slow.asked[:5] == [len(mesh.cells), 1, 1, 1, len(mesh.cells)]
    assert table.seconds_to_converge is not None
    assert table.seconds_to_converge > 0


def test_what_was_right_and_became_wrong_while_others_converged_does_not_pass(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    first, second, *_ = mesh.cells

    def see_saw(number: int, probe: Probe) -> Observation | None:
        wrong = first if number == 1 else second
        return SILENT if probe == wrong else None

    table = Course(mesh, network(see_saw).observe, QUICK).run()
    assert table != mesh
    assert table.seconds_to_converge is None
    assert [probe for probe, *_ in table.mismatches()] == [second]


def test_a_cell_that_never_comes_true_is_a_mismatch_at_the_deadline(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(mesh.cells))
    table = Course(mesh, network(lambda _, probe: SILENT if probe == victim else None).observe, QUICK).run()
    assert table.seconds_to_converge is None
    ((probe, _, seen, reason),) = table.mismatches()
    assert (probe, seen.detail, reason) == (victim, "no answer", "timeout instead of connected")


def test_the_expectation_may_set_the_deadline(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    victim = next(iter(mesh.cells))
    broken = network(lambda _, probe: SILENT if probe == victim else None)
    Course(Expectation("now", mesh.cells, convergence=0), broken.observe, QUICK).run()
    assert broken.asked == [len(mesh.cells)]


def test_a_flap_during_hold_is_a_mismatch(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    victim = next(iter(mesh.cells))
    table = Course(mesh, network(lambda n, probe: SILENT if probe == victim and n == 2 else None).observe, QUICK).run()
    assert table != mesh
    assert table.seconds_to_converge is not None
    ((probe, _, _, reason),) = table.mismatches()
    assert (probe, reason) == (victim, "flapped: timeout instead of connected")
    assert table.seen[victim].outcome is Outcome.CONNECTED


def test_a_probe_error_is_asked_again(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    victim = next(iter(mesh.cells))
    shaky = network(lambda number, probe: LOST if probe == victim and number <= 2 else None)
    assert Course(mesh, shaky.observe, QUICK).run() == mesh


def test_a_lasting_probe_error_is_no_verdict(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    dead = network(lambda _, probe: LOST if probe.source.name == "pod-2" else None)
    with pytest.raises(AgentLost, match=r"no verdict on 'mesh': 7 of 21 .* ns/pod-2 on node node-1: exec stream lost"):
        Course(mesh, dead.observe, QUICK).run()


def test_a_lost_agent_is_never_read_as_blocked(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    negatives = {probe for probe, expected in mesh.cells.items() if Outcome.CONNECTED not in expected.outcomes}
    with pytest.raises(AgentLost):
        Course(mesh, network(lambda _, probe: LOST if probe in negatives else None).observe, QUICK).run()


def test_an_agent_lost_during_hold_is_no_flap(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    victim = next(iter(mesh.cells))
    shaky = network(lambda number, probe: LOST if probe == victim and number == 2 else None)
    table = Course(mesh, shaky.observe, QUICK).run()
    assert table == mesh
    assert table.flaps == ()


def test_an_agent_that_stays_lost_during_hold_is_no_verdict(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    with pytest.raises(AgentLost):
        Course(mesh, network(lambda number, _: LOST if number >= 2 else None).observe, QUICK).run()


def test_it_is_known_when_each_cell_came_true(mesh: Expectation, network: Callable[[Script], MadeUpNetwork]) -> None:
    late, soon, *_ = mesh.cells
    table = Course(mesh, network(lambda n, probe: SILENT if probe == late and n <= 3 else None).observe, QUICK).run()
    assert table.came_true[soon] < table.came_true[late] <= (table.seconds_to_converge or 0)


def test_silence_is_confirmed_with_more_patience_before_it_counts_as_a_flap(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(hasty.cells))
    slow = network(lambda n, probe: SILENT if probe == victim and n == 2 else None)
    assert Course(hasty, slow.observe, QUICK).run() == hasty
    assert slow.asked[2] == 1
    assert slow.patience[1].timeout < slow.patience[2].timeout == QUICK.timeout


def test_silence_that_more_patience_does_not_end_is_a_flap(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(hasty.cells))
    silent = network(lambda n, probe: SILENT if probe == victim and n >= 2 else None)
    table = Course(hasty, silent.observe, QUICK).run()
    assert [flap.probe for flap in table.flaps] == [victim]
    assert silent.asked[2] == 1


def test_a_server_that_accepts_and_is_slow_to_answer_is_asked_until_it_does(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(hasty.cells))
    busy = network(lambda n, probe: ACCEPTED if probe == victim and 2 <= n <= 5 else None)
    assert Course(hasty, busy.observe, QUICK).run() == hasty
    assert busy.asked[2:6] == [1, 1, 1, 1]


def test_the_silence_of_a_late_round_is_asked_about_again(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(hasty.cells))
    silent = network(lambda n, probe: SILENT if probe == victim and 2 <= n <= 4 else None)

    def late(probes: Collection[Probe], patience: Patience) -> dict[Probe, Observation]:
        time.sleep(2 * QUICK.timeout if len(silent.asked) == 2 else 0)
        return silent.observe(probes, patience)

    patient = replace(QUICK, agent=10)
    assert Course(hasty, late, patient).run().flaps != ()
    assert silent.asked[2:5] == [1, 1, len(hasty.cells)]


def test_a_name_that_is_not_resolved_is_looked_up_again_whatever_is_expected_of_its_target(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    blocked = next(probe for probe, cell in hasty.cells.items() if Outcome.CONNECTED not in cell.outcomes)
    busy = network(lambda n, probe: UNRESOLVED if probe == blocked and 2 <= n <= 5 else None)
    assert Course(hasty, busy.observe, QUICK).run() == hasty
    never = network(lambda n, probe: UNRESOLVED if probe == blocked and n >= 2 else None)
    assert [flap.probe for flap in Course(hasty, never.observe, QUICK).run().flaps] == [blocked]


def test_a_leak_is_not_asked_about_until_it_is_gone(
    hasty: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    blocked = next(probe for probe, cell in hasty.cells.items() if Outcome.CONNECTED not in cell.outcomes)
    leaking = network(lambda n, probe: ACCEPTED if probe == blocked and n == 2 else None)
    assert [flap.probe for flap in Course(hasty, leaking.observe, QUICK).run().flaps] == [blocked]


def test_what_is_changing_is_asked_alone_until_it_has_come_true(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    changing = frozenset(list(mesh.cells)[:2])
    slow = network(lambda n, probe: SILENT if probe in changing and n <= 2 else None)
    table = Course(replace(mesh, changing=changing), slow.observe, QUICK).run()
    assert slow.asked[:5] == [2, 2, 2, len(mesh.cells), len(mesh.cells)]
    assert not table.mismatches()


def test_what_is_changing_is_glanced_at_longer_each_time_and_the_whole_table_has_its_time(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    changing = frozenset(list(mesh.cells)[:2])
    slow = network(lambda n, probe: SILENT if probe in changing and n <= 4 else None)
    glanced = replace(mesh, changing=changing, timeout=0.08, glance=0.03)
    Course(glanced, slow.observe, QUICK).run()
    assert [patience.timeout for patience in slow.patience[:6]] == pytest.approx([0.03, 0.06, 0.08, 0.08, 0.08, 0.08])
    healthy = network(lambda n, probe: None)
    Course(glanced, healthy.observe, QUICK).run()
    assert [patience.timeout for patience in healthy.patience[:2]] == [0.03, 0.08]


def test_what_was_wrong_in_the_whole_table_is_not_glanced_at_any_more(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    changing = frozenset(list(mesh.cells)[:2])
    leaking = network(lambda n, probe: SILENT if probe not in changing and n == 2 else None)
    Course(replace(mesh, changing=changing, timeout=0.08, glance=0.01), leaking.observe, QUICK).run()
    assert [patience.timeout for patience in leaking.patience[:3]] == [0.01, 0.08, 0.08]


def test_a_table_of_which_the_changing_part_never_comes_true_is_whole_all_the_same(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    changing = frozenset(list(mesh.cells)[:2])
    broken = network(lambda n, probe: SILENT if probe in changing else None)
    table = Course(replace(mesh, changing=changing), broken.observe, QUICK).run()
    assert {probe for probe, *_ in table.mismatches()} == changing
    assert set(table.seen) == set(mesh.cells)


def test_what_has_to_come_true_once_is_neither_asked_as_a_whole_again_nor_held(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    victim = next(iter(mesh.cells))
    slow = network(lambda n, probe: SILENT if probe == victim and n <= 2 else None)
    assert Course(mesh, slow.observe, QUICK, once=True).run() == mesh
    assert slow.asked == [len(mesh.cells), 1, 1]


def test_what_was_changing_and_is_right_a_hold_time_later_has_held(
    mesh: Expectation, network: Callable[[Script], MadeUpNetwork]
) -> None:
    changing = frozenset(list(mesh.cells)[:2])
    healthy = network(lambda n, probe: None)

    def slow(probes: Collection[Probe], patience: Patience) -> dict[Probe, Observation]:
        time.sleep(2 * QUICK.hold if len(probes) == len(changing) else 0)
        return healthy.observe(probes, patience)

    changed = replace(mesh, changing=changing)
    assert Course(changed, slow, QUICK).run() == changed
    assert healthy.asked == [len(changing), len(mesh.cells)]
    healthy.asked.clear()
    Course(replace(changed, hold=3 * QUICK.hold), slow, QUICK).run()
    assert len(healthy.asked) > 2
