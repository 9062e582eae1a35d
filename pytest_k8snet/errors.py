"""Every error that a user can meet.

K8sNetError
├── UsageError         an option or a file that the user gave cannot be used   (exit code 4)
├── PreflightError     the cluster cannot be tested as it is                   (exit code 4)
└── NoVerdict          a check could not be judged: harness or environment     (outcome *error*)
    ├── ApiError       the Kubernetes API refused or did not answer
    ├── PodNotReady    a pod will not become Ready, or did not in time
    ├── AgentLost      the agent in a probe pod did not answer
    ├── AgentRefused   the agent answered that it cannot do what was asked
    └── MeasurementError   something could not be measured, or not well enough to judge it

ClaimNotMet is no error but a verdict, an AssertionError.
"""

from __future__ import annotations


class K8sNetError(Exception):
    """The base of all errors of this package. ``hint`` tells what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint


class UsageError(K8sNetError):
    """An option, a setting or a file of the user cannot be used."""


class PreflightError(K8sNetError):
    """The cluster cannot be tested as it is: nothing was judged."""


class ClaimNotMet(AssertionError):
    """The cluster does not have what it is claimed to have: a verdict, also before the check itself has begun."""


class NoVerdict(K8sNetError):
    """The check could not be judged; this says nothing about the network."""


class ApiError(NoVerdict):
    """The Kubernetes API refused a request or did not answer. ``status`` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, *, status: int = 0, reason: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason


class PodNotReady(NoVerdict):
    """A pod will not become Ready, or did not within its deadline."""


class AgentLost(NoVerdict):
    """The agent of a probe pod did not answer, also not after a new connection."""


class AgentRefused(NoVerdict):
    """The agent cannot do what it was asked. ``errno`` is the name of the system's error, such as "EADDRINUSE"."""

    def __init__(self, message: str, *, errno: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.errno = errno


class MeasurementError(NoVerdict):
    """Something could not be measured, or not well enough to judge it; never a number in place of the measured one."""
