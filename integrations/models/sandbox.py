"""What only test sellers have."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.guards import CompositeForeignKey
from core.ids import new_id
from core.modes import Mode


class TestClock(models.Model):
    """A test seller's own time: it showed ``shows`` at the true time ``set_at``, and goes on from there."""

    __test__ = False  # no test case, whatever pytest makes of its name

    seller = models.OneToOneField(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, primary_key=True, related_name="+"
    )
    mode = models.CharField(_("mode"), max_length=4, default=Mode.TEST, editable=False)
    shows = models.DateTimeField(_("shows"))
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("test clock")
        verbose_name_plural = _("test clocks")
        constraints = [
            models.CheckConstraint(condition=models.Q(mode=Mode.TEST), name="clock_only_in_test"),
            CompositeForeignKey(
                name="clock_of_a_test_seller",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seller_id} {self.shows:%Y-%m-%d %H:%M:%S}"


class Scenario(models.Model):
    """A fault that a test seller asked for: for ``remaining`` more times, or until ``ends_at`` (true time)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, default=Mode.TEST, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    remaining = models.PositiveIntegerField(_("times left"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("scenario")
        verbose_name_plural = _("scenarios")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(mode=Mode.TEST), name="scenario_only_in_test"),
            models.CheckConstraint(
                condition=models.Q(remaining__isnull=False) | models.Q(ends_at__isnull=False),
                name="scenario_has_an_end",
            ),
            CompositeForeignKey(
                name="scenario_of_a_test_seller",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.seller_id}"
