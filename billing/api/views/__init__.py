"""One class a path; each method reads, calls one verb and answers."""
