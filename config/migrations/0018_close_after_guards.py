"""The back door is closed again after triggers were added (0002 says why)."""

import importlib

from django.db import migrations

CLOSED = importlib.import_module("config.migrations.0002_close_the_back_door").CLOSED


class Migration(migrations.Migration):
    dependencies = [("config", "0017_verify_waiting"), ("integrations", "0009_guards")]

    operations = [migrations.RunSQL(CLOSED, migrations.RunSQL.noop)]
