"""Where an MQTT broker is, and under which topic events are published there."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from reid.errors import InputError
from reid.secret import masked

PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC = "reid"
WANTED = "write mqtt://host/topic, or mqtts://host/topic for TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """One broker's place."""

    host: str
    port: int
    topic: str  # events go to topics below it
    tls: bool


def parse_broker(address: str) -> Broker:
    """What `mqtt://host:1883/topic` or `mqtts://host:8883/topic` says; port and topic may be left out.

    Raises:
        InputError: it is no such address, or it has credentials in it.
    """
    shown = f"mqtt.address: {masked(address)}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError as error:
        raise InputError(f"{shown}: not an address ({error}); {WANTED}") from None
    if parts.scheme not in PORTS or not host:
        raise InputError(f"{shown}: not a broker's address; {WANTED}")
    if "@" in parts.netloc:
        raise InputError(
            f"{shown}: everybody who may read the config could read the password; set REID_MQTT_USER and "
            "REID_MQTT_PASSWORD in the environment, and leave it out of the address"
        )
    if port == 0:
        raise InputError(f"{shown}: there is no port 0; {PORTS[parts.scheme]} is the usual one")
    topic = unquote(parts.path).strip("/") or TOPIC
    if parts.query or parts.fragment or topic.startswith("$") or not re.fullmatch(r"[^+#\x00-\x1f]+", topic):
        raise InputError(
            f"{shown}: no topic for events; it is a path without '+', '#' and '?' that does not begin with '$', as "
            f"in mqtt://{host}/{TOPIC}"
        )
    return Broker(host=host, port=port or PORTS[parts.scheme], topic=topic, tls=parts.scheme == "mqtts")
