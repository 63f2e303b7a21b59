"""The machine's side of the house: tokens, idempotency, problem+json, the outbox. Knows no invoice."""
