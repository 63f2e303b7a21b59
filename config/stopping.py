"""Being told to stop, by a signal."""

from __future__ import annotations

import signal
import time


class Stopping:
    """Set by a signal handler, read by the loop that it interrupted.

    Not a ``threading.Event``: a handler runs in the thread that may be holding the event's lock at that very moment,
    and would wait for itself, for ever.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        """Listen for the signals explicitly: a shell starts its background jobs with SIGINT ignored."""
        self._asked = False
        for number in numbers:
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        self._asked = True

    def is_set(self) -> bool:
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Sleep that long, unless asked to stop before; whether we are."""
        if not self._asked:
            time.sleep(seconds)
        return self._asked
