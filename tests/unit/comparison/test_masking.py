"""What says nothing about a cluster is masked, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.comparison.masking import Mask

MASK = Mask({"lab-worker": "NODE", "lab-worker2": "NODE", "space-1": "NAMESPACE"})


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("on lab-worker2 in space-1", "on NODE in NAMESPACE"),
        ("at 2026-11-27T04:03:00Z", "at TIME"),
        ("Created on: 2026-11-27 04:19:13 +0000 UTC", "Created on: TIME"),
        ("web-6bb885c677-x2v7k", "web-HASH-SUFFIX"),
        ("made-x2v7k", "made-SUFFIX"),
        ("hash=57fd4c6575", "hash=HASH"),
        ("http://10.244.1.7:80/", "http://ADDRESS:80/"),
        ("fd00:10:244::7", "ADDRESS"),
        ("fe00::0\tip6-localnet", "ADDRESS\tip6-localnet"),
        ("back-off 40s restarting", "back-off DURATION restarting"),
        ("web   1   12s   back", "web   1   DURATION back"),
        ('supported values: "b", "a"', 'supported values: "a", "b"'),
        ("containerd://0123abcd", "ID"),
        ("search a\noptions ndots:2 edns0\n", "search a\noptions edns0 ndots:2\n"),
    ],
)
def test_what_is_volatile_in_a_text_is_replaced(text: str, masked: str) -> None:
    assert MASK.text(text) == masked


@pytest.mark.parametrize(
    "text", ["http-proxy", "192.0.2.7", "127.0.0.1", "delay=0s", "04:03", "1.2.3", "app.kubernetes.io"]
)
def test_what_the_scenario_says_stays(text: str) -> None:
    assert MASK.text(text) == text


def test_identities_are_replaced_by_their_fields_and_managers_left_out() -> None:
    metadata = {"uid": "a", "resourceVersion": "7", "name": "x", "managedFields": [{"manager": "m"}]}
    assert MASK({"metadata": metadata}) == {"metadata": {"uid": "UID", "resourceVersion": "VERSION", "name": "x"}}


def test_an_empty_identity_stays_empty() -> None:
    assert MASK({"containerID": ""}) == {"containerID": ""}


def test_managers_are_kept_where_they_are_wanted_in_one_order_and_without_times() -> None:
    entries = [{"manager": name, "operation": "Apply", "time": "now"} for name in ("b", "a")]
    kept: Any = MASK({"managedFields": entries}, keep=("managedFields",))
    assert kept == {"managedFields": [{"manager": "a", "operation": "Apply"}, {"manager": "b", "operation": "Apply"}]}


def test_causes_have_one_order_and_come_once() -> None:
    first, second = {"field": "a", "message": "x"}, {"field": "b", "message": "y"}
    assert MASK({"causes": [second, first, second]}) == {"causes": [first, second]}


def test_several_causes_in_a_message_have_no_order() -> None:
    assert MASK.text('Pod "x" is invalid: [b: wrong, a: wrong]') == 'Pod "x" is invalid: [...]'
    assert MASK.text('Pod "x" is invalid: \n* b\n* a\n') == 'Pod "x" is invalid:\n* a\n* b'
