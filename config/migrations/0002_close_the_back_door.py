"""django-pgtrigger lets any session switch its triggers off (``SET pgtrigger.ignore``). Evidence needs no such door.

Each trigger that is installed opens it again: a migration that adds one must be followed by this operation once more.
A test attacks it.
"""

from django.db import migrations

CLOSED = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS 'SELECT false'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0001_schedules"),
        ("audit", "0001_initial"),
        ("billing", "0003_groups"),
        ("clients", "0001_initial"),
        ("integrations", "0001_initial"),
        ("verifactu", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CLOSED, migrations.RunSQL.noop)]
