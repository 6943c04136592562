"""`softmode serve` as `make run` starts it."""

from __future__ import annotations

import json
import time

import pytest
import typer

from compute.cli import serve
from compute.jobs import service
from tests.support.site import answer, served


def test_the_published_tables_are_served_and_the_server_stops_when_told():
    with served("--no-worker") as (address, _):
        ready = json.loads(answer(f"{address}/readyz"))
        assert ready["rows"]["references"] == 5533
        assert b"Softmode" in answer(f"{address}/")


def test_a_worker_starts_with_the_web_and_leaves_with_it():
    with served() as (_, server):
        deadline = time.monotonic() + 120
        while not service.worker_alive():
            assert server.poll() is None
            assert time.monotonic() < deadline, "no worker"
            time.sleep(0.2)
    # It struck itself off, so it was told to leave and did.
    assert service.workers() == []


@pytest.mark.parametrize(
    ("live", "torch", "asked", "expected"),
    [
        ("on", True, None, True),
        ("on", False, None, False),
        ("off", True, None, False),
        ("on", True, False, False),
        ("on", False, True, "needs torch"),
        ("off", True, True, "SOFTMODE_LIVE is off"),
    ],
)
def test_a_worker_is_started_where_it_can_compute(live, torch, asked, expected, monkeypatch, capsys):
    monkeypatch.setenv("SOFTMODE_LIVE", live)
    monkeypatch.setattr(serve, "find_spec", lambda name: object() if torch else None)
    if isinstance(expected, bool):
        assert serve._with_worker(asked) is expected
    else:
        with pytest.raises(typer.Exit):
            serve._with_worker(asked)
        assert expected in capsys.readouterr().err
