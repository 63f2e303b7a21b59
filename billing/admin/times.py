"""What time it is for the seller on the page: a test seller may have a clock of its own."""

from __future__ import annotations

from datetime import date, datetime

from billing.models import Seller
from integrations import clock


def now_for(seller: Seller) -> datetime:
    """The seller's present."""
    return clock.now_of(seller.id, seller.mode)


def today_for(seller: Seller) -> date:
    """The seller's day, in its own zone."""
    return now_for(seller).astimezone(seller.zone).date()
