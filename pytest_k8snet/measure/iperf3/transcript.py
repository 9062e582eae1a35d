"""What a client printed of one run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.iperf3.failures import killed
from pytest_k8snet.measure.iperf3.jobs import MISSING
from pytest_k8snet.measure.iperf3.results import Throughput, read
from pytest_k8snet.measure.iperf3.transfer import Transfer

CUT = 124  # of the program timeout
NEVER_SHORTER, NEVER_LONGER = 0.5, 1.5
"""By how much, as factors, iperf3's seconds may differ from those that it was asked to run."""
START_SECONDS = 3.0
"""How much longer than its transfer a run may take, for its start, its end and the way of its output."""
TOLERANCE = 0.1


@dataclass(frozen=True)
class Transcript:
    """A run's output, its exit status, and the seconds that it took by the clock of this process."""

    transfer: Transfer
    text: str
    status: int
    elapsed: float

    @classmethod
    def of(cls, transfer: Transfer, lines: Sequence[str], elapsed: float) -> Transcript:
        """Take the lines from the one that says that the run begins to the one that says how it ended."""
        return cls(transfer, "\n".join(lines[1:-1]), int(lines[-1].split()[-1]), elapsed)

    def throughput(self) -> Throughput:
        """Return what was moved.

        Raises:
            MeasurementError: nothing that could be measured, with the reason.

        """
        if self.status == MISSING:
            raise MeasurementError(f"the client's image lacks a program: {self.text.strip()}")
        if self.status > 128:
            raise killed(self.status - 128)
        try:
            found = read(self.text)
        except MeasurementError as error:
            if self.status != CUT:
                raise
            raise MeasurementError(
                f"it was ended because it had not come to its end within {self.transfer.limit} s ({error.message})"
            ) from error
        if self.status:
            raise MeasurementError(f"iperf3 ended with exit code {self.status}, though it said nothing of an error")
        self._demand_one_clock(found)
        return found

    def _demand_one_clock(self, found: Throughput) -> None:
        """Refuse a number when iperf3's clock and ours do not agree on how long it took."""
        asked = self.transfer.amount.seconds
        if found.seconds > self.elapsed + TOLERANCE:
            why = f"but only {self.elapsed:.2f} s have passed here"
        elif found.seconds < self.elapsed - START_SECONDS - self.transfer.amount.omitted:
            why = f"but {self.elapsed:.2f} s have passed here"
        elif asked and not NEVER_SHORTER * asked <= found.seconds <= NEVER_LONGER * asked:
            why = f"but it was to run for {asked} s"
        else:
            return
        raise MeasurementError(
            f"the clocks do not agree: iperf3 says that it took {found.seconds:.2f} s, {why}",
            hint="Was the clock of the node set, or the machine suspended? Measure again when it is steady.",
        )
