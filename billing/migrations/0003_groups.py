"""The groups of the person's door. Django makes permissions after migrating, so they are made here, before use."""

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q

APPS = ["auth", "audit", "billing", "clients", "django_q", "integrations", "verifactu"]

FINANCE_DOES = {
    "billing": ["add_invoice", "change_invoice", "submit_invoice", "add_payment"],
    "clients": ["add_client", "change_client"],
}
APPROVER_DOES = {"billing": ["approve_invoice", "issue_invoice"]}
ADMIN_DOES = {
    "billing": ["void_invoice", "add_seller", "change_seller", "add_series", "change_series"],
    "integrations": ["add_apitoken", "change_apitoken"],
    "auth": ["add_user", "change_user", "add_group", "change_group"],
}
# What each group sees whole, and what it does.
GROUPS = {
    "finance": (["billing", "clients", "verifactu"], [FINANCE_DOES]),
    "approver": (["billing", "clients", "verifactu"], [FINANCE_DOES, APPROVER_DOES]),
    "auditor": (APPS, []),
    "admin": (APPS, [FINANCE_DOES, APPROVER_DOES, ADMIN_DOES]),
}


def make_groups(apps, schema_editor):
    """Safe to repeat: a group that exists keeps what it has, and gets what it lacks."""
    _make_permissions(apps)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, (seen, done) in GROUPS.items():
        wanted = Q(content_type__app_label__in=seen, codename__startswith="view_")
        for acts in done:
            for app, codenames in acts.items():
                wanted |= Q(content_type__app_label=app, codename__in=codenames)
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(wanted))


def _make_permissions(apps):
    for app in APPS:
        config = apps.get_app_config(app)
        config.models_module = getattr(config, "models_module", None) or True  # a past state has models, but no module
        create_permissions(config, apps=apps, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_initial"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("clients", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_q", "0018_task_success_index"),
        ("integrations", "0001_initial"),
        ("verifactu", "0001_initial"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
