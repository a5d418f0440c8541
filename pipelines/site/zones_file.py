"""Zones and lines that were drawn on the page, kept in the output folder of `reid live` for its next start."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from reid import json_text
from reid.errors import InputError
from reid.live.identity.zones import ZoneSettings, ZonesOf
from reid.outputs import atomic
from reid.owned_files import OwnedFiles
from reid.text_file import first_complaint, read_json
from reid.zone_config import ZoneConfig, ZonesByCamera

FILE = "zones.json"
WANTED = "what `reid live` writes; delete it, and draw its zones anew"


def zone_settings(root: Path, files: OwnedFiles, fixed: Mapping[str, Sequence[ZoneConfig]]) -> ZoneSettings:
    """The zones of the settings, those that were drawn before, and what keeps those that will be.

    Raises:
        InputError: the file cannot be read, or a zone of a camera is in both.
    """
    path = root / FILE
    drawn = _read(path) if files.owns(path) else {}
    for camera_id, own in drawn.items():
        both = {one.name for one in own} & {one.name for one in fixed.get(camera_id, ())}
        if both:
            raise InputError(
                f"{path}: '{sorted(both)[0]}' of {camera_id} was drawn on the page and is in the settings, too; "
                "remove one of them"
            )

    def keep(zones: ZonesOf) -> None:
        content = {
            name: [one.model_dump(mode="json", exclude_defaults=True) for one in own]
            for name, own in zones.items()
        }
        try:
            files.claim(path)
            atomic.write_text(path, json_text.dumps({"zones": content}, indent=1) + "\n")
        except OSError as error:
            raise InputError(f"the zone cannot be kept: {path}: {error.strerror or error}") from None

    return ZoneSettings(fixed=fixed, drawn=drawn, keep=keep)


def _read(path: Path) -> Mapping[str, tuple[ZoneConfig, ...]]:
    content = read_json(path, WANTED)
    zones = content.get("zones") if isinstance(content, dict) else None
    try:
        return TypeAdapter(ZonesByCamera).validate_python(zones)
    except ValidationError as error:
        raise InputError(f"{path}: cannot be read ({first_complaint(error)}); expected {WANTED}") from None
