"""The physics of the simulated machines: pure functions of state and order time, in SI units."""
