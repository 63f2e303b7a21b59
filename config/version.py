"""What ``manage.py --version`` says: the values of every record's ``SistemaInformatico``."""

from __future__ import annotations

import django
from django.conf import settings

from verifactu.billing_system import BillingSystem


def described() -> str:
    """Program, version and code; installation; producer; and Django's version, which one asks for as well."""
    system = BillingSystem.of(settings.BILLING_SYSTEM)
    return "\n".join([
        f"{system.name} {system.version} ({system.id})",
        f"installation {system.installation_number}",
        f"producer {system.producer.name}, {system.producer.nif}",
        f"Django {django.get_version()}",
    ])  # fmt: skip
