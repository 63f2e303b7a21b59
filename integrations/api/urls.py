"""The paths of the door itself under /api/v1."""

from django.urls import path

from integrations.api.token import TokenView

urlpatterns = [path("token", TokenView.as_view(), name="token")]
