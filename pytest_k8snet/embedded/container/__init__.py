"""Containers: a root file system of the machine's own programs, and processes forked by a warm Python."""
