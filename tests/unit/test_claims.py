"""The claims file: what is read, and what is refused with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_k8snet.claims import Claims, read_claims
from pytest_k8snet.errors import UsageError

Read = Callable[[str], Claims]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a file of this text, named claims.toml."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> Claims:
        Path("claims.toml").write_text(text)
        return read_claims("claims.toml")

    return read


def test_a_claim_is_made_or_denied_with_or_without_a_reason(read: Read) -> None:
    text = """
[claims]
sctp = true
ipv6 = false
host_port = { has = false, reason = "no portmap plugin" }

[claims.policy_enforced]
has = true
reason = "since 3.2"
"""
    assert read(text) == Claims(
        made={"sctp": "claims.toml:3", "policy_enforced": "claims.toml:7: since 3.2"},
        denied={
            "ipv6": "claimed not to be there (claims.toml:4)",
            "host_port": "no portmap plugin (claims.toml:5)",
        },
    )


def test_an_empty_file_claims_nothing(read: Read) -> None:
    assert read("") == Claims()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[claims]\nstcp = true\n", "claims.toml:2: 'stcp' is not one of ipv4, ipv6, "),
        ("[claims]\nsctp = 1\n", "claims.toml:2: sctp must be true, false or { has = false, reason"),
        ('[claims]\n\nsctp = "yes"\n', "claims.toml:3: sctp must be true, false or"),
        ("[claims]\nsctp = { reason = 'x' }\n", "claims.toml:2: sctp must be"),
        ("[claims]\nsctp = { has = true, why = 'x' }\n", "claims.toml:2: sctp must be"),
        ("[claims]\nsctp = { has = true, reason = 1 }\n", "claims.toml:2: sctp must be"),
        ("sctp = true\n", "claims.toml: expected one table [claims], not sctp"),
        ("claims = true\n", "claims.toml: expected one table [claims]"),
        ("[claims\n", "claims.toml is no TOML: "),
        ("[claims]\nsctp = true\nsctp = false\n", "claims.toml is no TOML: "),
    ],
)
def test_what_cannot_be_used_is_refused_with_file_and_line(read: Read, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(text)
    assert error.value.message.startswith(f"--k8snet-claims: {said}")
