#!/usr/bin/env python
"""Django's command line; ``manage.py --version`` tells our own version, as the AEAT is told."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:] in (["--version"], ["version"]):
        from config.version import described

        sys.stdout.write(f"{described()}\n")
    else:
        execute_from_command_line(sys.argv)
