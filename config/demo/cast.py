"""Who appears in the demo. All of them are invented, and their tax ids are fictitious (core/fictitious.py)."""

from billing.models import SeriesKind
from billing.services.sellers import SellerData, SeriesData
from clients.services import ClientData

SELLER = SellerData(
    legal_name="Consultoría Ejemplo, S.L.",
    tax_id="B99999021",
    street="Calle de la Imaginación, 12, 3.º B",
    postal_code="28013",
    city="Madrid",
    province="Madrid",
    email="facturas@consultoria.example",
    phone="+34 910 000 000",
    website="https://consultoria.example",
    registry_details="Registro Mercantil de Villaficticia, tomo 0, folio 0, hoja M-000000",
    payment_terms="Transferencia a 30 días",
)
SERIES = (
    SeriesData(code="A", description="Facturas", is_default=True),
    SeriesData(code="S", kind=SeriesKind.SIMPLIFIED, description="Facturas simplificadas", is_default=True),
    SeriesData(code="R", kind=SeriesKind.CORRECTIVE, description="Facturas rectificativas", is_default=True),
)
BOOKSHOP = ClientData(
    name="Librería Inventada, S.L.", tax_id="B99999013", email="compras@libreria.example",
    street="Plaza Mayor, 4", postal_code="37001", city="Salamanca", province="Salamanca",
)  # fmt: skip
TOWN_HALL = ClientData(
    name="Ayuntamiento de Villaficticia", tax_id="P9999911B", email="registro@villaficticia.example",
    street="Plaza de la Constitución, 1", postal_code="50001", city="Zaragoza", province="Zaragoza",
)  # fmt: skip
GERMANS = ClientData(
    name="Musterfirma Niemandsland GmbH", tax_id="DE999999903", country="DE", language="en",
    email="einkauf@musterfirma.example", street="Beispielweg 7", postal_code="10115", city="Berlin",
)  # fmt: skip
PERSON = ClientData(
    name="Irene Quimera Lago", tax_id="99999901H", email="irene@quimera.example",
    street="Calle del Eco, 9", postal_code="15003", city="A Coruña", province="A Coruña",
)  # fmt: skip
