"""Every minute the long chains are proved that somebody asked about, or that last night passed over."""

from django.db import migrations
from django.utils import timezone

NAME = "verify waiting chains"


def schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={
            "func": "config.schedules.verify_waiting",
            "schedule_type": "I",
            "minutes": 1,
            "repeats": -1,
            "next_run": timezone.now(),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("config", "0016_purge_access_tokens")]

    operations = [migrations.RunPython(schedule, unschedule)]
