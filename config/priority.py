"""Who goes first when processors are short."""

import contextlib
import os
from pathlib import Path

_STEP_ASIDE = 10


def give_way() -> None:
    """Let whoever waits for an answer go first: rendering a backlog of documents must not slow issuing down.

    Where Linux groups processes by session, niceness counts inside a group only, and the group has its own.
    """
    os.nice(_STEP_ASIDE)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_STEP_ASIDE))
