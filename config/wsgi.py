"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from integrations.bodies import with_known_length

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = with_known_length(get_wsgi_application())
