"""The front door: settings, URLs, servers. No rules."""
