"""Machine types: templates, the codec between registers and values, and the read plan. Pure."""
