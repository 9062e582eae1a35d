"""Latency by an open-loop load of the agents: of paths between pods beside nodes, of connections, of name servers."""
