"""One path measured with one load, round after round."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.kube.wait import Deadline
from pytest_k8snet.measure.iperf3.client import Client
from pytest_k8snet.measure.iperf3.failures import NothingArrived, Unreached
from pytest_k8snet.measure.iperf3.loads import Load
from pytest_k8snet.measure.iperf3.pace import find_amount
from pytest_k8snet.measure.iperf3.results import Throughput
from pytest_k8snet.measure.iperf3.seen import Seen
from pytest_k8snet.measure.iperf3.transfer import Amount, Manner, Transfer
from pytest_k8snet.probe.processors import Busy, Processors, busiest

KNOCK = Amount(bytes=1000)
SHORTEST = 1 / 8
"""Of the seconds that were asked for: a run that was over sooner measured buffers, and is no sample."""
TRIES = 3

Watch = Callable[[], Mapping[str, Processors]]
"""Returns how the processors of each node on a path have spent their time so far, by the node's name."""


def nowhere() -> Mapping[str, Processors]:
    """Watch no node."""
    return {}


class Course:
    """Measures one path with one load; an arm of measure.rounds.

    ``seen`` is what each round has moved, ``busy`` how busy the busiest processor of each node was meanwhile.
    """

    def __init__(
        self, client: Client, address: str, port: int, load: Load, seconds: float, watch: Watch = nowhere
    ) -> None:
        self._client = client
        self._where = (address, port)
        self._load = load
        self._seconds = seconds
        self._amount: Amount | None = None
        self._watch = watch
        self.seen: list[Throughput] = []
        self.busy: list[dict[str, Busy]] = []

    def open(self, seconds: float) -> None:
        """Wait until the server is reached. Raises Unreached when it is not within some seconds."""
        deadline = Deadline(seconds)
        while True:
            try:
                self._client.run(Transfer(*self._where, Manner(), KNOCK))
            except Unreached:
                if not deadline.left():
                    raise
            except NothingArrived:  # so little may still be on its way when iperf3 ends
                return
            else:
                return

    def __call__(self, number: int) -> float:
        """Measure in a round.

        Raises:
            MeasurementError: nothing that could be measured, with the reason.

        """
        for _ in range(TRIES):
            if self._amount is None:
                self._amount = find_amount(self._seconds, self._load.manner, self._run)
            before = self._watch()
            found = self._run(self._amount)
            after = self._watch()
            if not self._amount.bytes or found.seconds >= self._seconds * SHORTEST:
                self.seen.append(found)
                looked = {node: busiest(before[node], after[node]) for node in after}
                self.busy.append({node: busy for node, busy in looked.items() if busy})
                return self._load.value(found)
            self._amount = None
        raise MeasurementError(
            f"{found.bytes} bytes took {found.seconds:.3f} s only: this path is now fast and now slow, and no number "
            f"of bytes lasts {self._seconds:g} s on it",
            hint="Measure for whole seconds: --k8snet-profile nightly.",
        )

    def told(self, name: str) -> Seen:
        """Return what was seen on this path, by its name for people."""
        return Seen(name, self._load.manner, self.seen, self.busy)

    def _run(self, amount: Amount) -> Throughput:
        return self._client.run(Transfer(*self._where, self._load.manner, amount))

    @property
    def command(self) -> str:
        """What is run, "" before anything was."""
        return str(Transfer(*self._where, self._load.manner, self._amount)) if self._amount else ""
