"""The policies of checks that are no case data: pods ``guarded`` and pods ``friend``, in one direction or in both."""

from __future__ import annotations

import yaml

GUARDED = {"role": "guarded"}
FRIEND = {"role": "friend"}

FROM_FRIENDS = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guarded-from-friend}
spec:
  podSelector: {matchLabels: {role: guarded}}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {role: friend}}
""")

TO_FRIENDS = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guarded-to-friend}
spec:
  podSelector: {matchLabels: {role: guarded}}
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {matchLabels: {role: friend}}
""")

WITH_FRIENDS = yaml.safe_load("""
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: guarded-with-friend}
spec:
  podSelector: {matchLabels: {role: guarded}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {matchLabels: {role: friend}}
  egress:
  - to:
    - podSelector: {matchLabels: {role: friend}}
""")
