"""Bandwidth, latency, MTU, encapsulation, and how fast changes take hold."""
