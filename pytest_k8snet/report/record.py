"""What a report consists of: plain data that travels as JSON from a worker to the controller and into report.json.

``report-1.schema.json`` describes the same for readers of the file; a test holds the two together. Empty text means
"not known" throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_k8snet.report.compared import ComparedRecord
from pytest_k8snet.report.figures import ComparisonRecord, DistributionRecord, MatrixRecord, Measurement
from pytest_k8snet.report.outcome import CheckOutcome
from pytest_k8snet.report.waiver import Waiver

SCHEMA = "k8snet-report/1"
UNFINISHED = "the run ended before this check did"


@dataclass(frozen=True, slots=True)
class PodRecord:
    """The source of a probe. ``addresses`` is status.podIPs in its order."""

    pod: str
    node: str
    addresses: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExpectedRecord:
    """What the oracle says: the allowed outcomes, who must answer, the source it must see, and why."""

    outcomes: list[str]
    server: str = ""
    source: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """What the probe saw: ``server`` answered and saw the client as ``source``; ``detail`` is the evidence."""

    outcome: str
    millis: float
    attempts: int = 1
    detail: str = ""
    server: str = ""
    source: str = ""
    replied_from: str = ""
    path_mtu: int = 0


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One probe of a truth table; ``mismatch`` says in words what is wrong, "" when ``ok``."""

    source: PodRecord
    column: str
    address: str
    port: int
    protocol: str
    family: str
    expected: ExpectedRecord
    seen: SeenRecord
    ok: bool
    mismatch: str = ""


@dataclass(frozen=True, slots=True)
class TableRecord:
    """A truth table. ``seconds_to_converge`` is None when it never came to equal the expectation.

    Of a large table only the wrong cells are listed, beside ``unlisted`` others. ``notes`` say what was not asked.
    """

    title: str
    ok: bool
    cells: list[CellRecord]
    seconds_to_converge: float | None = None
    rounds: int = 0
    flaps: list[str] = field(default_factory=list)
    unlisted: int = 0
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_basic(cls, table: Mapping[str, object]) -> TableRecord:
        """Make one from dicts and lists, as ``TruthTable.as_record()`` gives them. Raises ValueError."""
        import msgspec

        return msgspec.convert(table, cls)

    @property
    def wrong(self) -> list[CellRecord]:
        """The cells that are not as expected."""
        return [cell for cell in self.cells if not cell.ok]

    @property
    def verdict(self) -> str:
        """The table in one sentence, such as "3 of 81 cells differ"."""
        number = len(self.cells) + self.unlisted
        if self.wrong:
            return f"{len(self.wrong)} of {number} cells differ"
        if self.flaps:
            return f"all {number} cells came true, but did not hold"
        return f"all {number} cells as expected" if self.ok else "not as expected"


@dataclass(slots=True)
class CheckRecord:
    """One check with its parameters, its outcome and what it was based on.

    It is made before the check's setup and filled until its end. Until something is known of the check it is an
    *error*, so that a run which dies in the middle cannot count it as passed.
    """

    id: str
    area: str
    title: str
    nodeid: str
    doc: str = ""
    spec: str = ""
    level: str = ""
    requires: list[str] = field(default_factory=list)
    catches: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    outcome: CheckOutcome = CheckOutcome.ERROR
    reason: str = UNFINISHED
    started: float = 0.0
    seconds: float = 0.0
    worker: str = ""
    tables: list[TableRecord] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    comparisons: list[ComparisonRecord] = field(default_factory=list)
    distributions: list[DistributionRecord] = field(default_factory=list)
    matrices: list[MatrixRecord] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repeat: str = ""

    @property
    def name(self) -> str:
        """The id with the parameters: what a person calls this check."""
        return f"{self.id}[{'-'.join(self.params.values())}]" if self.params else self.id

    @property
    def convergence(self) -> float | None:
        """The slowest of the tables' times to converge in seconds; None without a table that converged."""
        return max((t.seconds_to_converge for t in self.tables if t.seconds_to_converge is not None), default=None)


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node as the API tells it."""

    name: str
    kernel: str = ""
    os: str = ""
    runtime: str = ""
    kubelet: str = ""
    addresses: list[str] = field(default_factory=list)
    pod_cidrs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CniRecord:
    """The network plugin, how it works here, and what that was read from."""

    name: str = ""
    mode: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class FleetRecord:
    """A probe pod of the fleet."""

    pod: str
    node: str
    addresses: list[str] = field(default_factory=list)
    host_network: bool = False


@dataclass(slots=True)
class Environment:
    """What was tested, with what. Filled while the run goes: a run that ends early reports what it knew."""

    versions: dict[str, str] = field(default_factory=dict)
    provider: str = ""
    why_this_cluster: str = ""
    context: str = ""
    nodes: list[NodeRecord] = field(default_factory=list)
    cni: CniRecord = field(default_factory=CniRecord)
    proxy_mode: str = ""
    families: list[str] = field(default_factory=list)
    mtu: int = 0
    fleet: list[FleetRecord] = field(default_factory=list)
    capabilities: dict[str, str] = field(default_factory=dict)
    claims: dict[str, bool] = field(default_factory=dict)
    seed: int | None = None
    command_line: str = ""
    run_id: str = ""

    @property
    def lacking(self) -> dict[str, str]:
        """What the cluster lacks, with the reason."""
        return {name: reason for name, reason in self.capabilities.items() if reason}


@dataclass(frozen=True, slots=True)
class Summary:
    """How many ended how."""

    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    xfailed: int = 0
    xpassed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.count(outcome) for outcome in CheckOutcome)

    def count(self, outcome: CheckOutcome) -> int:
        """Return how many ended so."""
        number: int = getattr(self, outcome.value)
        return number


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run. ``summary`` counts the checks, ``other`` the tests beside them, such as a user's own."""

    schema: str = field(default=SCHEMA, kw_only=True)
    started: float
    seconds: float
    exit_status: int
    summary: Summary
    other: Summary
    environment: Environment
    checks: list[CheckRecord]
    waivers: list[Waiver] = field(default_factory=list)
    compared: ComparedRecord | None = None


def encode(record: CheckRecord) -> str:
    """Return a check as JSON that ``decode`` reads. Raises ValueError or TypeError when it holds what JSON cannot.

    It is read back here, where the check that is to blame can still be named: a text that the controller cannot
    read would end the whole run there.
    """
    import msgspec

    text = msgspec.json.encode(record).decode()
    decode(text)
    return text


def decode(text: str) -> CheckRecord:
    """Read what ``encode`` wrote. Raises ValueError."""
    import msgspec

    return msgspec.json.decode(text, type=CheckRecord)


def encode_report(report: Report) -> bytes:
    """Return the text of report.json."""
    import msgspec

    return msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n"


def decode_report(text: bytes | str) -> Report:
    """Read a report.json. Raises ValueError when it is not one that this version understands."""
    import msgspec

    report = msgspec.json.decode(text, type=Report)
    if report.schema != SCHEMA:
        raise ValueError(f"a report of the schema {report.schema!r}; this version reads {SCHEMA!r}")
    return report
