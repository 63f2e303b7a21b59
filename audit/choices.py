"""Choices that the models of several apps share."""

from django.utils.translation import gettext_lazy as _

from core.modes import Mode

MODES = [(Mode.TEST.value, _("test mode")), (Mode.LIVE.value, _("live mode"))]
"""The choices of a model's ``mode`` field."""
