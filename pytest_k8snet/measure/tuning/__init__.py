"""Settings that people change for speed: whether they are in force, and what they would gain."""
