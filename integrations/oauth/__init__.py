"""OAuth 2 client credentials (RFC 6749 §4.4): another way to prove to be one of our tokens. No other grant exists."""
