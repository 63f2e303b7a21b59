"""The register of buyers."""
