"""The files that people write: strict YAML in, sound models out, or every mistake at once."""

from gateway.config.broker import BrokerAccess
from gateway.config.loading import (
    Placed,
    load,
    load_machine,
    machine_model,
    placed,
    read_content,
    read_model,
    site_model,
)
from gateway.config.models import Bilingual, Objection, Strict, Variant, refuse, wrong
from gateway.config.scalars import (
    Duration,
    DurationOrZero,
    Endpoint,
    Host,
    LocalPath,
    OrderMoment,
    Period,
    Port,
    Secret,
    Size,
)
from gateway.config.sentences import ALL_TEMPLATES, choice, spoken
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
    Work,
)
from gateway.config.type_sentences import number_meant
from gateway.config.variants import Templates, Variants, scan
from gateway.config.web import Listen, Web

__all__ = [
    "ALL_TEMPLATES",
    "Bilingual",
    "BrokerAccess",
    "Device",
    "Duration",
    "DurationOrZero",
    "Endpoint",
    "FileJob",
    "FirmId",
    "History",
    "Host",
    "Listen",
    "LocalPath",
    "Machine",
    "MachineName",
    "Network",
    "Objection",
    "OrderMoment",
    "Period",
    "Placed",
    "Port",
    "Reserve",
    "Secret",
    "SiteConfig",
    "Size",
    "Strict",
    "Templates",
    "Variant",
    "Variants",
    "Web",
    "Work",
    "choice",
    "load",
    "load_machine",
    "machine_model",
    "number_meant",
    "placed",
    "read_content",
    "read_model",
    "refuse",
    "scan",
    "site_model",
    "spoken",
    "wrong",
]
