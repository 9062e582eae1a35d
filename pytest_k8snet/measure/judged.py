"""What became of one path that was measured beside a baseline, and how it is told to people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_k8snet.errors import MeasurementError
from pytest_k8snet.measure.statistics import Ratio, drift_of, rounds_to_tell
from pytest_k8snet.measure.verdict import Limit, Verdict

DRIFTED = 0.1
"""From how large a drift of the baseline on it is worth a sentence: about 10 %."""
STEADY = 0.03
"""Rounds that differ by less are as good as they get; a ratio that is undecided then is close to its limit."""


@dataclass(frozen=True)
class Judged:
    """A subject beside its baseline.

    ``subject`` and ``baseline`` are the samples, one of each for a round; ``ratio`` is None, and ``trouble`` says why,
    when the subject could not be measured. ``stopped`` says why there were no more rounds; ``flags`` what the samples
    were limited by when that is not the network, in sentences.
    """

    name: str
    limit: Limit
    subject: tuple[float, ...]
    baseline: tuple[float, ...]
    ratio: Ratio | None = None
    verdict: Verdict = Verdict.INCONCLUSIVE
    stopped: str = ""
    trouble: MeasurementError | None = None
    flags: tuple[str, ...] = ()

    @property
    def doubts(self) -> list[str]:
        """What people should know of how the verdict came about, in sentences; nothing for most."""
        found = [*self.flags]
        if self.ratio is not None and self.ratio.apart:
            found.append(f"{self.name}: far from the others: {', '.join(map(self._round, self.ratio.apart))}")
        drift = drift_of(self.baseline)
        if drift is not None and abs(math.log(drift)) > DRIFTED:
            found.append(
                f"{self.name}: the baseline went to {drift:.2f} of what it began with: spent burst credits, or a load "
                "that came or went; the rounds are interleaved, so the ratio does not show it"
            )
        return found

    def explain(self) -> str:
        """Return what was measured, how sure that is, the limit, and what to do about noise."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.ratio is None:
            yield f"{self.name}: {self.trouble.message if self.trouble else self.stopped}"
            return
        ratio, interval = self.ratio, self.ratio.interval
        yield (
            f"{self.name}: {ratio.estimate:.3f} of the baseline "
            f"({interval.confidence * 100:g} % interval {interval.low:.3f} to {interval.high:.3f}, {ratio.n} rounds); "
            f"the limit is {self.limit}: {self.verdict.upper()}"
        )
        yield f"stopped after {ratio.n} rounds: {self.stopped}"
        yield (
            f"median {ratio.median:.3f}, Hodges-Lehmann {ratio.hodges_lehmann:.3f}; "
            f"the ratios of the rounds differ by {ratio.spread * 100:.1f} %"
        )
        yield from self.doubts
        if self.verdict is Verdict.INCONCLUSIVE:
            yield self._what_to_do(ratio)

    def _round(self, place: int) -> str:
        return f"round {place + 1} ({self.subject[place] / self.baseline[place]:.3f})"

    def _what_to_do(self, ratio: Ratio) -> str:
        """Return what would decide it: more rounds where rounds agree, a quieter network where they do not."""
        limit = min(self.limit.bounds, key=lambda bound: abs(math.log(bound / ratio.estimate)))
        needed = rounds_to_tell(ratio.spread, ratio.estimate, limit, ratio.interval.confidence)
        more = f"about {needed} rounds would tell it from the limit" if needed else "it is exactly at the limit"
        if ratio.spread <= STEADY:
            return f"The network is steady and close to its limit; {more}: use a longer profile."
        return (
            f"The rounds are too different for a verdict; {more}. "
            "Use a longer profile, or measure while nothing else loads the nodes."
        )
