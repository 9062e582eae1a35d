"""The page of documentation that is made from the allowed differences."""

from __future__ import annotations

from pathlib import Path

from tests.comparison.differences import Allowed, load

PAGE = Path(__file__).parents[2] / "docs" / "embedded-differences.md"
TEXT = """\
<!-- Made by 'make docs' from tests/comparison/differences.yaml: change it there. -->
# Where the embedded cluster differs from a real one

One scenario (`tests/comparison/scenario/`) runs on the embedded cluster and on a real one, and exit codes, objects and
events are compared. What differs is here, each with its reason; anything else that differs fails the tests.

{differences}
"""


def page() -> str:
    """Return the text of the page."""
    return TEXT.format(differences="\n".join(map(_entry, load())))


def _entry(allowed: Allowed) -> str:
    return f"* **{allowed.what}.** {' '.join(allowed.why.split())}"
