"""The files that people write: strict YAML in, sound models out, or every mistake at once."""

from gateway.config.broker import BrokerAccess
from gateway.config.calendar import ALWAYS, CalendarEntry, Closed, Land, Window
from gateway.config.choices import ALL_TEMPLATES, choice, one_of
from gateway.config.hosts import Endpoint, Host, Port
from gateway.config.loading import (
    Files,
    Placed,
    load,
    load_machine,
    machine_model,
    placed,
    read_content,
    read_model,
    site_model,
)
from gateway.config.models import Bilingual, Objection, Parts, Strict, Variant, refuse, wrong
from gateway.config.scalars import (
    Duration,
    DurationOrZero,
    LocalPath,
    OrderMoment,
    Period,
    Secret,
    Size,
    from_home,
)
from gateway.config.sentences import spoken
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
    "ALWAYS",
    "Bilingual",
    "BrokerAccess",
    "CalendarEntry",
    "Closed",
    "Device",
    "Duration",
    "DurationOrZero",
    "Endpoint",
    "FileJob",
    "Files",
    "FirmId",
    "History",
    "Host",
    "Land",
    "Listen",
    "LocalPath",
    "Machine",
    "MachineName",
    "Network",
    "Objection",
    "OrderMoment",
    "Parts",
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
    "Window",
    "Work",
    "choice",
    "from_home",
    "load",
    "load_machine",
    "machine_model",
    "number_meant",
    "one_of",
    "placed",
    "read_content",
    "read_model",
    "refuse",
    "scan",
    "site_model",
    "spoken",
    "wrong",
]
