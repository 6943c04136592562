"""kill -9 of the process that evaluates a potential, in a campaign and in a live calculation: nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")

from compute import tables
from compute.jobs import calculation
from compute.jobs.process import Calculator
from compute.potentials.load import add_calculator
from compute.protocols import HARMONIC_PROTOCOLS
from compute.tasks.execute import execute
from compute.tasks.task import HarmonicTask
from tests.campaigns.test_campaign import SOFTMODE, some_of
from tests.conftest import ROOT

SLOW = """
import time
from ase.calculators.lj import LennardJones

class Slow(LennardJones):
    def calculate(self, *arguments, **options):
        time.sleep(0.25)
        super().calculate(*arguments, **options)

def calculator(device, dtype):
    return Slow(sigma=2.6, rc=6, smooth=True)
"""
COMPOUNDS = ("CsPbBr3", "SrTiO3", "KMgF3")
PROTOCOL = HARMONIC_PROTOCOLS["reference-geometry"]


@pytest.fixture
def lennard_jones(tmp_path: Path) -> str:
    """Id of slow Lennard-Jones atoms in a process of their own."""
    (tmp_path / "slow.py").write_text(SLOW)
    return add_calculator(tmp_path / "slow.py", "slow-lj").id


def evaluators(of: Path) -> list[int]:
    """Processes that evaluate, begun by those that keep their potentials in the folder `of`, without this one's own."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            mine = b"environments/serve.py" in command and str(of).encode() in (entry / "environ").read_bytes()
            if mine and f"PPid:\t{os.getpid()}\n" not in (entry / "status").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Killer:
    """Kills the evaluators `of` a folder as often as `moments` come true, one after the other, in a thread."""

    def __init__(self, of: Path, moments: Sequence[Callable[[], bool]]):
        self.killed: list[int] = []
        self._of, self._moments, self._over = of, moments, False
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over = True
        self._thread.join()

    def _kill(self) -> None:
        for moment in self._moments:
            while not (moment() and set(evaluators(self._of)) - set(self.killed)):
                if self._over:
                    return
                time.sleep(0.05)
            for number in set(evaluators(self._of)) - set(self.killed):
                os.kill(number, signal.SIGKILL)
                self.killed.append(number)


def undisturbed(compound: str, a: float, potential: str) -> dict:
    return execute(HarmonicTask("abx3", compound, potential, None, PROTOCOL, a))


def test_a_campaign_goes_on_and_its_rows_are_those_of_an_undisturbed_one(lennard_jones, tmp_path, published):
    data = some_of(published, COMPOUNDS, tmp_path / "data")
    command = [*SOFTMODE, "campaign", "run", "--suite", "abx3", "--potential", lennard_jones, "--json"]
    done = tmp_path.glob
    moments = [lambda n=n: len(list(done("var/runs/*/shards/*.json"))) >= n for n in (1, 2)]
    with Killer(tmp_path / "potentials", moments) as killer:
        campaign = subprocess.run([*command, "--workers", "1", "--data", str(data)], cwd=ROOT, capture_output=True)
    assert campaign.returncode == 0, campaign.stderr
    assert len(killer.killed) >= 2, "no kill interrupted the campaign"
    rows = {row["compound"]: row for row in tables.read(data, "harmonic").to_pylist()}
    assert {rows[name]["status"] for name in COMPOUNDS} == {"ok"}, json.loads(campaign.stdout)
    row = rows["CsPbBr3"]
    assert row["omega_r_thz"] == undisturbed("CsPbBr3", row["a"], lennard_jones)["omega_r_thz"]


def test_a_live_calculation_goes_on(lennard_jones, tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_WORKER_NICE", "0")
    task = HarmonicTask("abx3", "CsPbBr3", lennard_jones, None, PROTOCOL, 5.9)
    calculator = Calculator(calculation.compute, threads=1)
    told: list[dict] = []
    try:
        # It tells of the force constants once the potential is there, between two force calls.
        moments = [lambda: any(row["stage"] == "force constants" for row in told)]
        with Killer(tmp_path / "potentials", moments) as killer:
            first = calculator.run("crystal", task.to_plain(), {}, lambda: None, told.append)
        row = calculator.run("row", task.to_plain(), first, lambda: None, told.append)
    finally:
        calculator.close()
    assert len(killer.killed) == 1, "no kill interrupted the calculation"
    assert row["status"] == "ok"
    assert row["omega_r_thz"] == undisturbed("CsPbBr3", 5.9, lennard_jones)["omega_r_thz"]
