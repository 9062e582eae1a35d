"""A cluster that is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8snet.errors import UsageError
from pytest_k8snet.providers import Choice
from pytest_k8snet.providers.existing import THIS_MACHINE, ExistingProvider


def _provider(kubeconfig: str, context: str = "") -> ExistingProvider:
    return ExistingProvider(Choice("existing", "--k8snet-kubeconfig FILE", kubeconfig, context))


def test_a_kubeconfig_that_does_not_exist_is_refused_with_its_name(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(UsageError, match=f"{tmp_path}/nope does not exist") as refused:
        _provider(f"{tmp_path}/nope").start(tmp_path, "run", said.append)
    assert "chosen by --k8snet-kubeconfig FILE" in refused.value.message
    assert "--k8snet-kubeconfig" in refused.value.hint


def test_of_several_kubeconfigs_one_is_enough_as_for_kubectl(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "there").touch()
    access = _provider(f"{tmp_path}/there:{tmp_path}/nope", "lab").start(tmp_path, "run", said.append)
    assert access.kubeconfig == f"{tmp_path}/there:{tmp_path}/nope"
    assert (access.context, access.scratch) == ("lab", tmp_path)


def test_a_relative_kubeconfig_is_found_again_from_another_folder(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubeconfig").touch()
    monkeypatch.chdir(tmp_path)
    access = _provider("kubeconfig").start(tmp_path, "run", said.append)
    assert Path(access.kubeconfig) == tmp_path / "kubeconfig"


def test_in_a_pod_the_service_account_is_used_and_nothing_is_outside(tmp_path: Path, said: list[str]) -> None:
    provider = ExistingProvider(Choice("existing", "the service account"))
    assert provider.start(tmp_path, "run", said.append).kubeconfig == ""
    outside, why = provider.outside()
    assert outside is None
    assert "runs in a pod of the cluster" in why


def test_this_machine_is_outside_a_cluster_of_a_kubeconfig(tmp_path: Path) -> None:
    assert _provider(f"{tmp_path}/k").outside() == (THIS_MACHINE, "")


def test_a_cluster_that_is_not_ours_is_neither_broken_nor_stopped(tmp_path: Path, said: list[str]) -> None:
    provider = _provider(f"{tmp_path}/k")
    provider.stop(said.append)
    assert provider.faults() is None
    assert said == []
