"""What the project promises about speed, measured: each prints figure, limit and ratio from the same run."""
