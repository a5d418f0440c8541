"""What a gallery knows a run by: its recordings, and where they stand in time."""

from collections.abc import Mapping, Sequence
from typing import Any

from reid import json_text
from reid.camera_config import SourceConfig
from reid.video.source import Source


def run_id_of(sources: Sequence[Source], contents: Mapping[str, str], config: SourceConfig) -> str:
    """The id of a run over `sources`, placed on one clock.

    The same recordings with other settings, or in another order, have the same id: they replace what the gallery
    knew of them.

    Args:
        contents: what `content_key` says of each camera's recording.
    """
    stretch = [config.start_s, config.end_s]
    return digest([stretch, *sorted(_standing(source, contents) for source in sources)])


def digest(parts: Any) -> str:
    """24 hex digits for the key of a run."""
    return json_text.digest(parts, size=12)


def _standing(source: Source, contents: Mapping[str, str]) -> list[Any]:
    """A recording and where it stands among the others: at another time it is another one to a gallery."""
    named = [source.camera_id, contents[source.camera_id], source.shift_s]
    return [*named, list(source.begins_s)] if source.begins_s else named
