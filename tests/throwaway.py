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


def start() -> str:
    """Start one in a folder of its own, so that runs side by side never meet; return its DATABASE_URL."""
    folder = Path(tempfile.mkdtemp(prefix="correlativa-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = EmbeddedPostgres(folder, options=UNSAFE_AND_FAST)
    atexit.register(server.stop)
    server.start()
    return server.url()
