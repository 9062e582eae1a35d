"""What changed since a former run, as HTML."""

from __future__ import annotations

from pytest_k8snet.report.compared import ComparedRecord
from pytest_k8snet.report.compared_lines import changed
from pytest_k8snet.report.digest import when
from pytest_k8snet.report.markup import Markup, element

LOOKS = {"worse": "failed", "better": "passed", "same": "passed", "undecided": "skipped"}


def compared_markup(compared: ComparedRecord | None) -> Markup:
    """Return the section; nothing when nothing was compared."""
    if compared is None:
        return Markup()
    listed = [
        *(("not the same", text, "error") for text in compared.differing),
        *(("new failure", name, "failed") for name in compared.new_failures),
        *(("fixed", name, "passed") for name in compared.fixed),
        *((one.verdict, f"{one.check} {one.name}: {changed(one)}", LOOKS[one.verdict]) for one in compared.measured),
    ]
    rows = (
        element("tr", element("th", element("span", kind, class_=f"chip {look}"), scope="row"), element("td", text))
        for kind, text, look in listed
    )
    title = f"Since run {compared.run_id or '?'} of {when(compared.started)}"
    nothing = element("p", "Nothing that both runs have is different.")
    body = element("table", element("tbody", *rows)) if listed else nothing
    return element("section", element("h2", title), body)
