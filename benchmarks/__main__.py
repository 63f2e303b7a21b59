"""``make bench [ONLY=issuing]``: every measurement, or the named ones."""

from __future__ import annotations

import sys

from benchmarks import issuing, lists, pdf, proving, webhooks
from benchmarks.house import cores, house

MEASUREMENTS = {
    "issuing": issuing.run,
    "lists": lists.run,
    "pdf": pdf.run,
    "proving": proving.run,
    "webhooks": webhooks.run,
}


def main(names: list[str]) -> None:
    """Run the named measurements, all of them when none is named, each in a house of its own."""
    print(f"{cores()} cores; medians; the limit is measured in the same run")
    for name in names or MEASUREMENTS:
        with house() as place:
            MEASUREMENTS[name](place)


if __name__ == "__main__":
    main(sys.argv[1:])
