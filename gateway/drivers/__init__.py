"""Drivers of outside libraries that more than one room needs."""
