"""Werkverbund's gateway: reads one firm's old machines and shares what an agreement allows."""
