"""A simulated AEAT, for test mode: it answers as the AEAT would, and lives through the AEAT's bad days on demand.

``simulated.SimulatedAeat`` is the whole of it. Nothing that runs in production imports it; only its command, the demo
and the tests do. It keeps what it was sent in a file of its own, and knows nothing of Django's database.
"""
