"""Who sees what machines are told and how they behave, and who may change it. Django makes permissions after migrating,
so they are made here, before use."""

import importlib

from django.db import migrations

SEEN = [
    "view_alert",
    "view_callminute",
    "view_ceilinguse",
    "view_deliveryattempt",
    "view_endpointhealth",
    "view_event",
    "view_notice",
    "view_scenario",
    "view_testclock",
    "view_webhookdelivery",
    "view_webhookendpoint",
]
LOOKED_AFTER = ["change_alert"]  # acknowledge it
ADMINISTERED = [
    *LOOKED_AFTER,
    "add_webhookendpoint",
    "change_webhookendpoint",  # pause, rotate, ping, take away
    "change_webhookdelivery",  # send it again
    "change_testclock",
    "change_scenario",
]
GROUPS = {
    "finance": SEEN + LOOKED_AFTER,
    "approver": SEEN + LOOKED_AFTER,
    "auditor": SEEN,
    "admin": SEEN + ADMINISTERED,
}


def extend_groups(apps, schema_editor):
    """Safe to repeat: a group keeps what it has; one that somebody took away stays away."""
    importlib.import_module("billing.migrations.0003_groups")._make_permissions(apps)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in GROUPS.items():
        wanted = Permission.objects.filter(content_type__app_label="integrations", codename__in=codenames)
        for group in Group.objects.filter(name=name):
            group.permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [("config", "0010_close_after_machines"), ("billing", "0003_groups")]

    operations = [migrations.RunPython(extend_groups, migrations.RunPython.noop)]
