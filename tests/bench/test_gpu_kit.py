"""The kit for a lent GPU: what is packed, that steps are ended in time, and that all of them run on a processor."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu import absent, packing, running
from compute.potentials.environments.install import folder_of, of_family, read_requirements
from tests.conftest import ROOT

STEPS = """
import json, sys, time
name, to, seconds, *dry = sys.argv[1:]
open(f"{to}/{name}.json", "w").write(json.dumps({"seconds_given": float(seconds), "dry": bool(dry)}))
if name == "endless":
    time.sleep(600)
if name == "wrong":
    raise SystemExit("it differs")
"""


def test_what_is_packed_is_pinned_and_is_not_torch():
    pins = packing.pinned(ROOT / "constraints.txt")
    wanted = [pins[packing._plain(name)] for name in packing.PACKAGES]
    wanted += read_requirements(folder_of("sevennet") / "requirements.txt")
    names = {line.partition("==")[0] for line in wanted}
    assert not names & {"torch", "numpy", "scipy", "pyarrow", "triton"}
    assert all((packing.HERE / name).is_file() for name in packing.SCRIPTS)


def test_what_is_to_be_computed_are_the_campaigns_own_tasks(tmp_path):
    pytest.importorskip("mace")
    from compute.campaigns.campaign import campaign
    from compute.potentials.store import file_sha256, locate
    from compute.tasks.task import from_plain

    if not of_family("sevennet").ready:
        pytest.skip("SevenNet's packages are not installed: softmode potentials install")
    data, model = ROOT / "data" / "parquet", "sevennet-0"
    planned = campaign("abx3", model, file_sha256(locate(model).path), "published", data, tmp_path, stage="sigma")
    chosen = sorted({task.compound for task in planned.tasks[:40]})
    content = json.loads(json.dumps(packing.work(data, model, chosen, 1000, 2)))
    assert content["sigma"]["run"] == planned.run
    digests = {task.digest for task in planned.tasks}
    assert {from_plain(plain).digest for plain in content["sigma"]["tasks"]} <= digests, "so that shards can be merged"
    assert {len(stored) for stored in content["check"].values()} == {2}
    assert all(one["row"]["omega_min_thz"] is not None for stored in content["check"].values() for one in stored)


def test_a_step_is_ended_in_time_and_what_it_found_stands(tmp_path):
    (tmp_path / "steps.py").write_text(STEPS)

    def step(name: str, seconds: float) -> dict:
        return running.step(name, tmp_path, tmp_path, seconds, True, dict(os.environ))

    late = step("endless", running.SLACK + 1)
    assert (late["ended"], late["seconds_given"], late["dry"]) == ("timed out", 1.0, True)
    assert (tmp_path / "endless.json").is_file()
    assert step("right", 60)["ended"] == "ok"
    wrong = step("wrong", 60)
    assert (wrong["ended"], wrong["said"]) == ("failed", ["it differs"])


def test_a_package_for_training_is_stood_in_for_only_where_it_is_missing(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(absent, "NAMES", ("json", "softmode_never_installed"))
    absent.stand_in()
    assert importlib.import_module("json").loads("1") == 1
    missing = importlib.import_module("softmode_never_installed.part")
    missing.settings.update({"a": 1})

    class Metric(missing.Base):
        pass

    assert Metric.__bases__ == (object,)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("softmode_not_named")


@pytest.mark.slow
def test_the_packed_folder_alone_runs_every_step_on_a_processor(tmp_path):
    """With this interpreter, or another one that has PyTorch and e3nn: SOFTMODE_KIT_PYTHON."""
    interpreter = os.environ.get("SOFTMODE_KIT_PYTHON", sys.executable)
    version = subprocess.run(
        [interpreter, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    kit = tmp_path / "kit"
    packed = ["--to", str(kit), "--python", version, "--first", "2", "--checked", "1"]
    done = subprocess.run(
        [ROOT / "benchmarks" / "gpu" / "pack", *packed], capture_output=True, text=True,
        env={**os.environ, "PYTHON": sys.executable},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    size = sum(path.stat().st_size for path in kit.rglob("*") if path.is_file())
    assert f"{size / 2**20:.1f} MiB" in done.stdout
    assert size < packing.LIMIT
    assert not list(kit.rglob("torch-*.whl"))
    here = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": interpreter}
    ran = subprocess.run([kit / "run", "--dry"], cwd=tmp_path, env=here, capture_output=True, text=True)
    found = json.loads(Path(kit, "results", "gpu.json").read_text())
    assert {name: step["ended"] for name, step in found["steps"].items()} == dict.fromkeys(running.LIMITS, "ok"), (
        ran.stdout[-2000:]
    )
    assert ran.returncode == 0
    assert found["steps"]["bench"]["medium"]["speed_ratio"] > 0
    assert found["steps"]["dynamics"]["sevennet-0"]["bar_ratio"] > 0
    assert found["shards"] == 1
