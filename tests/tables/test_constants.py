"""Force constants by their independent elements: what they obey, and that nothing is lost on the way to a reader."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

import softmode
from compute import tables
from compute.physics import bands
from compute.stages import phonons
from compute.structures import prototypes
from compute.tables import constants
from dashboard.dataset import Dataset
from dashboard.queries.bands import bands_of
from tests.conftest import ROOT
from tests.support.pair_potential import PairPotential, as_atoms

CELLS = {
    "cubic-perovskite": prototypes.cubic_perovskite("Sr", "Ti", "O", 3.9),
    "elpasolite": prototypes.elpasolite("Cs", "Ag", "Bi", "Br", 11.3, 0.25),
}
COUNTS = {"cubic-perovskite": 45, "elpasolite": 117}


@cache
def row(prototype: str, moved: float = 0.0) -> dict:
    """The row of the exact force constants of an analytic crystal; with one element `moved` off symmetry."""
    cell = CELLS[prototype]
    phonon = phonons.phonopy_of(cell, np.eye(3, dtype=int) * 2)
    exact = phonons.by_cell(phonon, PairPotential().hessian(as_atoms(phonon.supercell)))
    exact[0, 1, 0, 0, 0, 0, 1] += moved
    suite = {"cubic-perovskite": "abx3", "elpasolite": "hdp"}[prototype]
    return {
        "suite": suite, "compound": cell.get_chemical_formula(), "potential": "pair", "kind": "harmonic",
        "protocol": "reference-geometry", "run": f"run-{suite}", "geometry": "reference",
        "symbols": cell.get_chemical_symbols(), "masses": cell.get_masses().tolist(),
        "positions": cell.get_scaled_positions(wrap=False).ravel().tolist(),
        "lattice": cell.cell.array.ravel().tolist(), "repeats": 2, "constants": exact.ravel().tolist(),
    }  # fmt: skip


def by_coordinates(prototype: str, **values) -> dict:
    basis = phonons.symmetry_coordinates(prototype, 2)
    return constants.compact(row(prototype, **values), constants.basis_name(prototype, 2), basis)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Tables with the force constants of both crystals."""
    folder = tmp_path_factory.mktemp("constants")
    found = [constants.basis_row(constants.basis_name(p, 2), p, phonons.symmetry_coordinates(p, 2)) for p in CELLS]
    with tables.publishing(folder) as publication:
        publication.put(constants.TABLE, tables.from_rows(constants.TABLE, [by_coordinates(p) for p in CELLS]))
        publication.upsert(constants.BASES, found)
    return folder


@pytest.mark.parametrize("prototype", CELLS)
def test_any_coordinates_give_force_constants_that_obey_sum_rule_and_permutation(prototype):
    basis = phonons.symmetry_coordinates(prototype, 2)
    assert basis.count == COUNTS[prototype]
    assert set(np.unique(basis.weight)) <= {-8, -4, -2, -1, 1}
    any_ = np.random.default_rng(0).normal(size=basis.count)
    found = basis.constants(any_)
    np.testing.assert_allclose(found.sum(axis=(1, 2, 3, 4)), 0, atol=1e-12)
    back = (-np.arange(2)) % 2
    turned = found.transpose(1, 0, 2, 3, 4, 6, 5)[:, :, back][:, :, :, back][:, :, :, :, back]
    np.testing.assert_allclose(found, turned, atol=1e-12)
    np.testing.assert_allclose(basis.coordinates(found), any_, atol=2e-8)


@pytest.mark.parametrize("prototype", CELLS)
def test_coordinates_give_the_full_force_constants_and_the_same_bands(published, prototype):
    full = row(prototype)
    compact = by_coordinates(prototype)
    assert (compact["constants"], len(compact["coordinates"])) == (None, COUNTS[prototype])
    (read,) = Dataset(published).of_compound(constants.TABLE, full["suite"], full["compound"])
    np.testing.assert_allclose(read["constants"], full["constants"], rtol=0, atol=1e-6)
    here, there = (bands_of({**r, "temperature": None}, prototype) for r in (read, full))
    np.testing.assert_allclose(
        np.sign(here.frequencies) * here.frequencies**2, np.sign(there.frequencies) * there.frequencies**2, atol=1e-4
    )
    assert np.abs(bands.frequencies(here.crystal, [(0, 0, 0)])[0]).min() < 1e-3


def test_the_client_and_the_export_give_whole_force_constants(published):
    for prototype in CELLS:
        full = row(prototype)
        loaded = softmode.load(constants.TABLE, source=published, compound=full["compound"])
        np.testing.assert_allclose(loaded["constants"].iloc[0], full["constants"], rtol=0, atol=4e-6)  # float32
    plain = tables.read(published, constants.TABLE)
    assert plain["constants"].null_count == 2


def test_what_breaks_the_symmetry_stays_whole():
    assert by_coordinates("cubic-perovskite", moved=5e-6)["constants"] is not None
    other = {**row("cubic-perovskite"), "repeats": 1, "constants": [0.0] * 225}
    assert constants.compact(other, "b", phonons.symmetry_coordinates("cubic-perovskite", 2)) == other
    assert phonons.symmetry_coordinates("any", 2) is None


def test_a_basis_that_is_gone_is_named(tmp_path):
    with tables.publishing(tmp_path) as publication:
        publication.put(constants.TABLE, tables.from_rows(constants.TABLE, [by_coordinates("cubic-perovskite")]))
    with pytest.raises(tables.TableError, match="no basis cubic-perovskite-2x2x2"):
        constants.read_where(tables.read_manifest(tmp_path))


def test_the_web_reads_them_with_numpy_alone(published):
    code = (
        "import sys; from pathlib import Path; from dashboard.dataset import Dataset\n"
        f"Dataset(Path({str(published)!r})).of_compound('force_constants', 'abx3', 'O3SrTi')\n"
        "print(sorted({'torch', 'phonopy', 'symfc', 'ase', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
