"""The pod network model: every pod has its own address and pods talk without NAT."""
