"""Where a test's record is found while the test runs. Light: every worker imports it at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_k8snet.report.record import CheckRecord

RECORD: pytest.StashKey[CheckRecord] = pytest.StashKey()
