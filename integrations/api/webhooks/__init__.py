"""Webhook endpoints and their delivery log, for the machines that own them."""
