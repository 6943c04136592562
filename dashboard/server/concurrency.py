"""Answers to callbacks are computed a few at a time; the others wait for their turn.

Python computes one thing at a time. Eight answers computed side by side hand the interpreter to and fro and are all as
late as the last; in turn, most are early.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask, Response, g, request

from dashboard.server.security import CALLBACK_PATH

AT_ONCE = 2
"""One may ask DuckDB, which needs no interpreter, while another computes."""
LONGEST_WAIT = 1.0
"""Seconds after which an answer is computed out of turn: one that hangs must not hold up the site."""


def take_turns(server: Flask, remembered: Callable[[], Response | None]) -> None:
    """Look again for a `remembered` answer once it is a callback's turn: another may have asked the same.

    Register it after what answers from memory without a turn.
    """
    turns = threading.BoundedSemaphore(AT_ONCE)

    @server.before_request
    def _wait() -> Response | None:
        if request.path != CALLBACK_PATH:
            return None
        g.has_turn = turns.acquire(timeout=LONGEST_WAIT)
        return remembered()

    @server.teardown_request
    def _next(error: BaseException | None) -> None:
        if g.pop("has_turn", False):
            turns.release()
