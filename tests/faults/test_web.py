"""kill -9 of web processes while jobs are asked for and computed: what was taken is there, whole, and is done once."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compute.jobs import service
from tests.conftest import ROOT
from tests.faults.harness import wait_for
from tests.support.site import free_port

KILLS = int(os.environ.get("SOFTMODE_TEST_KILLS", "3"))


def ask(port: int, method: str, path: str, body: dict | None = None) -> dict:
    """The answer as JSON; raises what a broken connection raises."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def until_answered(port: int, method: str, path: str, body: dict | None = None) -> dict:
    """The answer, asked for again while web processes die and come back."""
    end = time.monotonic() + 150
    while True:
        try:
            return ask(port, method, path, body)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.mark.slow
def test_web_processes_that_are_killed_lose_no_job(compounds, workers, monkeypatch):
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    monkeypatch.setenv("FAKE_SECONDS", "0.4")
    port = free_port()
    command = ["gunicorn", "--config", "python:dashboard.gunicorn_config", "-b", f"127.0.0.1:{port}"]
    server = subprocess.Popen([sys.executable, "-m", *command, "dashboard.wsgi:app"], cwd=ROOT)
    dice = random.Random(5)
    try:
        until_answered(port, "GET", "/healthz")
        workers.start()
        asked = []
        for number in range(2 * KILLS):
            compound = compounds[number % len(compounds)]
            body = {"stage": "sigma", "compound": compound, "suite": "abx3", "potential": "chgnet-0.3.0"}
            body["temperature"] = 100 + number
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            if number % 2 and children:
                os.kill(int(dice.choice(children)), signal.SIGKILL)
            asked.append(until_answered(port, "POST", "/api/v1/jobs", body)["id"])
        for number, id in enumerate(asked):
            job = wait_for(id, "done", "failed")
            assert (job.state, job.request.temperature, job.attempt) == ("done", 100 + number, 1)
            assert job.result["sigma"] == 5 + number % len(compounds) / 10
            assert until_answered(port, "GET", f"/api/v1/jobs/{id}")["result"]["sigma"] == job.result["sigma"]
        assert len({service.read(id).id for id in asked}) == 2 * KILLS
    finally:
        server.terminate()
        server.wait()
