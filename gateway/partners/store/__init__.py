"""exchange.db: what was sent, received and agreed, and whether it may be believed."""
