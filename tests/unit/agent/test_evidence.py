"""What errnos and ICMP messages mean."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8snet.agent.evidence import (
    PROBE_ERROR,
    REFUSED,
    RESET,
    TIMEOUT,
    UNREACHABLE,
    QueuedError,
    judge_errno,
    judge_queued,
)
from pytest_k8snet.probe.observation import Outcome

LOCAL, ICMP, ICMP6 = 1, 2, 3


def _message(origin: int, kind: int, code: int, number: int = errno.EHOSTUNREACH, info: int = 0) -> QueuedError:
    return QueuedError(number, origin, kind, code, info, "10.0.0.1", b"", None)


@given(st.sampled_from(sorted(errno.errorcode)), st.integers(0, 65535))
def test_every_errno_has_an_outcome_and_is_named(number: int, mtu: int) -> None:
    finding = judge_errno(number, path_mtu=mtu)
    assert Outcome(finding.outcome) is not Outcome.CONNECTED
    assert errno.errorcode[number] in finding.detail


@given(st.sampled_from([ICMP, ICMP6]), st.integers(0, 255), st.integers(0, 255))
def test_every_icmp_message_is_evidence_of_the_network(origin: int, kind: int, code: int) -> None:
    finding = judge_queued(_message(origin, kind, code))
    assert finding.outcome in (REFUSED, UNREACHABLE)
    assert f"({kind}/{code}) from 10.0.0.1" in finding.detail


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (errno.ECONNREFUSED, REFUSED),
        (errno.ECONNRESET, RESET),
        (errno.EPIPE, RESET),
        (errno.ETIMEDOUT, TIMEOUT),
        (errno.EHOSTUNREACH, UNREACHABLE),
        (errno.ENETUNREACH, UNREACHABLE),
        (errno.EPERM, UNREACHABLE),
        (errno.EMSGSIZE, UNREACHABLE),
        (errno.ENOBUFS, PROBE_ERROR),
        (errno.EMFILE, PROBE_ERROR),
        (errno.EADDRNOTAVAIL, PROBE_ERROR),
        (errno.EINVAL, PROBE_ERROR),
    ],
)
def test_an_errno_means(number: int, outcome: str) -> None:
    assert judge_errno(number).outcome == outcome


@pytest.mark.parametrize(
    ("origin", "kind", "code", "outcome"),
    [
        (ICMP, 3, 3, REFUSED),
        (ICMP, 3, 2, REFUSED),
        (ICMP, 3, 1, UNREACHABLE),
        (ICMP, 3, 13, UNREACHABLE),
        (ICMP, 11, 0, UNREACHABLE),
        (ICMP6, 1, 4, REFUSED),
        (ICMP6, 4, 1, REFUSED),
        (ICMP6, 1, 0, UNREACHABLE),
        (ICMP6, 1, 1, UNREACHABLE),
        (ICMP6, 3, 0, UNREACHABLE),
    ],
)
def test_an_icmp_message_means(origin: int, kind: int, code: int, outcome: str) -> None:
    assert judge_queued(_message(origin, kind, code)).outcome == outcome


@pytest.mark.parametrize(("origin", "kind", "code"), [(ICMP, 3, 4), (ICMP6, 2, 0)])
def test_a_message_that_is_too_long_carries_the_path_mtu(origin: int, kind: int, code: int) -> None:
    finding = judge_queued(_message(origin, kind, code, errno.EMSGSIZE, 1400))
    assert (finding.outcome, finding.path_mtu) == (UNREACHABLE, 1400)
    assert "MTU 1400" in finding.detail


def test_a_local_error_is_judged_by_its_errno() -> None:
    finding = judge_queued(_message(LOCAL, 0, 0, errno.EMSGSIZE, 1500))
    assert (finding.outcome, finding.path_mtu) == (UNREACHABLE, 1500)
    assert "ICMP" not in finding.detail
