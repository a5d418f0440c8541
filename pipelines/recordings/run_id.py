"""What a gallery knows a run by: its recordings, and where they stand in time."""

import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from reid import json_text
from reid.camera_config import SourceConfig
from reid.config import VideoConfig
from reid.video.source import Source
from reid.zone_config import ZoneConfig


def run_id_of(sources: Sequence[Source], contents: Mapping[str, str], config: SourceConfig) -> str:
    """The id of a run over `sources`, placed on one clock.

    The same recordings with other settings, or in another order, have the same id: they replace what the gallery
    knew of them.

    Args:
        contents: what `content_key` says of each camera's recording.
    """
    stretch = [config.start_s, config.end_s]
    return digest([stretch, *sorted(_standing(source, contents) for source in sources)])


def settings_of(config: VideoConfig) -> dict[str, Any]:
    """The settings that change results, the same however their paths are typed, also where a site was moved."""
    linking, told = config.linking, config.model_dump(
        mode="json",
        exclude={
            "sources": True, "output": True, "overwrite": True, "workers": True, "outputs": True,
            "detector": {"weights", "batch", "device", "backend"},
            "encoder": True,
            "zones": True,
        },
    )  # fmt: skip
    if ignored := ignored_zones(config.zones):
        told["zones"] = ignored
    if config.gallery is not None:
        told["gallery"] = os.path.relpath(config.gallery.resolve(), config.output.resolve())
    if linking.calibration is not None:
        told["linking"]["calibration"] = blake2b(linking.calibration.read_bytes(), digest_size=12).hexdigest()
    return told


def ignored_zones(zones: Mapping[str, Sequence[ZoneConfig]]) -> dict[str, Any]:
    """The zones that change which people are detected, by camera; the others only count."""
    polygons = {
        name: [zone.polygon for zone in own if zone.purpose == "ignore"] for name, own in zones.items()
    }
    return {name: own for name, own in polygons.items() if own}


def digest(parts: Any) -> str:
    """24 hex digits for the key of a run."""
    return json_text.digest(parts, size=12)


def _standing(source: Source, contents: Mapping[str, str]) -> list[Any]:
    """A recording and where it stands among the others: at another time it is another one to a gallery."""
    named = [source.camera_id, contents[source.camera_id], source.shift_s]
    return [*named, list(source.begins_s)] if source.begins_s else named
