"""Events as bytes, the same to every receiver."""

from reid import json_text
from reid.events import Event


def as_json(event: Event) -> bytes:
    """One line of JSON in UTF-8, without the line's end."""
    return json_text.dumps(event.content()).encode()
