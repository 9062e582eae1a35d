"""The parameters that checks share; their ids do not depend on the cluster."""

from __future__ import annotations

import pytest

from pytest_k8snet.probe.observation import Family, Protocol

each_family = pytest.mark.parametrize("family", list(Family), ids=str)
each_protocol = pytest.mark.parametrize("protocol", list(Protocol), ids=str)
each_transport = pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP], ids=str)
