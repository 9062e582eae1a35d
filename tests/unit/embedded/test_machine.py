"""Why a machine cannot run an embedded cluster, in one sentence with the next step."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pytest_k8snet.embedded.machine import CannotStart, check_machine, explain_refusal


def test_a_machine_without_the_tools_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="the program ip is not installed: install the package iproute2"):
        check_machine("linux", str(tmp_path))


def test_bgp_without_bird_is_told_what_to_install_or_to_choose(tmp_path: Path) -> None:
    for tool in ("ip", "nft"):
        (tmp_path / tool).touch(0o755)
    check_machine("linux", str(tmp_path))
    with pytest.raises(CannotStart) as caught:
        check_machine("linux", str(tmp_path), "bgp")
    assert str(caught.value) == (
        "the network bgp needs the program bird, which is not installed: "
        "install the package bird2, or choose the network routed or vxlan"
    )


def test_another_system_is_pointed_to_kind() -> None:
    with pytest.raises(CannotStart, match="needs Linux, this is darwin: use kind"):
        check_machine("darwin")


@pytest.mark.parametrize(
    ("file", "value", "number", "said"),
    [
        ("user/max_user_namespaces", "0", errno.ENOSPC, "user namespaces are switched off"),
        ("kernel/unprivileged_userns_clone", "0", errno.EPERM, "user namespaces need root here"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", errno.EACCES, "AppArmor keeps ordinary users from"),
        ("unrelated", "1", errno.EPERM, "does not allow new namespaces"),
        ("unrelated", "1", errno.EINVAL, "the kernel refused"),
    ],
)
def test_a_refusal_names_its_cause_and_the_next_step(
    tmp_path: Path, file: str, value: str, number: int, said: str
) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(value)
    message = explain_refusal(OSError(number, "no"), tmp_path)
    assert message.startswith(said) or said in message
    assert "run as root" in message
    assert "\n" not in message
