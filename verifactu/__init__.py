"""VERI*FACTU (RD 1007/2023, Orden HAC/1177/2024): fiscal records, their chain, XML and QR. Knows no invoice.

An inspector can read this folder alone.
"""
