"""The paths of the register under /api/v1."""

from django.urls import path

from clients.api.views import ClientsView, ClientView

urlpatterns = [
    path("clients", ClientsView.as_view(), name="clients"),
    path("clients/<uuid:client_id>", ClientView.as_view(), name="client"),
]
