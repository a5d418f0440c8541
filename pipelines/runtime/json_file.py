"""Small JSON files that a job finds where it writes."""

from pathlib import Path
from typing import Any

from reid.text_file import parse_json


def json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file's object; empty where it is absent, damaged or no object."""
    try:
        found = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
