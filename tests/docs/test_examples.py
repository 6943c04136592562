"""The example scripts run as a reader would run them, and print what the commands and the tables say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from compute import tables
from compute.references.readers import read
from tests.conftest import ROOT
from tests.support.frames_files import sigma_of

DATA = ROOT / "data" / "parquet"


def printed(script, *arguments, **environment):
    command = [sys.executable, ROOT / "docs" / "examples" / f"{script}.py", *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "SOFTMODE_DATA": str(DATA), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tables_are_read_and_every_compound_with_both_numbers_is_counted(published):
    counts = [int(line.split()[0].replace(",", "")) for line in printed("read_tables", "chgnet-0.3.0").splitlines()]
    dft = [row for row in published if row["suite"] == "abx3" and row["omega_r_thz"] is not None]
    assert len(counts) == 4
    assert sum(counts) == len(dft)


def test_sigma_of_frames_is_that_of_their_reader():
    file = ROOT / "data" / "frames" / "abx3-CsPbBr3-pbe.npz"
    lines = dict(re.findall(r"σ of (\w+): ([\d.]+)", printed("sigma_of_frames", file)))
    assert float(lines["all"]) == pytest.approx(sigma_of(read(file)), abs=1e-4)
    assert set(lines) == {"all", "Cs", "Pb", "Br"}


def test_a_checkpoint_is_scored_beside_published_dft(tmp_path):
    known = "softmode-mace-distil-250"
    shutil.copy(ROOT / "compute" / "potentials" / "checkpoints" / f"{known}.model", tmp_path / "mine.model")
    said = printed(
        "score_checkpoint", tmp_path / "mine.model", "mine", "CsPbBr3", SOFTMODE_POTENTIALS=str(tmp_path / "potentials")
    )
    own, dft = map(float, re.findall(r"[-+]\d+\.\d+", said))
    (row,) = tables.read_where(DATA, "references", suite="abx3", compound="CsPbBr3")
    (computed,) = tables.read_where(DATA, "harmonic", suite="abx3", compound="CsPbBr3", potential=known)
    assert dft == pytest.approx(row["omega_r_thz"], abs=0.005)
    assert own == pytest.approx(computed["omega_r_thz"], abs=0.02)
