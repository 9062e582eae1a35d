"""The conformance suites: what a Kubernetes network promises, clause by clause."""
