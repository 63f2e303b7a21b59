"""OAuth 2 client credentials (RFC 6749 §4.4): another way to prove to be one of our tokens. No other grant exists."""

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address, no secret
