"""What may go wrong with a server of our own."""


class PostgresError(Exception):
    """The server could not be had; the message says why, and what mends it."""
