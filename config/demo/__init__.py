"""``make demo``: the database, the web server and the workers on one machine, from nothing, until Ctrl-C."""
