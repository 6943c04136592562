"""A wish to leave, by SIGTERM, SIGINT or from within: heard by any thread, at once, however often it is said."""

from __future__ import annotations

import os
import select
import signal
import threading
import time


class Leaving:
    """Whether this process is to end.

    A handler of signals runs between two instructions of the main thread, which may hold any lock then, that of an
    event too. It only writes a byte to a pipe here, and nobody reads it: who waits for it, now or later, is woken.
    """

    def __init__(self) -> None:
        self._heard, self._say = os.pipe()
        os.set_blocking(self._say, False)
        self.asked = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the wish to leave; call it in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    def ask(self) -> None:
        """Say that this process is to end; a second time changes nothing."""
        if not self.asked:
            self.asked = True
            os.write(self._say, b".")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the wish, up to `seconds`; whether it was said."""
        return bool(select.select([self._heard], [], [], seconds)[0])

    def end_within(self, seconds: float) -> None:
        """Have the process end with status 0 at the latest so many seconds after the wish, whatever holds it up."""

        def end() -> None:
            self.wait()
            time.sleep(seconds)
            os._exit(0)

        threading.Thread(target=end, daemon=True, name="end").start()
