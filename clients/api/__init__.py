"""The register of buyers, for machines."""
