"""What a firm's files say of its machines, put together, and exchanged while the gateway runs."""
