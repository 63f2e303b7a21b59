"""Every night the answers of receivers and the messages of more than ninety days ago are forgotten."""

from datetime import datetime, time, timedelta

from django.db import migrations
from django.utils import timezone

NAME = "purge answers"


def schedule(apps, schema_editor):
    tomorrow = timezone.localdate() + timedelta(days=1)
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=NAME,
        defaults={
            "func": "config.schedules.purge_answers",
            "schedule_type": "D",
            "repeats": -1,
            "next_run": timezone.make_aware(datetime.combine(tomorrow, time(3, 40))),
        },
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [("config", "0018_close_after_guards")]

    operations = [migrations.RunPython(schedule, unschedule)]
