"""Words that more than one app needs, in plain Python: no Django, no database, no clock."""
