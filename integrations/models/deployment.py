"""Where this database runs, and what runs over it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import no_truncate


class WorkerHeartbeat(models.Model):
    """When a background step last went round, whichever process did it: what ``/readyz`` asks."""

    name = models.CharField(_("step"), primary_key=True, max_length=40)
    at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("worker heartbeat")
        verbose_name_plural = _("worker heartbeats")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Deployment(models.Model):
    """Whose database this is: the key that the machine must know too (integrations/deployment.py). One row.

    ``is_behind`` is set once records were found to be missing, for the processes of other machines;
    ``closed_installations`` are the installation numbers whose chains lost records, never to be used again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    key = models.CharField(max_length=64)
    is_behind = models.BooleanField(default=False)
    closed_installations = ArrayField(models.CharField(max_length=100), default=list)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="deployment_is_one"),
            models.CheckConstraint(condition=~models.Q(key=""), name="deployment_has_a_key"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete), no_truncate()]

    def __str__(self) -> str:
        return f"{self.key[:4]}…"
