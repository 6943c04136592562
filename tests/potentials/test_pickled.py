"""What a checkpoint runs as it is loaded is said beforehand, and is nothing where the format allows."""

from __future__ import annotations

import io
import os

import pytest
import torch

from compute.potentials.chgnet import load_chgnet
from compute.potentials.pickled import runs_at_load
from compute.potentials.store import LoadError


class _Calls:
    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def test_weights_alone_run_nothing(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "weights.pt")
    assert "runs no code" in runs_at_load(tmp_path / "weights.pt")


def test_what_a_file_calls_is_named_without_calling_it(tmp_path):
    torch.save({"model": _Calls(os.mkdir, str(tmp_path / "made"))}, tmp_path / "calls.pt")
    assert "calls 1 classes and functions that the file names, of posix." in runs_at_load(tmp_path / "calls.pt")
    assert not (tmp_path / "made").exists()


def test_a_compiled_program_is_called_one(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), tmp_path / "program.pt")
    assert "compiled program" in runs_at_load(tmp_path / "program.pt")


def test_a_chgnet_checkpoint_runs_no_code(tmp_path):
    content = io.BytesIO()
    torch.save({"model": _Calls(os.mkdir, str(tmp_path / "made"))}, content)
    with pytest.raises(LoadError, match="is not a CHGNet checkpoint"):
        load_chgnet("evil", content.getvalue(), "0" * 64, dtype="float64", device="cpu")
    assert not (tmp_path / "made").exists()
