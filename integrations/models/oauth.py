"""OAuth 2 clients: another way for a machine to prove that it is one of our tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.tokens import ApiToken


class OAuthClient(models.Model):
    """A client id and secret (RFC 6749 §2.3) that stand for a token: its sellers, mode, scopes, ceilings, quota and
    addresses are the token's, and it ends with it. The package keeps the secret's hash in its own row."""

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, primary_key=True, related_name="correlativa"
    )
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="oauth_clients", verbose_name=_("token"))
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("OAuth client")
        verbose_name_plural = _("OAuth clients")
        ordering = ["created_at"]

    def __str__(self) -> str:
        return str(self.application_id)
