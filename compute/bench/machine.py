"""What the machine could do at best: its matrix rate and its memory bandwidth."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import Any

import torch


def hardware(device: str) -> dict[str, Any]:
    """The processor or accelerator, without naming the machine."""
    if device == "cpu":
        name = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), "")
        return {"device": "cpu", "name": name or platform.machine(), "cores": len(os.sched_getaffinity(0))}
    return {"device": device, "name": torch.cuda.get_device_name(device)}


def matrix_rate(device: str, dtype: str, size: int = 1024) -> float:
    """Floating-point operations per second of a square matrix product, the best of a few."""
    a = torch.rand(size, size, dtype=getattr(torch, dtype), device=device)
    return 2 * size**3 / _best(lambda: a @ a, device)


def bandwidth(device: str, size: int = 2**25) -> float:
    """Bytes per second read and written by a copy that no cache holds."""
    a = torch.rand(size, device=device)
    b = torch.empty_like(a)
    return 2 * 4 * size / _best(lambda: b.copy_(a), device)


def operations(call: Callable[[], Any]) -> int:
    """Floating-point operations of the matrix products in `call`."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        call()
    return int(counter.get_total_flops())


def synchronise(device: str) -> None:
    """Wait until `device` has done what it was given."""
    if device != "cpu":
        torch.cuda.synchronize(device)


def _best(call: Callable[[], Any], device: str, repeats: int = 5) -> float:
    def seconds() -> float:
        start = time.perf_counter()
        call()
        synchronise(device)
        return time.perf_counter() - start

    seconds()
    return min(seconds() for _ in range(repeats))


def _cpuinfo() -> list[str]:
    try:
        with open("/proc/cpuinfo") as lines:
            return list(lines)
    except OSError:
        return []
