"""The labels by which a namespace asks for Pod Security, and their values."""

LABEL = "pod-security.kubernetes.io/"
LEVELS = ("privileged", "baseline", "restricted")
