"""Commands as a user types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from compute.cli import app
from compute.references import alexandria50
from tests.references.test_references import ABX3, write
from tests.support.mace_model import train_small_mace

SIGMA = ["sigma", "CsPbBr3", "--suite", "abx3", "--potential", "chgnet-0.3.0", "--protocol", "one-shot"]


def softmode(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_one_compound_beside_its_published_frequencies():
    done = softmode("harmonic", "PbBr3Cs", "--suite", "abx3", "--potential", "chgnet-0.3.0", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["compound"] == "CsPbBr3"
    for key, published in {"gamma": -0.34, "r": -0.96, "m": -0.96, "x": 0.10}.items():
        assert result["published"][f"omega_{key}_thz"] == published
        assert result[f"omega_{key}_thz"] == pytest.approx(published, abs=0.8)
    # Pm-3m makes the tilt branch flat from R to M in this compound; CHGNet and DFT agree on its depth.
    assert result["omega_r_thz"] == pytest.approx(-0.904, abs=0.01)
    assert result["noise_floor_thz"] < 0.2
    assert result["dtype"] == "float64"


def test_the_same_for_people():
    done = softmode("harmonic", "CsPbBr3", "--suite", "abx3", "--potential", "chgnet-0.3.0")
    assert "published DFT" in done.stdout
    assert "Γ" in done.stdout
    assert "noise floor" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["harmonic", "CsPbQx3", "--suite", "abx3", "--potential", "chgnet-0.3.0"], "“Qx”"),
        (["harmonic", "CsPbBr3", "--suite", "mp0b3", "--potential", "chgnet-0.3.0"], "hdp or abx3"),
        (["harmonic", "CsPbBr3", "--suite", "abx3", "--potential", "chgnet"], "did you mean"),
        (["harmonic", "CsPbBr3", "--suite", "abx3", "--potential", "mace-mpa-0-medium"], "potentials fetch"),
        ([*SIGMA[:-1], "slow"], "one-shot"),
        (["sigma", "CsPbBr3", "--suite", "mp0b3", "--potential", "chgnet-0.3.0"], "hdp or abx3"),
        (["reference", "import", "abx3"], "--source"),
        (["reference", "import", "oxides", "--source", "x"], "No suite oxides"),
        (["reference", "import", "abx3", "--source", "nothing.csv"], "does not exist"),
    ],
)
def test_errors_are_one_sentence(arguments, says):
    done = softmode(*arguments)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_sigma_of_one_compound_with_the_same_digits_for_the_same_seed():
    first, again = (
        json.loads(softmode(*SIGMA, "--seed", "3", "--temperature", "200", "--json").stdout) for _ in range(2)
    )
    assert first["published"]["sigma"] == 0.574
    assert first["sigma"] == again["sigma"]
    assert (first["protocol"], first["geometry"], first["temperature"]) == ("one-shot", "reference", 200)
    assert first["sigma_se"] > 0
    assert first["trace_sigma"][-1] == pytest.approx(first["sigma"])


def test_sigma_for_people():
    done = softmode(*SIGMA)
    assert done.exit_code == 0, done.output
    assert "σ of A" in done.stdout
    assert "0.574" in done.stdout
    assert "--protocol published" in done.stdout


def test_a_mace_model_of_the_user_goes_the_whole_way(tmp_path):
    file = train_small_mace(tmp_path / "mine.model")
    added = softmode("potentials", "add", str(file), "--id", "my-mace", "--json")
    assert added.exit_code == 0, added.output
    done = softmode("harmonic", "CsPbBr3", "--suite", "abx3", "--potential", "my-mace", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["checkpoint_sha256"] == json.loads(added.stdout)[0]["sha256"]
    assert result["n_displacements"] == 3
    assert result["omega_min_thz"] <= min(result[f"omega_{q}_thz"] for q in ("gamma", "r", "m", "x")) + 1e-3
    # MACE is smooth: force constants and the frozen mode agree.
    assert result["noise_floor_thz"] < 0.2


def test_import_then_summary(tmp_path):
    data = str(tmp_path / "data")
    source = str(write(tmp_path / "a.csv", ABX3))
    done = softmode("reference", "import", "abx3", "--source", source, "--data", data, "--json")
    assert json.loads(done.stdout)["rows"] == 1
    summary = json.loads(softmode("data", "summary", "--data", data, "--json").stdout)
    assert summary["references"] == {"abx3": 1}
    assert summary["harmonic"] == []
    assert softmode("data", "check", "--data", data).exit_code == 0
    next((tmp_path / "data").rglob("*.parquet")).write_bytes(b"")
    assert softmode("data", "check", "--data", data).exit_code == 1


def test_the_published_summary_shows_what_was_promised():
    summary = json.loads(softmode("data", "summary", "--json").stdout)
    assert summary["references"] == {
        "abx3": 3660, "alexandria50": 50, "hdp": 1813, "kappa103": 103, "mp0b3": 60, "mp64": 64, "phonondb": 621,
    }  # fmt: skip
    counts = {(row["suite"], row["potential"], row["geometry"]): row for row in summary["harmonic"]}
    abx3 = counts["abx3", "chgnet-0.3.0", "reference"]
    assert abx3["status"]["ok"] >= 3500
    assert abx3["compounds"] == 3660
    hdp = counts["hdp", "chgnet-0.3.0", "relaxed"]
    assert hdp["status"]["ok"] >= 300
    assert hdp["compounds"] == 1813
    assert counts["mp0b3", "mace-mp-0b3-medium", "relaxed"]["status"] == {"ok": 60}
    for potential in alexandria50.POTENTIALS:
        assert counts["alexandria50", potential, "reference"]["status"] == {"ok": 50}
    # What the source has not is counted too.
    assert counts["phonondb", "mace-mp-0-medium", "relaxed"]["status"] == {"ok": 354, "not-run": 267}
    assert counts["mp64", "chgnet-0.3.0", "relaxed"]["status"] == {"ok": 63, "not-run": 1}
