"""Shared by all tests: nothing of a test is written into the checkout or the user's cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from dashboard.dataset import Dataset

ROOT = Path(__file__).parents[1]
os.environ.setdefault("SOFTMODE_REQUESTS_PER_MINUTE", "0")  # all tests ask from one address
# The processes of the tests take all processors: more threads than that wait for each other most of the time.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
SHARED = ROOT.parent / "shared"


# What takes longest comes first: begun last, it would be waited for by all other processes.
LONG = (
    "e2e/test_site", "potentials/test_environments", "dashboard/pages/test_counts", "e2e/test_compounds",
    "campaigns/test_campaign", "e2e/test_length", "stages/test_sampling", "faults/test_evaluator", "e2e/test_recompute",
    "scorecard/test_scorecard", "reports/test_findings", "jobs/test_service", "potentials/test_batching",
    "references/test_force_sets", "references/test_declared_suite", "tables/test_check", "faults/test_away",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; skip single tests that take minutes, unless they are asked for."""
    place = {ROOT / "tests" / f"{name}.py": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(LONG)))
    if os.environ.get("SOFTMODE_TEST_SLOW") == "1":
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set SOFTMODE_TEST_SLOW=1"))


@pytest.fixture(autouse=True)
def _separate_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTMODE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("SOFTMODE_POTENTIALS", str(tmp_path / "potentials"))


@pytest.fixture(scope="session")
def published() -> list[dict]:
    """Rows of the published table `references`."""
    from compute import tables

    return tables.read(ROOT / "data" / "parquet", "references").to_pylist()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the invented tables."""
    from tests.support import dashboard_data

    return dashboard_data.publish(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def dataset(directory: Path) -> Dataset:
    """The tables of the module as the web reads them."""
    from dashboard.dataset import Dataset

    return Dataset(directory)


@pytest.fixture(scope="module")
def client(directory: Path) -> FlaskClient:
    """Asks a site over the tables of the module."""
    from dashboard.app import create_app
    from dashboard.settings import Settings

    return create_app(Settings(data=directory)).server.test_client()


@pytest.fixture
def shared() -> Path:
    """The folder of source files beside the checkout; a test that needs it is skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("the source files of the references are not beside this checkout")
    return SHARED


# A first example may import a library: time says nothing about what a test checks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
