"""Ends a session whose cluster is lost: each test to come would wait for every deadline in vain."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from pytest_k8snet.attach import Attachment
from pytest_k8snet.errors import ApiError, NoVerdict

LOST = "k8snet_lost"


class Vigil:
    """A pytest plugin for the controller and for each worker.

    After a test without a verdict it asks the API whether the fleet's namespace is still there. ``attachment`` is
    called only then.
    """

    def __init__(self, attachment: Callable[[], Attachment]) -> None:
        self._attachment = attachment
        self._in_doubt = False
        self._lost = ""

    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        """Note a test that ended without a verdict."""
        self._in_doubt |= call.excinfo is not None and isinstance(call.excinfo.value, NoVerdict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Stop the session after a test that lost its cluster."""
        result = yield
        if self._in_doubt and (lost := _why_lost(self._attachment())):
            self._lost = f"the cluster of this run is lost, no more tests are run: {lost}"
            item.session.shouldstop = self._lost
        self._in_doubt = False
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn it from a worker."""
        self._lost = self._lost or getattr(node, "workeroutput", {}).get(LOST, "")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the controller; there, let the tests decide the exit status: nobody has interrupted them."""
        if self._lost and hasattr(session.config, "workeroutput"):
            session.config.workeroutput[LOST] = self._lost
        elif self._lost:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _why_lost(attachment: Attachment) -> str:
    try:
        found = attachment.api.get("v1", "Namespace", attachment.state.namespace)
    except ApiError as error:
        return error.message
    if "deletionTimestamp" in found["metadata"]:
        return f"somebody deletes the namespace {attachment.state.namespace} of its probe pods"
    return ""
