"""How often an address may ask, counted over all web processes of a machine."""

import multiprocessing

import pytest
from flask import Flask

from compute.jobs.service import TooManyJobs
from dashboard.app import create_app
from dashboard.server import rate_limit
from dashboard.server import visitor as client
from dashboard.settings import Settings
from tests.dashboard.server.test_app import router_body
from tests.support import dashboard_data

SERVER = Flask(__name__)


def asked(times=1, address="192.0.2.7", what="thing", most=3, seconds=rate_limit.HOUR):
    with SERVER.test_request_context("/", environ_base={"REMOTE_ADDR": address}):
        return [rate_limit.allowed(what, most, seconds) for _ in range(times)]


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""
    return lambda now: monkeypatch.setattr(rate_limit.time, "time", lambda: now)


def test_the_one_after_the_most_is_refused_until_the_window_ends(at):
    at(1_000_000 * rate_limit.HOUR + 1)
    assert asked(4) == [True, True, True, False]
    assert asked(1, address="192.0.2.8") == [True]
    assert asked(1, what="other thing") == [True]
    at(1_000_001 * rate_limit.HOUR + 1)
    assert asked() == [True]


def test_a_clock_that_jumps_back_locks_nobody_out_for_longer_than_a_window(at):
    at(1_000_001 * rate_limit.HOUR + 1)
    asked(4)
    at(1_000_000 * rate_limit.HOUR + 1)
    assert asked(4) == [True, True, True, False]
    at(1_000_002 * rate_limit.HOUR + 1)
    assert asked() == [True]


def test_the_addresses_of_one_home_count_together():
    assert asked(3, address="2001:db8::1") == [True] * 3
    assert asked(1, address="2001:db8::ffff") == [False]
    assert asked(1, address="2001:db8:0:1::1") == [True]


@pytest.mark.parametrize("address", ["", "unknown", "_hidden:80", "fe80::1%eth0", "☃"])
def test_what_is_no_address_is_counted_all_the_same(address):
    assert asked(4, address=address) == [True, True, True, False]


def _count_in_another_process(times):
    return sum(asked(times, most=50))


def test_processes_count_together():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert sum(pool.map(_count_in_another_process, [40, 40])) == 50


def test_no_address_is_written_down(tmp_path):
    asked(2)
    content = b"".join(path.read_bytes() for path in (tmp_path / "var").iterdir())
    assert b"SQLite" in content
    assert b"192.0.2" not in content


@pytest.mark.parametrize("broken", ["not a database", None], ids=["corrupt", "not a folder"])
def test_a_site_that_cannot_count_still_answers(tmp_path, broken):
    if broken is None:
        (tmp_path / "var").write_text("in the way")
    else:
        (tmp_path / "var").mkdir()
        (tmp_path / "var" / "rates.sqlite").write_text(broken * 100)
    assert asked(5) == [True] * 5


def test_computed_answers_are_limited_and_known_ones_are_not(at, tmp_path):
    at(1_000_000 * rate_limit.MINUTE)
    data = dashboard_data.publish(tmp_path / "data")
    visitor = create_app(Settings(data=data, requests_per_minute=3)).server.test_client()

    def page(query):
        return visitor.post("/_dash-update-component", json=router_body("/models", query)).status_code

    assert [page("")] * 4 == [200] * 4  # computed once
    assert [page(f"?m={n}") for n in range(3)] == [200, 200, 429]
    refused = visitor.get("/api/v1/dataset")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert visitor.get("/models").status_code == visitor.get("/healthz").status_code == 200


def test_who_drops_the_cookie_gets_no_new_name_for_ever(monkeypatch):
    monkeypatch.setattr(client, "VISITORS_PER_HOUR", 2)
    with SERVER.test_request_context("/"):
        client.client_id()
        client.client_id()
        with pytest.raises(TooManyJobs, match="try again"):
            client.client_id()


def test_counts_of_former_windows_are_dropped(at, tmp_path):
    at(1_000_000 * rate_limit.HOUR)
    for n in range(50):
        asked(address=f"192.0.2.{n}")
    at(1_000_002 * rate_limit.HOUR)
    asked()
    assert rate_limit._connection(tmp_path / "var" / "rates.sqlite").execute(
        "SELECT count(*) FROM asked"
    ).fetchone() == (1,)
