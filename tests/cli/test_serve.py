"""`softmode serve` as `make run` starts it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import typer

from compute.cli import serve
from compute.jobs import service
from compute.suites import SUITES
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.support.site import answer, served


def test_the_published_tables_are_served_and_the_server_stops_when_told():
    with served("--no-worker") as (address, _):
        ready = json.loads(answer(f"{address}/readyz"))
        assert ready["rows"]["references"] == sum(suite.size for suite in SUITES.values())
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


def test_what_serve_starts_ends_with_it_though_it_is_killed():
    with served("--no-worker") as (address, server):
        answer(f"{address}/healthz")
        (web,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        server.kill()
        server.wait()
        deadline = time.monotonic() + 60
        while Path(f"/proc/{web}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_site_of_this_machine_answers_to_its_own_names_only(directory):
    """Another name that leads here would make a page of anybody one of this site's origin."""
    client = create_app(Settings(data=directory, hosts="127.0.0.1,localhost")).server.test_client()
    for host, status in (("localhost:8050", 200), ("127.0.0.1:8050", 200), ("evil.example", 400)):
        assert client.get("/healthz", headers={"Host": host}).status_code == status
        assert client.get("/compounds", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(("host", "own"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_a_server_of_this_machine_is_told_its_names(host, own, monkeypatch):
    monkeypatch.delenv("SOFTMODE_HOSTS", raising=False)
    told: list[dict[str, str]] = []
    monkeypatch.setattr(serve, "_run_together", lambda environment, *commands: told.append(environment))
    before = dict(os.environ)
    with pytest.raises(typer.Exit):
        serve.command(host=host, port=8050, workers=1, worker=False)
    assert ("localhost" in told[0].get("SOFTMODE_HOSTS", "")) is own
    assert dict(os.environ) == before, "only the server is told"


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
