"""Who sees what is sent to the AEAT, and who may have it sent. Django makes permissions after migrating, so they are made
here, before use."""

import importlib

from django.db import migrations

SEEN = ["view_sender", "view_submission", "view_inquiry", "view_recordanswer"]
DONE = ["change_sender"]  # have it sent now, go on after it was stopped, test the way
GROUPS = {"finance": SEEN + DONE, "approver": SEEN + DONE, "auditor": SEEN, "admin": SEEN + DONE}


def extend_groups(apps, schema_editor):
    """Safe to repeat: a group keeps what it has; one that somebody took away stays away."""
    importlib.import_module("billing.migrations.0003_groups")._make_permissions(apps)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        wanted = Permission.objects.filter(content_type__app_label="verifactu", codename__in=codenames)
        for group in Group.objects.filter(name=name):
            group.permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0006_close_after_corrections"),
        ("billing", "0003_groups"),
        ("verifactu", "0002_sending"),
    ]

    operations = [migrations.RunPython(extend_groups, migrations.RunPython.noop)]
