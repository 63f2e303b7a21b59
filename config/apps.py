from django.apps import AppConfig


class FrontDoorConfig(AppConfig):
    """Commands and schedules; no models."""

    name = "config"
