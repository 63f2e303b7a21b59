"""Identifiers: UUID version 7 (RFC 9562), so that new rows go to the end of their indexes."""

import uuid
from datetime import datetime

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A fresh identifier, ordered by time of creation to the millisecond."""
    return uuid_utils.compat.uuid7()


def floor_of(moment: datetime) -> uuid.UUID:
    """The lowest identifier that could have been made at ``moment``: for entering an index by time."""
    return uuid.UUID(int=max(int(moment.timestamp() * 1000), 0) << 80 | 0x7 << 76 | 0x2 << 62)
