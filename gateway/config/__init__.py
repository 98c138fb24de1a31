"""The files that people write: strict YAML in, sound models out, or every mistake at once."""

from gateway.config.loading import load, read_content, read_model, site_model
from gateway.config.models import Bilingual, Objection, Strict, Variant, wrong
from gateway.config.scalars import Duration, Endpoint, LocalPath, OrderMoment, Port, Secret
from gateway.config.site import (
    Device,
    FileJob,
    FirmId,
    History,
    Machine,
    MachineName,
    Network,
    Reserve,
    SiteConfig,
    Web,
    Work,
)
from gateway.config.variants import Templates, Variants, scan

__all__ = [
    "Bilingual",
    "Device",
    "Duration",
    "Endpoint",
    "FileJob",
    "FirmId",
    "History",
    "LocalPath",
    "Machine",
    "MachineName",
    "Network",
    "Objection",
    "OrderMoment",
    "Port",
    "Reserve",
    "Secret",
    "SiteConfig",
    "Strict",
    "Templates",
    "Variant",
    "Variants",
    "Web",
    "Work",
    "load",
    "read_content",
    "read_model",
    "scan",
    "site_model",
    "wrong",
]
