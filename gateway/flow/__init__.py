"""Between sources and sinks: judging, the bus, and the runners that own schedules and retries."""
