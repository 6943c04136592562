"""Starting and killing workers, and PostgreSQL, in a test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compute import tables
from compute.jobs import service
from compute.jobs.service import Job, JobRequest
from tests.conftest import ROOT
from tests.support.site import free_port

POSTGRES = Path("/usr/lib/postgresql/15/bin")
COMPOUNDS = ("CsPbBr3", "CsPbI3", "CsSnI3", "CsGeCl3", "CsMgCl3", "KMgF3", "SrTiO3", "CsSnBr3", "CsPbCl3", "RbPbI3")


def published(data: Path) -> list[str]:
    """Publish references with lattice constants 5.0, 5.1 … Å into `data`; their compounds."""
    rows = [
        {"suite": "abx3", "compound": name, "formula": name, "prototype": "cubic-perovskite"}
        | {"lattice_constant": 5 + i / 10, "functional": "PBEsol", "source": "invented"}
        for i, name in enumerate(COMPOUNDS)
    ]
    tables.publish(data, {"references": tables.from_rows("references", rows)})
    return list(COMPOUNDS)


def request(compound: str, **values: object) -> JobRequest:
    """A σ job."""
    return JobRequest.model_validate(
        {"stage": "sigma", "compound": compound, "suite": "abx3", "potential": "chgnet-0.3.0", **values}
    )


class Workers:
    """Workers with the counted wait, in processes of their own."""

    def __init__(self, log: Path):
        self._log = log
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str = "one", silent: float = 3.0) -> None:
        """Start the worker `name`."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self._log.open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.fake", name, str(silent)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str = "one") -> None:
        """kill -9."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def leave(self, name: str = "one") -> int:
        """SIGTERM; the exit status."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(60)

    def stop(self) -> None:
        """End them all."""
        for name in list(self.running):
            self.kill(name)

    @property
    def said(self) -> str:
        """What they wrote."""
        return self._log.read_text()


def wait_for(id: str, *states: str, seconds: float = 150) -> Job:
    """The job `id` once it is in one of `states`."""
    job = None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            job = service.read(id)
        except service.JobsUnavailable:
            job = None
        if job is not None and job.state in states:
            return job
        time.sleep(0.05)
    raise AssertionError(f"job {id} is not {' or '.join(states)} after {seconds} s but {job}")


class Postgres:
    """A PostgreSQL of the test's own, on a socket in `directory`."""

    def __init__(self, directory: Path):
        self._data = directory / "data"
        self._directory = directory
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "--no-sync")

    def start(self) -> None:
        """Start it."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._directory}"
        log = self._directory / "log"
        try:
            self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(log), "-o", options, "start")
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"PostgreSQL does not start on port {self.port}: {log.read_text()}") from error

    def stop(self) -> None:
        """End it at once, whoever is connected."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(POSTGRES / program), *arguments]
        user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses root
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=self._directory)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; the test is skipped where its programs are not installed."""
    if not (POSTGRES / "initdb").exists():
        pytest.skip(f"PostgreSQL is not in {POSTGRES}")
    directory = Path("/tmp") / f"softmode-postgres-{os.getpid()}"
    directory.mkdir()
    if os.geteuid() == 0:
        shutil.chown(directory, "postgres")
    try:
        server = Postgres(directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)
