"""One of our modules run in a process of its own, for text of strangers: it may take the process down and no more."""

from __future__ import annotations

import os
import subprocess
import sys


def answer(module: str, text: str, seconds: float) -> bytes | None:
    """What `module`, run as a program, writes about `text`; None where it fails or takes longer than `seconds`."""
    threads = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | threads,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None
