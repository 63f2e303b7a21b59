"""Every hour it is told which invoices have become overdue: days end at different hours, and test clocks at any."""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

NAME = "tell of overdue invoices"


def schedule(apps, schema_editor):
    next_hour = timezone.now().replace(minute=10, second=0, microsecond=0) + timedelta(hours=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={
            "func": "config.schedules.tell_of_overdue",
            "schedule_type": "H",
            "repeats": -1,
            "next_run": next_hour,
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("config", "0013_close_after_sandbox")]

    operations = [migrations.RunPython(schedule, unschedule)]
