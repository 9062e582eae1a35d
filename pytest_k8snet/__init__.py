"""pytest-k8snet: shows by moving real packets that a Kubernetes network does what Kubernetes promises."""

import pytest

# Both packages hold assertions whose values must be shown, also in an editable install.
pytest.register_assert_rewrite("pytest_k8snet.fixtures", "conformance_suites")

__version__ = "0.1.0"
