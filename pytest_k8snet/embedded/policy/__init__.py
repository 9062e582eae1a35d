"""NetworkPolicy (networking.k8s.io/v1), enforced in nftables on the node of each pod that a policy selects."""
