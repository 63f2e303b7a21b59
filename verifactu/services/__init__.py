"""The verbs of VERI*FACTU."""
