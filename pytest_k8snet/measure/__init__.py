"""Measuring, and judging what was measured: a ratio with its interval, and one of three verdicts."""
