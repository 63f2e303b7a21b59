"""What the machine's door says about itself."""
