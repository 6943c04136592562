"""An executor that runs at once, in this process."""

from __future__ import annotations

from concurrent.futures import Future


class Here:
    def submit(self, function, *arguments):
        future: Future = Future()
        future.set_result(function(*arguments))
        return future
