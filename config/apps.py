from importlib import import_module

from django.apps import AppConfig


class FrontDoorConfig(AppConfig):
    """Commands and schedules; no models."""

    name = "config"

    def ready(self) -> None:
        """Importing the rules of alerts makes their words known to pages and notices, and the checks to ``check``."""
        import_module("config.alerts")
        import_module("config.checks")
