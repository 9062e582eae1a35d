"""pytest-k8snet: shows by moving real packets that a Kubernetes network does what Kubernetes promises."""

import sys

# The suites hold assertions whose values must be shown, also in an editable install. The processes of the embedded
# cluster are no pytest, and importing it would double their memory.
if "pytest" in sys.modules:
    import pytest

    pytest.register_assert_rewrite("pytest_k8snet.fixtures", "conformance_suites")

__version__ = "0.1.0"
