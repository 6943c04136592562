"""The registry of potentials: complete, consistent with the packages, and a valid table."""

from __future__ import annotations

import pytest

from compute import tables
from compute.potentials import registry
from compute.potentials.environments.install import of_family
from compute.potentials.imports import mace_modules
from compute.potentials.registry import UnknownPotential, entries, entry, preselected
from compute.potentials.store import packaged_path, rows


def test_the_four_models_of_the_published_benchmark_are_marked():
    assert [e.id for e in entries().values() if e.benchmark] == [
        "mace-mp-0b3-medium",
        "mace-mpa-0-medium",
        "mace-omat-0-medium",
        "mace-matpes-pbe-omat-ft",
    ]


def test_every_mace_model_has_the_address_that_mace_gives():
    foundations = pytest.importorskip("mace.calculators.foundations_models")
    ours = [e.source for e in entries().values() if e.family == "MACE" and e.kind == "download"]
    assert sorted(ours) == sorted(foundations.mace_mp_urls.values())


def test_fetched_files_have_the_name_in_their_address_and_never_clash():
    fetched = [e for e in entries().values() if e.kind == "download"]
    assert all(e.source.endswith(f"/{e.file}") for e in fetched)
    assert len({e.file for e in fetched}) == len(fetched)


def test_academic_weights_need_an_accepted_licence_and_others_do_not():
    asking = {e.id for e in entries().values() if not e.permissive}
    assert asking == {e.id for e in entries().values() if "omat" in e.id or "matpes" in e.id or "-mh-" in e.id}
    assert {e.licence for e in entries().values() if e.permissive} == {
        "MIT",
        "BSD-3-Clause",
        "BSD-3-Clause-LBNL",
    }


def test_models_with_several_heads_say_which_one_is_used():
    assert {e.id: e.head for e in entries().values() if e.head} == {
        "mace-mh-0": "omat_pbe",
        "mace-mh-1": "omat_pbe",
        "sevennet-mf-0-pbe": "PBE",
        "sevennet-mf-0-r2scan": "R2SCAN",
    }


@pytest.mark.parametrize("version", ["0.2.0", "0.3.0", "r2scan"])
def test_chgnet_parameters_are_those_of_the_packaged_weights(version):
    torch = pytest.importorskip("torch")
    known = entry(f"chgnet-{version}")
    state = torch.load(packaged_path(known), map_location="cpu", weights_only=False)["model"]["state_dict"]
    assert sum(tensor.numel() for tensor in state.values()) == known.parameters


def test_the_parameters_of_mace_mp_0_medium_follow_from_its_architecture():
    """128 channels up to L = 1, as its file name says, and the settings of its training script."""
    pytest.importorskip("mace")
    modules = mace_modules()
    import numpy as np
    from e3nn import get_optimization_defaults, o3, set_optimization_defaults

    compiled = get_optimization_defaults()["jit_script_fx"]
    set_optimization_defaults(jit_script_fx=False)
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    model = modules.ScaleShiftMACE(
        r_max=6.0,
        num_bessel=10,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=2,
        num_elements=89,
        hidden_irreps=o3.Irreps("128x0e + 128x1o"),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=np.zeros(89),
        avg_num_neighbors=1.0,
        atomic_numbers=list(range(1, 90)),
        correlation=3,
        gate=None,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )
    set_optimization_defaults(jit_script_fx=compiled)
    assert sum(p.numel() for p in model.parameters()) == entry("mace-mp-0-medium").parameters


def test_the_rows_are_a_valid_table(tmp_path):
    table = tables.from_rows("potentials", rows(tmp_path))
    known = dict(zip(table["potential"].to_pylist(), table["checkpoint_sha256"].to_pylist(), strict=True))
    assert known.keys() == entries().keys()
    assert known["mace-mpa-0-medium"] is None
    assert len(known["chgnet-0.3.0"]) == 64


def test_an_unknown_id_is_answered_with_the_nearest_ones():
    with pytest.raises(UnknownPotential, match=r"did you mean .*mace-mpa-0-medium"):
        entry("mace-mpa-medium")
    with pytest.raises(UnknownPotential, match="softmode potentials list"):
        entry("???")


def test_what_is_preselected_comes_with_what_is_installed(monkeypatch, tmp_path):
    assert preselected() == ("sevennet-0" if of_family("sevennet").ready else "chgnet-0.3.0")
    monkeypatch.setenv("SOFTMODE_ENVIRONMENTS", str(tmp_path))
    assert preselected() == "chgnet-0.3.0"
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    own = [e for e in entries().values() if e.source == "comes with Softmode"]
    instead = entry(preselected())
    assert (instead.family, instead.kind) == ("MACE", "packaged")
    assert instead.training_structures == max(e.training_structures for e in own)
