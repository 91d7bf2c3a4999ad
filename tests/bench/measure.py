"""Measuring a command: wall time, CPU time and the largest resident size, of the whole process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple


class Cost(NamedTuple):
    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system."""
    memory: float
    """MiB, the largest resident size."""
    code: int


def once(command: Sequence[str], environment: dict[str, str] | None = None) -> Cost:
    """Run a command to its end."""
    started = time.perf_counter()
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(  # bytecode is kept, as an installed package has it
        command,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Cost(wall, usage.ru_utime + usage.ru_stime, kilobytes / 1024, process.returncode)


def typical(command: Sequence[str], times: int, environment: dict[str, str] | None = None) -> Cost:
    """Run a command several times (and once to warm the disk's cache); gives the median of each figure."""
    once(command, environment)
    costs = [once(command, environment) for _ in range(times)]
    codes = {cost.code for cost in costs}
    if codes != {0}:
        raise SystemExit(f"{' '.join(command)} ended with {codes}")
    return Cost(*(statistics.median(figures) for figures in list(zip(*costs, strict=True))[:3]), 0)
