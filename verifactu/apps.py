from django.apps import AppConfig


class VerifactuConfig(AppConfig):
    name = "verifactu"
    verbose_name = "VERI*FACTU"
