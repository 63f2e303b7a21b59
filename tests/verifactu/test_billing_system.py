import re
from typing import Any

from django.conf import settings as configured

from verifactu.billing_system import BillingSystem
from verifactu.registration import Party
from verifactu.services.chaining import this_system


def test_the_billing_system_is_what_the_settings_say(settings: Any) -> None:
    settings.BILLING_SYSTEM = {
        "producer_name": "Productora, S.L.",
        "producer_tax_id": "B99999013",
        "name": "Correlativa",
        "id": "CO",
        "version": "9.9.9",
        "installation_number": "madrid-7",
    }

    assert this_system() == BillingSystem(
        producer=Party("Productora, S.L.", "B99999013"),
        name="Correlativa",
        id="CO",
        version="9.9.9",
        installation_number="madrid-7",
    )


def test_the_real_settings_fit_the_aeats_fields() -> None:
    system = this_system()

    assert re.fullmatch(r"[A-Z0-9]{2}", system.id)
    assert 1 <= len(system.name) <= 30
    assert 1 <= len(system.version) <= 50
    assert 1 <= len(system.installation_number) <= 100
    assert system.version == configured.VERSION
