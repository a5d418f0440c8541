"""Cameras on the local network that answer ONVIF's discovery: names, models and addresses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

from pipelines.job_configs import CamerasConfig
from pipelines.runtime.progress import Progress
from reid.errors import InputError
from reid.printable import printable

# the type of device that ONVIF's network cameras answer to (ONVIF Core Specification, 7.3)
TYPE = ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")
_SCOPE = re.compile(r"^onvif://www\.onvif\.org/(name|hardware|location)/(.+)$")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FoundCamera:
    """A device that answered; all of it is what the device says of itself."""

    host: str
    services: tuple[str, ...]  # addresses of its ONVIF service
    name: str = ""
    hardware: str = ""

    @classmethod
    def of(cls, addresses: Sequence[str], scopes: Sequence[str]) -> "FoundCamera":
        """A device by the addresses and scopes of its answer."""
        said: dict[str, str] = {}
        for scope in scopes:
            if (found := _SCOPE.match(scope)) is not None:
                said.setdefault(found[1], printable(unquote(found[2])))
        services = tuple(printable(one) for one in addresses)
        return cls(
            host=next((_host(one) for one in services if _host(one)), "unknown"),
            services=services,
            name=said.get("name", ""),
            hardware=said.get("hardware", ""),
        )


def run(config: CamerasConfig, progress: Progress) -> int:
    """List the cameras that answer within a time; 1 where none does."""
    found = discover(_wsdiscovery(), config.wait_s)
    if not found:
        progress.answer(
            f"no camera answered within {config.wait_s:g} s; cameras answer in their own network alone, and only "
            "where ONVIF discovery is switched on in their settings"
        )
        return 1
    rows = [(one.host, one.name, one.hardware, ", ".join(one.services)) for one in found]
    progress.answer("cameras", rows, header=("address", "name", "model", "ONVIF service"))
    progress.message(
        "the path of a stream stands in the camera's manual or on its page, often as rtsp://ADDRESS:554/...; then: "
        "reid live NAME=rtsp://ADDRESS:554/..."
    )
    return 0


def discover(library: ModuleType, wait_s: float) -> list[FoundCamera]:
    """Ask the network once, and collect answers for `wait_s`; each device once, by address."""
    asking: Any = library.discovery.ThreadedWSDiscovery()
    asking.start()
    try:
        services = asking.searchServices(types=[library.QName(*TYPE)], timeout=wait_s)
    finally:
        asking.stop()
    found: Mapping[str, FoundCamera] = {
        service.getEPR(): FoundCamera.of(service.getXAddrs(), [str(one) for one in service.getScopes()])
        for service in services
    }
    return sorted(found.values())


def _wsdiscovery() -> ModuleType:
    try:
        import wsdiscovery
        import wsdiscovery.discovery
    except ModuleNotFoundError:
        raise InputError(
            "reid cameras needs wsdiscovery; install it with: pip install 'reidentify[discover]'"
        ) from None
    found: ModuleType = wsdiscovery
    return found


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
