"""Every night the chains of fiscal records are proved whole."""

from datetime import datetime, time, timedelta

from django.db import migrations
from django.utils import timezone

NAME = "verify chains"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={
            "func": "config.schedules.verify_chains",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(datetime.combine(tomorrow, time(3, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("config", "0003_close_after_sending")]

    operations = [migrations.RunPython(schedule, unschedule)]
