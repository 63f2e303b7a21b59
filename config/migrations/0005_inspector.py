"""The group of who comes from outside to look (RD 1007/2023 art. 14): records, chains, exchanges, invoices and the log.

It changes nothing, may have chains proved and take records away, and sees nothing else: neither clients' files nor
tokens nor people (art. 8.4 wants tax data apart from what is confidential and none of the tax office's business).
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q

APPS = ["audit", "billing", "verifactu"]
SEEN = (
    Q(content_type__app_label="verifactu", codename__startswith="view_")
    | Q(content_type__app_label="audit", codename="view_auditentry")
    | Q(content_type__app_label="billing", codename="view_invoice")
)


def make_inspector(apps, schema_editor):
    """Safe to repeat: a group that exists keeps what it has, and gets what it lacks."""
    for app in APPS:
        config = apps.get_app_config(app)
        config.models_module = getattr(config, "models_module", None) or True  # a past state has models, but no module
        create_permissions(config, apps=apps, verbosity=0)
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="inspector")
    group.permissions.add(*apps.get_model("auth", "Permission").objects.filter(SEEN))


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0004_nightly_verification"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("audit", "0001_initial"),
        ("billing", "0003_groups"),
        ("verifactu", "0002_sending"),
    ]
    operations = [migrations.RunPython(make_inspector, migrations.RunPython.noop)]
