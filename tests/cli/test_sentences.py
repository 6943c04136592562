"""What a user gets wrong is one sentence, never a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from compute.cli import app
from compute.jobs import service
from dashboard.app import create_app
from dashboard.settings import Settings
from tests.conftest import ROOT

URLS = ("nonsense", "postgresql://host:port/name", "mysql://host/name", "://")


def said(*arguments: str, status: int = 1) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == status, done.output
    assert isinstance(done.exception, SystemExit)
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "sentence", "status"),
    [
        (("data", "check", "--data", "/nowhere"), "There is no folder /nowhere.", 1),
        (("serve", "--port", "99999"), "less than or equal to 65535", 2),
        (("worker", "--name", "x" * 300), "60 at most", 1),
        (("worker", "--name", "ß/ü"), "letters, digits and hyphens", 1),
    ],
)
def test_a_wrong_argument_is_one_sentence(arguments, sentence, status):
    assert sentence in said(*arguments, status=status)


@pytest.mark.parametrize("url", URLS)
def test_a_malformed_database_url_is_one_sentence_everywhere(url, monkeypatch, directory):
    monkeypatch.setenv("DATABASE_URL", url)
    sentence = "DATABASE_URL is no address like postgresql://user:password@host:5432/name."
    assert said("worker") == sentence
    with pytest.raises(service.JobsUnavailable) as raised:
        service.workers()
    assert str(raised.value) == sentence
    answer = create_app(Settings(data=directory)).server.test_client().get("/api/v1/jobs")
    assert (answer.status_code, answer.json["detail"]) == (503, sentence)


@pytest.mark.slow
def test_ctrl_c_while_dask_starts_writes_no_traceback(tmp_path):
    script = tmp_path / "campaign.py"
    script.write_text(
        "import time\n"
        "from compute.campaigns.dask_cluster import executor\n"
        "if __name__ == '__main__':\n"
        "    print('starting', flush=True)\n"
        "    try:\n"
        "        with executor(2):\n"
        "            time.sleep(600)\n"
        "    except KeyboardInterrupt:\n"
        "        print('interrupted')\n"
    )
    for seconds in (0.5, 1, 2):
        campaign = subprocess.Popen(
            [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert campaign.stdout.readline() == "starting\n"
        time.sleep(seconds)
        os.killpg(campaign.pid, signal.SIGINT)
        output, errors = campaign.communicate(timeout=120)
        assert output == "interrupted\n"
        assert "Traceback" not in errors
