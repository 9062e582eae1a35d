"""report.html: complete, escaped, self-contained."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pytest_k8snet.report.markup import WITHOUT_END, Markup, element, escaped, joined, link
from pytest_k8snet.report.page import render, write_page
from pytest_k8snet.report.record import CheckRecord, Environment, Report, Summary, TableRecord
from pytest_k8snet.report.table_markup import EXPLAINED, table_markup

MakeReport = Callable[..., Report]
MakeTable = Callable[..., TableRecord]
EVIL = "<script>alert('1')</script><img src=x onerror=\"alert(2)\">&"


class Reader(HTMLParser):
    """Reads a page: its text, its elements, what they refer to, and whether they are nested well."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in WITHOUT_END:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@pytest.fixture
def page(make_report: MakeReport, every_outcome: list[CheckRecord]) -> Reader:
    return Reader(render(make_report(*every_outcome, exit_status=1)))


def test_a_plain_child_is_escaped_and_markup_is_not() -> None:
    assert element("p", "<b>", element("i", "&"), title='"') == '<p title="&quot;">&lt;b&gt;<i>&amp;</i></p>'
    assert joined(["<", Markup("<br>")]) == "&lt;<br>"


def test_text_made_of_markup_is_text_again() -> None:
    assert escaped(Markup("<b>") + "x") == "&lt;b&gt;x"


def test_only_web_addresses_become_links() -> None:
    assert (
        link("https://kubernetes.io/#a")
        == '<a href="https://kubernetes.io/#a" rel="noreferrer">https://kubernetes.io/#a</a>'
    )
    assert link("javascript:alert(1)") == "javascript:alert(1)"


def test_the_page_tells_the_verdict_every_check_and_the_cluster(page: Reader) -> None:
    for said in (
        "The network does not conform: 1 of 6 checks failed, 1 without a verdict",
        "MODEL-002[ipv4-tcp]",
        "DNS-001",
        "AgentLost: the agent in k8snet-a1b2c3/probe-4 does not answer\nIs the node Ready?",
        "Every pod can talk to every other pod on any node without NAT.",
        "pytest --k8snet --k8snet-context kind-lab 'model/test_mesh.py::test_mesh[ipv4-tcp]'",
        "evidence/MODEL-002/node-2.pcap",
        "ipv6: the cluster gives pods no IPv6 addresses",
        "kind-lab",
        "kindnet (routed)",
        "10.244.2.0/24",
        "containerd://2.1",
    ):
        assert said in page.text, said


def test_a_wrong_cell_is_explained_with_pods_nodes_expected_seen_and_why(page: Reader) -> None:
    for said in (
        "3 of 81 cells differ · never converged · 3 rounds",
        "on node-2",
        "answered by probe-4",
        "pods reach each other without NAT",
        "after 1001.4 ms, 2 attempts",
        "no answer within 1 s",
        "✗ timeout instead of connected",
    ):
        assert said in page.text, said


def test_wrong_cells_are_marked_by_a_sign_and_by_a_class_of_their_own(make_table: MakeTable) -> None:
    markup = table_markup(make_table(3, wrong={(0, 2), (1, 1)}))

    assert markup.count('<td class="k8snet-wrong"') == 2
    assert markup.count(">✗</td>") == 2
    assert markup.count(">✓</td>") == 7


def test_the_share_of_wrong_probes_is_shown_where_a_square_holds_several(make_table: MakeTable) -> None:
    table = make_table(2, ports=(80, 81, 82))
    cells = [dataclasses.replace(cell, ok=cell.port != 81) for cell in table.cells]

    assert "<small>1/3</small>" in table_markup(dataclasses.replace(table, cells=cells, ok=False))


def test_a_table_with_very_many_wrong_cells_explains_some_and_counts_the_rest(make_table: MakeTable) -> None:
    markup = table_markup(make_table(12, wrong={(a, b) for a in range(12) for b in range(12)}))

    assert markup.count("k8snet-why") == EXPLAINED
    assert f"and {144 - EXPLAINED} more" in markup


def test_flaps_are_told(make_table: MakeTable) -> None:
    table = dataclasses.replace(make_table(2), ok=False, flaps=["probe-0 to probe-1: timeout for 0.3 s"])

    assert "<li>probe-0 to probe-1: timeout for 0.3 s</li>" in table_markup(table)


def test_what_needs_attention_comes_first_and_is_unfolded(page: Reader) -> None:
    text = page.text[page.text.index("Checks") :]

    places = [text.index(id) for id in ("MODEL-002", "MODEL-003", "POLICY-002", "POLICY-001", "MODEL-001", "DNS-001")]
    assert places == sorted(places)
    assert page.attributes.count(("open", "")) == 3


def test_nothing_from_the_cluster_becomes_markup(make_report: MakeReport, make_table: MakeTable) -> None:
    environment = Environment(capabilities={EVIL: EVIL}, versions={EVIL: EVIL}, families=[EVIL])
    for field in ("provider", "why_this_cluster", "context", "command_line", "run_id"):
        setattr(environment, field, EVIL)
    check = CheckRecord("MODEL-001", EVIL, EVIL, EVIL, params={EVIL: EVIL}, evidence=[EVIL], requires=[EVIL])
    for field in ("doc", "spec", "level", "reason", "worker", "repeat"):
        setattr(check, field, EVIL)
    cell = make_table(1, wrong={(0, 0)}).cells[0]
    seen = dataclasses.replace(cell.seen, detail=EVIL, server=EVIL, source=EVIL, replied_from=EVIL)
    evil_cell = dataclasses.replace(cell, column=EVIL, address=EVIL, mismatch=EVIL, seen=seen)
    check.tables = [TableRecord(EVIL, False, [evil_cell], flaps=[EVIL])]
    page = Reader(render(dataclasses.replace(make_report(check), environment=environment)))

    assert page.seen["script"] == page.seen["img"] == 0
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(EVIL) > 15


def test_the_page_needs_no_network_and_forbids_it(page: Reader) -> None:
    fetched = ("script", "link", "img", "iframe", "object", "video", "base", "form")

    assert not [tag for tag in fetched if page.seen[tag]]
    assert not [name for name, _ in page.attributes if name in ("src", "srcset", "action", "background")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_the_style_sheets_refer_to_nothing_outside(make_report: MakeReport) -> None:
    page = render(make_report())

    assert "url(" not in page
    assert "@import" not in page


def test_the_page_is_light_dark_and_printable(make_report: MakeReport) -> None:
    page = render(make_report())

    assert "@media screen and (prefers-color-scheme: dark)" in page
    assert "@media print" in page


def test_a_run_that_ended_before_anything_was_known_gives_a_page_too() -> None:
    page = Reader(render(Report(0, 0, 4, Summary(), Summary(), Environment(), [])))

    assert "The cluster or an option could not be used: nothing ran" in page.text
    assert "Nothing is known of it: the run ended early." in page.text


def test_the_page_is_written_as_utf_8(tmp_path: Path, make_report: MakeReport, make_table: MakeTable) -> None:
    path = write_page(tmp_path, make_report())

    assert path == tmp_path / "report.html"
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
