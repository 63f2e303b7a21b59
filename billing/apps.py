from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        from billing.api.examples_of_events import register_event_examples  # noqa: PLC0415 - once the apps are there
        from billing.versions import register_versions  # noqa: PLC0415 - once the apps are there

        register_versions()
        register_event_examples()
