"""Being told to stop, by a signal."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable


class Stopping:
    """Set by a signal handler, read by the loop that it interrupted.

    Not a ``threading.Event``: a handler runs in the thread that may be holding the event's lock at that very moment,
    and would wait for itself, for ever.
    """

    def __init__(self, *numbers: signal.Signals, also: Callable[[], bool] = bool) -> None:
        """Listen for the signals explicitly: a shell starts its background jobs with SIGINT ignored.

        ``also`` is asked whenever we are: another way of being told.
        """
        self._asked, self._also = False, also
        for number in numbers:
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        self._asked = True

    def is_set(self) -> bool:
        return self._asked or self._also()

    def wait(self, seconds: float) -> bool:
        """Sleep that long, unless asked to stop before; whether we are."""
        if not self.is_set():
            time.sleep(seconds)
        return self.is_set()
