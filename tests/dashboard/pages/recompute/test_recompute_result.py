"""The result of a live job: what it is held against, and when two numbers differ."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from compute import tables
from compute.jobs import calculation, service
from compute.jobs.request import task_of
from compute.jobs.service import Job
from dashboard.api.jobs import JobAnswer
from dashboard.app import create_app
from dashboard.dataset import Dataset
from dashboard.pages.recompute.panel import file_of, panel
from dashboard.pages.recompute.result_data import differences, of_dft, stored
from dashboard.settings import Settings
from tests.support import recompute_data
from tests.support.components import said
from tests.support.pair_potential import PairPotential
from tests.support.recompute_data import POTENTIAL, RUN, directory, same_data

__all__ = ["directory", "same_data"]


HARMONIC = {"suite": "abx3", "compound": "CsPbBr3", "potential": POTENTIAL, "protocol": "reference-geometry"}
SIGMA = {**HARMONIC, "protocol": "one-shot", "temperature": 300.0}


def test_two_frequencies_differ_beyond_the_larger_noise_floor(dataset):
    live = {**HARMONIC, **recompute_data.harmonic_row(omega_min=-0.84)}
    other = stored(dataset, "harmonic", live)
    assert other["run"] == RUN
    found = {line.name: line for line in differences("harmonic", live, other)}
    assert found["ω_min"].difference == pytest.approx(-0.04)
    assert found["ω_min"].error == 0.05
    assert found["ω_min"].within is True
    assert found["ω at R"].within is False
    assert "ω at M" not in found


def test_against_dft_what_acoustic_modes_hide_is_cut_at_zero():
    live = {**HARMONIC, "omega_min_thz": 0.7, "omega_r_thz": 0.7, "noise_floor_thz": 0.01}
    dft = {"omega_min_thz": 0.0, "omega_r_thz": 0.2, "functional": "PBE"}
    lowest, at_r = differences("harmonic", live, dft)
    assert (lowest.difference, lowest.within) == (0.0, True)
    assert (at_r.difference, at_r.within) == (pytest.approx(0.5), False)


@pytest.mark.parametrize(("sigma", "within"), [(0.87, True), (0.88, False)])
def test_two_sigma_differ_beyond_twice_their_combined_error(dataset, sigma, within):
    live = {**SIGMA, "sigma": sigma, "sigma_se": 0.02, "sigma_a": 1.0}
    whole, site = differences("sigma", live, stored(dataset, "sigma", live))
    assert whole.error == pytest.approx(2 * np.hypot(0.02, 0.03))
    assert whole.within is within
    assert site.within is None


def test_only_the_same_protocol_and_temperature_are_compared(dataset):
    assert stored(dataset, "sigma", {**SIGMA, "temperature": 200.0}) is None
    assert stored(dataset, "sigma", {**SIGMA, "protocol": "quick"}) is None
    assert stored(dataset, "harmonic", {**HARMONIC, "compound": "RbGeCl3"}) is None


def shown(monkeypatch: pytest.MonkeyPatch, dataset: Dataset, found: Job) -> Any:
    monkeypatch.setattr(service, "read", lambda id: found)
    return panel(dataset, [found.id])


def test_a_result_stands_beside_what_is_published(dataset, monkeypatch):
    row = recompute_data.harmonic_row()
    constants = row.pop("force_constants")
    done = recompute_data.job(dataset, row=row)
    path = service.result_path(done.id)
    path.parent.mkdir(parents=True)
    made = {"checkpoint_sha256": "ab" * 32, "code_commit": "c0ffee" * 6, "hardware": "here"}
    path.write_text(json.dumps({"row": done.result, "force_constants": constants, "provenance": made}))
    found = shown(monkeypatch, dataset, done)
    assert not found.active
    text = said(*found.result)
    assert "live, not published" in said(*found.heading)
    # ω_min and ω at Γ: −0.82 against −0.80 of the potential, within 0.05 THz, and −0.90 of DFT, beyond 0.04 THz.
    assert "2 of 3 numbers agree with the published row within the error" in text
    assert "1 of 3 numbers agrees with DFT within the error" in text  # ω at R is −0.40 on both sides
    assert "−0.020" in text
    assert "+0.080" in text
    assert "as published" in text
    assert "c0ffee" in text
    assert task_of(done.request, dataset).protocol.digest in text
    assert "/compound/abx3/CsPbBr3" in text
    assert set(found.offered) == {"json", "cif", "poscar", "phonopy", "frozen-cif", "frozen-poscar"}
    everything = json.loads(file_of(dataset, [done.id], "json")["content"])
    assert everything["row"]["omega_min_thz"] == -0.82
    assert everything["job"]["id"] == done.id
    assert "not published" in file_of(dataset, [done.id], "poscar")["content"]
    assert "force_constants" in file_of(dataset, [done.id], "phonopy")["content"]


def test_a_result_outside_the_suites_says_that_nothing_is_published(dataset, monkeypatch):
    done = recompute_data.job(dataset, row={"omega_min_thz": 0.5, "status": "ok"}, request={"compound": "RbGeCl3"})
    text = said(*shown(monkeypatch, dataset, done).result)
    assert "No published reference exists" in text
    assert "kept with the worker" in text  # its file is on another machine


def test_sigma_at_another_temperature_is_not_held_against_dft(dataset, monkeypatch):
    request = {"stage": "sigma", "protocol": "one-shot"}
    text = said(
        *shown(
            monkeypatch, dataset, recompute_data.job(dataset, row=recompute_data.sigma_row(), request=request)
        ).result
    )
    assert "DFT’s published σ is 1.100" in text
    assert "0 of 1 number agrees with the published row" in text
    request |= {"temperature": 200}
    text = said(
        *shown(
            monkeypatch, dataset, recompute_data.job(dataset, row=recompute_data.sigma_row(), request=request)
        ).result
    )
    assert "published at 300 K alone" in text
    assert "DFT’s published σ is" not in text


@pytest.mark.parametrize("protocol", ["quick", "converged"])
def test_sigma_of_every_protocol_is_held_against_its_own_kind(dataset, monkeypatch, protocol):
    request = {"stage": "sigma", "protocol": protocol}
    done = recompute_data.job(dataset, row=recompute_data.sigma_row(), request=request)
    text = said(*shown(monkeypatch, dataset, done).result)
    assert f"Not computed in the campaign: chgnet-0.3.0 on this compound, protocol {protocol}" in text
    # 0.95 ± 0.02 against 1.10.
    assert "0 of 1 number agrees with DFT within the error" in text
    assert "−0.150" in text


@pytest.fixture
def attributed(dataset, monkeypatch) -> Job:
    """A job that an analytic crystal in place of CHGNet has scored on the DFT frames of CsPbBr3."""
    potential = PairPotential({"Cs": 2.0, "Pb": 1.2, "Br": 1.8})
    potential.id = POTENTIAL
    monkeypatch.setattr("compute.tasks.execute._loaded", lambda *_: potential)
    found = recompute_data.job(dataset, "running", request={"stage": "attribution"})
    task = task_of(found.request, dataset)
    told: list[Any] = []
    watch = calculation.Watch(type("Pipe", (), {"send": lambda self, message: told.append(message)})(), lambda: False)
    row = calculation.compute("crystal", task.to_plain(), {}, watch)
    assert row["status"] == "ok", row
    assert told[0][1]["stage"] == "loading the potential"
    return found.model_copy(update={"state": "done", "result": row})


def test_an_attribution_is_broken_down_and_held_against_the_stored_one(attributed, dataset, monkeypatch, tmp_path):
    row = attributed.result
    alone = said(*shown(monkeypatch, dataset, attributed).result)
    assert "Not computed in the campaign: chgnet-0.3.0 on the frames abx3-CsPbBr3-pbe" in alone
    assert "not computed" in alone
    assert "The largest step is" in alone
    assert "σ[mmr]" in alone, "the frames are CHGNet's own"
    # DFT's own σ of these frames is no result of the potential: only that of the source is another number for it.
    assert of_dft("attribution", row, {"sigma": 0.9}) == {"corner_rrr": 0.9}
    assert "with DFT within" not in alone

    shifted = row | {"corner_mmr": row["corner_mmr"] + 3 * row["corner_mmr_se"], "protocol": "quick", "total": 0.1}
    copy = tmp_path / "data"
    recompute_data.publish(copy)
    tables.publish(copy, {"attribution": tables.from_rows("attribution", [shifted])})
    beside = stored(Dataset(copy), "attribution", row)
    lines = {line.name: line for line in differences("attribution", row, beside)}
    assert lines["σ[mmm]"].within is True
    assert lines["σ[mmr]"].within is False
    assert beside["total"] is None  # of frames that the live potential did not sample


def test_an_attribution_is_an_answer_of_the_api(attributed, directory, monkeypatch):
    monkeypatch.setattr(service, "read", lambda id: attributed)
    answer = create_app(Settings(data=directory)).server.test_client().get(f"/api/v1/jobs/{attributed.id}")
    assert answer.status_code == 200
    found = JobAnswer.model_validate(answer.json)
    assert found.result.corner_mmm == attributed.result["corner_mmm"]
    assert (found.result.frames, found.result.protocol) == ("abx3-CsPbBr3-pbe", None)
