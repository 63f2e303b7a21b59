"""A process that issues invoices for several sellers in turn, through the services, as fast as it can.

``python -m tests.crash.issuing HOW_MANY CLIENT…`` with the house's settings in the environment.
"""

from __future__ import annotations

import sys
from itertools import cycle, islice

import django


def issue(how_many: int, clients: list[str]) -> None:
    """So many invoices of one line, for the sellers of these clients in turn."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up first

    from clients.models import Client  # noqa: PLC0415
    from tests.builders import an_invoice  # noqa: PLC0415

    for client in islice(cycle(Client.objects.filter(id__in=clients).order_by("id")), how_many):
        an_invoice(client, now=timezone.now())


if __name__ == "__main__":
    django.setup()
    issue(int(sys.argv[1]), sys.argv[2:])
