"""Events as bytes, the same to every receiver."""

import json
import math

from reid.cache import utf8
from reid.events import Event, Fact


def as_json(event: Event) -> bytes:
    """One line of JSON in UTF-8, without the line's end."""
    content = {key: _finite(value) for key, value in event.content().items()}
    return utf8(json.dumps(content, ensure_ascii=False, allow_nan=False))


def _finite(value: Fact) -> Fact:
    """JSON has no NaN and no infinity: other programs would refuse the whole line."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
