"""For which seller a call acts, where a token may act for several."""

from __future__ import annotations

import uuid

from core.errors import Fault, gettext_noop
from integrations.authentication import TokenPrincipal


def acting_seller(principal: TokenPrincipal, named: object) -> uuid.UUID | Fault:
    """The seller that the body names in ``seller``, else the token's only one; or what is wrong with that.

    Somebody else's seller looks the same as none.
    """
    if named is None and len(principal.seller_ids) == 1:
        return next(iter(principal.seller_ids))
    if named is None:
        message = gettext_noop("This token acts for several sellers: name one.")
        return Fault("seller_missing", message, "#/seller")
    found = next((seller_id for seller_id in principal.seller_ids if str(seller_id) == str(named).lower()), None)
    return found or Fault("seller_unknown", gettext_noop("This token acts for no such seller."), "#/seller")
