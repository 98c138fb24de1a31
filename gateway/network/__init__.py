"""The order network: pure rules of a joint order, its plan, forecasts and what may be disclosed."""
