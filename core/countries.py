"""Country codes (ISO 3166-1 alpha-2), from the time zone database's own table."""

from functools import cache
from importlib.resources import files


@cache
def country_codes() -> frozenset[str]:
    """Every code in use, and XI for Northern Ireland's VAT numbers."""
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line and not line.startswith("#")) | {"XI"}
