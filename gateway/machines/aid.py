"""A template as an Asset Interfaces Description: the submodel by which others read the device.

IDTA 02017-1-0 with the interface InterfaceMODBUS, in the JSON of the Asset Administration Shell
(metamodel 3.0). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.machines.aas import Element, collection, inside, references, said, semantic, value_of
from gateway.machines.aid_point import AID, BINARY, FORM, TD, affordance
from gateway.machines.template import Template

SECURITY = "https://www.w3.org/2019/wot/security#"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the device is; the address is one of those kept for documentation (RFC 5737)."""

    host: str = "192.0.2.1"
    port: int = 502
    unit: int = 1

    @property
    def base(self) -> str:
        """The address to which those of the points are relative."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"modbus+tcp://{host}:{self.port}/{self.unit}/"


def environment(template: Template, endpoint: Endpoint) -> Element:
    """The file: the submodel of ``template``, whose parameters have been given."""
    return {"submodels": [submodel(template, endpoint)]}


def submodel(template: Template, endpoint: Endpoint) -> Element:
    """The submodel AssetInterfacesDescription."""
    identity = f"urn:werkverbund:template:{template.template}:asset-interfaces-description"
    interface = collection(
        "InterfaceMODBUS",
        f"{AID}Interface",
        [
            value_of("title", f"{TD}title", template.title.en),
            _endpoint(endpoint, identity),
            _interaction(template),
        ],
        "https://www.w3.org/2019/wot/td",
        "http://www.w3.org/2011/modbus",
    )
    return {
        "modelType": "Submodel",
        "kind": "Instance",
        "id": identity,
        "idShort": "AssetInterfacesDescription",
        "description": said(template.title.text),
        "semanticId": semantic(f"{AID}Submodel"),
        "submodelElements": [interface],
    }


def _endpoint(endpoint: Endpoint, submodel: str) -> Element:
    scheme = collection(
        "nosec_sc",
        f"{SECURITY}NoSecurityScheme",
        [value_of("scheme", f"{SECURITY}SecurityScheme", "nosec")],
    )
    path = ("InterfaceMODBUS", "EndpointMetadata", "securityDefinitions", "nosec_sc")
    return collection(
        "EndpointMetadata",
        f"{AID}EndpointMetadata",
        [
            value_of("base", f"{TD}baseURI", endpoint.base, "xs:anyURI"),
            value_of("contentType", f"{FORM}forContentType", BINARY),
            references("security", f"{TD}hasSecurityConfiguration", [inside(submodel, *path)]),
            collection("securityDefinitions", f"{TD}definesSecurityScheme", [scheme]),
        ],
    )


def _interaction(template: Template) -> Element:
    properties = collection(
        "properties",
        f"{TD}PropertyAffordance",
        [affordance(point) for point in template.points],
    )
    return collection(
        "InteractionMetadata",
        f"{AID}InteractionMetadata",
        [properties],
        f"{TD}InteractionAffordance",
    )
