"""The simulated side of Modbus: units, their line, and what stands between it and a client."""
