"""Forks workers that are imported already: `python -m tests.faults.nursery`, told by lines what to do.

`start NAME` answers the process id of a new worker, `poll ID` its exit status or `None`. What they calculate has no end
until there is a file `end` in `SOFTMODE_VAR`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

from compute.jobs.calculation import Row, Watch
from tests.conftest import ROOT

NEVER = 3600.0
"""Seconds of silence after which others take over: what goes back on the queue was put there by who had it."""


def calculate(part: str, payload: Row, first: Row, watch: Watch, threads: int | None) -> Row:
    """Wait for the file `end`; every other calculation tells its progress, and the others are deaf to everything."""
    var = Path(os.environ["SOFTMODE_VAR"])
    with (var / "started.log").open("a") as log:
        number = log.tell()
        log.write(f"{part}\n")
    while not (var / "end").exists():
        if number // len("crystal\n") % 2:
            watch.report("waiting")
        time.sleep(0.005)
    return {"crystal": {}, "checkpoint_sha256": "0" * 64} if part == "crystal" else {"status": "ok", "reason": None}


class Nursery:
    """The forking process, and the workers that it has forked; what they write goes into `log`."""

    def __init__(self, log: Path):
        self._log = log
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )

    def start(self, name: str) -> int:
        """Fork the worker `name`; its process id."""
        return int(self._ask(f"start {name}"))

    def poll(self, process: int) -> int | None:
        """The exit status of a worker, None while it runs."""
        answer = self._ask(f"poll {process}")
        return None if answer == "None" else int(answer)

    def stop(self) -> None:
        """End what still runs."""
        self._process.communicate()

    @property
    def said(self) -> str:
        """What the workers wrote."""
        return self._log.read_text()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def _serve() -> None:
    for name in ("compute.jobs.worker", "dbos"):
        import_module(name)
    running: dict[int, int | None] = {}
    for line in sys.stdin:
        command, what = line.split()
        if command == "start":
            if (child := os.fork()) == 0:
                _work(what)
            running[child] = None
            print(child, flush=True)
        elif running[int(what)] is None and (ended := os.waitpid(int(what), os.WNOHANG))[0]:
            running[int(what)] = os.waitstatus_to_exitcode(ended[1])
            print(running[int(what)], flush=True)
        else:
            print(running[int(what)], flush=True)
    for child, status in running.items():
        if status is None:
            os.kill(child, 9)


def _work(name: str) -> None:
    """Be the worker `name`, and end."""
    from compute.jobs.worker import Worker

    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 1
    try:
        Worker(name, calculate=calculate, silent_seconds=NEVER).work()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


if __name__ == "__main__":
    _serve()
