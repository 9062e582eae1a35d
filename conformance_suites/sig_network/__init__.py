"""Which tests of Kubernetes' [sig-network] ask what our checks ask: a file of data for each area."""
