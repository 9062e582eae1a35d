"""How old this process is: what it does is told from its first instruction on."""

from __future__ import annotations

import os
import time

_START_TIME = 22 - 3  # of /proc/PID/stat, without the fields up to the name in brackets; see proc(5)


def process_age() -> float:
    """Return the seconds since the kernel started this process, to about 10 ms."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rpartition(")")[2].split()[_START_TIME])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
