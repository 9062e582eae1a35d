"""Bandwidth, latency, MTU, encapsulation and programming latency: measured, and judged."""
