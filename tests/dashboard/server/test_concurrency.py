"""Callbacks are computed a few at a time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, request

from dashboard.server import concurrency
from dashboard.server.response_cache import remember_answers
from dashboard.server.security import CALLBACK_PATH


class Site:
    """Callbacks that take 20 ms, or until `opened` where they are asked to hang; `most` were computed side by side."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.computed = self.now = self.most = 0
        self.server = Flask(__name__)
        self.server.add_url_rule(CALLBACK_PATH, "callback", self._compute, methods=["POST"])
        concurrency.take_turns(self.server, remember_answers(self.server, lambda: "release", 1))

    def _compute(self) -> str:
        asked = request.get_data(as_text=True)
        with self.lock:
            self.computed += 1
            self.now += 1
            self.most = max(self.most, self.now)
        if asked == "hang":
            self.opened.wait(30)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        if asked == "fail":
            raise RuntimeError("this callback fails")
        return asked

    def ask(self, body: str) -> tuple[int, str]:
        answer = self.server.test_client().post(CALLBACK_PATH, data=body)
        return answer.status_code, answer.text


@pytest.fixture
def site():
    made = Site()
    yield made
    made.opened.set()


def test_every_question_is_answered_a_few_at_a_time(site):
    asked = [str(n) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(site.ask, asked)) == [(200, body) for body in asked]
    assert site.most == concurrency.AT_ONCE


def test_what_many_ask_at_once_is_computed_for_the_first_of_them(site):
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(site.ask, ["same"] * 8)) == {(200, "same")}
    assert site.computed <= concurrency.AT_ONCE


def test_a_callback_that_fails_gives_its_turn_back(site):
    assert [site.ask("fail")[0] for _ in range(concurrency.AT_ONCE + 1)] == [500] * (concurrency.AT_ONCE + 1)
    start = time.perf_counter()
    assert site.ask("next") == (200, "next")
    assert time.perf_counter() - start < concurrency.LONGEST_WAIT


def test_callbacks_that_hang_hold_up_the_others_for_a_moment_only(site, monkeypatch):
    monkeypatch.setattr(concurrency, "LONGEST_WAIT", 0.2)
    with ThreadPoolExecutor(concurrency.AT_ONCE) as pool:
        hanging = [pool.submit(site.ask, "hang") for _ in range(concurrency.AT_ONCE)]
        while site.now < concurrency.AT_ONCE:
            time.sleep(0.01)
        assert site.ask("next") == (200, "next")
        assert not any(one.done() for one in hanging)
        site.opened.set()
