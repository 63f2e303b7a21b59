"""Who may amend a record: approvers, and admins. The groups see the new tables too."""

from importlib import import_module

from django.db import migrations

groups = import_module("billing.migrations.0003_groups")


def let_them_amend(apps, schema_editor):
    groups.make_groups(apps, schema_editor)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    may_amend = Permission.objects.filter(content_type__app_label="billing", codename="amend_invoice")
    for group in Group.objects.filter(name__in=["approver", "admin"]):
        group.permissions.add(*may_amend)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_corrections"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("clients", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_q", "0018_task_success_index"),
        ("integrations", "0001_initial"),
        ("verifactu", "0001_initial"),
    ]
    operations = [migrations.RunPython(let_them_amend, migrations.RunPython.noop)]
