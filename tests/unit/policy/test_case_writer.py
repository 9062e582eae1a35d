"""Cases written as files: what is read again is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_k8snet.catalogue import policy_cases
from pytest_k8snet.policy.case_files import load
from pytest_k8snet.policy.case_writer import written
from pytest_k8snet.policy.cases import Apply, Case, DeletePod, LabelPod


def test_every_shipped_case_is_read_again_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(written(*policy_cases()))
    again = load(file)
    assert len(again) == len(policy_cases())
    assert [replace(case, file=Path(), line=0) for case in again] == [
        replace(case, file=Path(), line=0) for case in policy_cases()
    ]


def test_nothing_is_written_by_reference(case: Case, deny_ingress: Apply) -> None:
    twice = replace(case, steps=case.steps * 2)
    assert "*" not in written(twice)
    assert written(twice).count("policyTypes: [Ingress]") == 2


def test_a_namespace_that_yaml_could_take_for_true_is_quoted(case: Case) -> None:
    text = written(
        replace(case, steps=(replace(case.steps[0], actions=(LabelPod("x/a", {"ns": "y", "pod": "n-1"}),)),))
    )
    assert "{ns: 'y', pod: n-1}" in text


def test_an_order_of_actions_that_no_file_has_is_refused(case: Case, deny_ingress: Apply) -> None:
    mixed = (LabelPod("x/a", {"pod": "b"}), DeletePod("x/a"), LabelPod("x/b", {"pod": None}))
    with pytest.raises(ValueError, match="has all of its 'label-pod' in one place"):
        written(replace(case, steps=(replace(case.steps[0], actions=mixed),)))
