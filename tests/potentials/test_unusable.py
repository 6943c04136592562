"""Checkpoints that cannot be evaluated are refused when they are added, with one sentence, not at their first use."""

from __future__ import annotations

import io
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mace")

import torch
from typer.testing import CliRunner

from compute.cli.potentials import app
from compute.potentials import load, store
from compute.potentials.imports import mace_modules
from compute.potentials.store import LoadError

ELEMENTS = (11, 17)


def small_mace(block: str = "RealAgnosticResidualInteractionBlock", kind: str = "ScaleShiftMACE"):
    """A MACE with random weights, of these interactions."""
    return torch.load(io.BytesIO(_content(block, kind)), weights_only=False)


@cache
def _content(block: str, kind: str) -> bytes:
    modules = mace_modules()
    from e3nn import get_optimization_defaults, o3, set_optimization_defaults
    from mace.tools.torch_tools import default_dtype

    torch.manual_seed(1)
    compiled = get_optimization_defaults()["jit_script_fx"]
    set_optimization_defaults(jit_script_fx=False)
    interaction = modules.interaction_classes[block]
    shift = {"atomic_inter_scale": 1.0, "atomic_inter_shift": 0.0} if kind == "ScaleShiftMACE" else {}
    with default_dtype(torch.float64):
        model = getattr(modules, kind)(
            r_max=4.5,
            num_bessel=4,
            num_polynomial_cutoff=5,
            max_ell=1,
            interaction_cls=interaction,
            interaction_cls_first=interaction,
            num_interactions=2,
            num_elements=len(ELEMENTS),
            hidden_irreps=o3.Irreps("4x0e + 4x1o"),
            MLP_irreps=o3.Irreps("4x0e"),
            atomic_energies=np.zeros((1, len(ELEMENTS))) if shift else None,
            avg_num_neighbors=8.0,
            atomic_numbers=list(ELEMENTS),
            correlation=2,
            gate=torch.nn.functional.silu,
            radial_MLP=[8],
            **shift,
        )
    set_optimization_defaults(jit_script_fx=compiled)
    stream = io.BytesIO()
    torch.save(model.eval(), stream)
    return stream.getvalue()


def saved(model, folder: Path) -> Path:
    torch.save(model, folder / "mine.model")
    return folder / "mine.model"


def refused(file: Path, folder: Path, says: str) -> None:
    with pytest.raises(LoadError, match=says) as error:
        load.add(file, "mine", directory=folder)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400
    assert store.read_records(folder / store.LOCAL) == {}


def test_a_plain_model_is_added(tmp_path):
    assert load.add(saved(small_mace(), tmp_path), "mine", directory=tmp_path).family == "MACE"


def test_attention_is_evaluated_as_it_is(tmp_path):
    """Its interactions have no tensor product that skips them; the rest of the model is rewritten all the same."""
    load.add(saved(small_mace("RealAgnosticAttResidualInteractionBlock"), tmp_path), "mine", directory=tmp_path)


def test_a_compiled_model_is_named(tmp_path):
    from e3nn.util import jit

    model = small_mace()
    torch.jit.save(jit.compile(model), tmp_path / "mine.model")
    refused(tmp_path / "mine.model", tmp_path, "mine is compiled .TorchScript.: give the checkpoint")


def test_a_model_that_asks_for_charge_and_spin_is_named(tmp_path):
    entry = {"type": "categorical", "per": "graph", "num_classes": 5, "emb_dim": 4}
    model = small_mace()
    model.embedding_specs = {"total_charge": entry, "total_spin": entry}
    refused(saved(model, tmp_path), tmp_path, "mine needs total_charge, total_spin besides the structure")


def test_a_model_of_dipoles_is_named(tmp_path):
    model = small_mace("RealAgnosticInteractionBlock", "AtomicDipolesMACE")
    refused(saved(model, tmp_path), tmp_path, "mine is a AtomicDipolesMACE: only MACE models of energy and forces")


def without_weight(model):
    del model.interactions[0].linear_up
    return model


def with_weight_of_another_shape(model):
    model.interactions[0].linear_up.weight = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    return model


def without_species(model):
    del model.atomic_numbers
    return model


def with_nan(model):
    with torch.no_grad():
        model.interactions[0].linear_up.weight[:] = float("nan")
    return model


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (without_weight, "mine: the model cannot be evaluated: .*linear_up"),
        (with_weight_of_another_shape, "mine: the model cannot be evaluated"),
        (without_species, "mine is not a MACE model"),
        (with_nan, "the model cannot be evaluated"),
    ],
)
def test_a_model_that_lacks_something_is_named(damage, says, tmp_path):
    refused(saved(damage(small_mace()), tmp_path), tmp_path, says)


@pytest.mark.parametrize("wrapped", [lambda weights: weights, lambda weights: {"model": weights, "epoch": 3}])
def test_weights_without_their_model_are_named(wrapped, tmp_path):
    file = saved(wrapped(small_mace().state_dict()), tmp_path)
    refused(file, tmp_path, "mine is not a MACE model: it holds weights or a state of training; give the .model file")


def test_a_compiled_model_of_another_family_is_named_and_not_to_be_run(tmp_path):
    """NequIP and others deploy their models under the suffix of CHGNet's."""
    torch.jit.script(torch.nn.Linear(1, 1)).save(str(tmp_path / "mine.pth"))
    refused(tmp_path / "mine.pth", tmp_path, "mine is not a CHGNet checkpoint: it is compiled or holds code")


class Foreign:
    """Something that no reader of checkpoints expects."""

    def __reduce__(self):
        return (dict, ([1, 2],))


@pytest.mark.parametrize("name", ["mine.model", "mine.pth.tar"])
@pytest.mark.parametrize(
    "content",
    [b"", b"weights", pickle.dumps({"a": 1}), pickle.dumps(Foreign()), b"PK\x03\x04" + bytes(60)],
    ids=["empty", "text", "dictionary", "raises", "archive"],
)
def test_a_file_that_is_no_checkpoint_is_not_recorded(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, tmp_path, "mine is not a")


def test_a_chgnet_that_lacks_a_weight_is_named(tmp_path):
    state = torch.load(store.locate("chgnet-0.3.0").path, map_location="cpu", weights_only=False)
    del state["model"]["state_dict"]["atom_embedding.embedding.weight"]
    torch.save(state, tmp_path / "mine.pth.tar")
    refused(tmp_path / "mine.pth.tar", tmp_path, "mine is not a CHGNet checkpoint: .*atom_embedding")


def test_the_command_line_says_it_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(tmp_path / "weights"))
    file = saved(without_weight(small_mace()), tmp_path)
    done = CliRunner().invoke(app, ["add", str(file), "--id", "mine"])
    assert done.exit_code == 1
    assert "cannot be evaluated" in done.stderr
    assert "Traceback" not in done.output
