"""NetworkPolicy and the cluster-wide policies, enforced in nftables on the node of each pod that they select."""
