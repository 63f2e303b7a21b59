"""A PostgreSQL of the test run's own: made in a second, lost with the run."""

import atexit
import shutil
import tempfile
from pathlib import Path

from config.postgres import EmbeddedPostgres

# Nothing here needs to survive a power cut.
UNSAFE_AND_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}


def folder() -> Path:
    """A folder that goes with the process."""
    made = Path(tempfile.mkdtemp(prefix="correlativa-tests-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def start() -> str:
    """Start one in a folder of its own, so that runs side by side never meet; return its DATABASE_URL."""
    server = EmbeddedPostgres(folder(), options=UNSAFE_AND_FAST)
    atexit.register(server.stop)
    server.start()
    return server.url()
