"""The model factory: simulated machines, embedded brokers, and the stage that shows them."""
