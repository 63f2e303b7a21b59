"""GNU make, our parent: asked to stop by a script (a signal to make alone, not Ctrl-C to all), it tells us nothing.

It blocks SIGINT and waits for us; that much can be seen. SIGTERM it passes on.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


class Make:
    """The process that called us, where it is a make that would hear SIGINT."""

    def __init__(self, pid: int | None = None) -> None:
        self._folder = Path(f"/proc/{pid or os.getppid()}")
        self._listens = self._reads("comm") == "make" and not self._blocks_interrupt()

    def was_interrupted(self) -> bool:
        """Whether it waits for us to end."""
        return self._listens and self._blocks_interrupt()

    def _blocks_interrupt(self) -> bool:
        lines = dict(line.split(":", 1) for line in self._reads("status").splitlines())
        return bool(int(lines.get("SigBlk", "0"), 16) & 1 << (signal.SIGINT - 1))

    def _reads(self, name: str) -> str:
        try:
            return (self._folder / name).read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
