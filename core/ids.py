"""Identifiers: UUID version 7 (RFC 9562), so that new rows go to the end of their indexes."""

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A fresh identifier, ordered by time of creation to the millisecond."""
    return uuid_utils.compat.uuid7()
