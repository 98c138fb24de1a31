"""Charges of a furnace, from its controller and its meter."""

from gateway.jobs.evidence.charges.rule import ChargePhases, Charges, ChargesConfig, DegradedRates

__all__ = ["ChargePhases", "Charges", "ChargesConfig", "DegradedRates"]
