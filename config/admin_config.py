from django.contrib.admin.apps import AdminConfig


class PeoplesAdminConfig(AdminConfig):
    """Django's admin with our own site."""

    default_site = "config.admin_site.PeoplesDoor"
