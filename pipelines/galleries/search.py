"""`reid gallery search site.db crop.jpg`: the people of a gallery who are nearest to a crop."""

from pathlib import Path

from pipelines.runtime.progress import Progress
from reid.camera_config import EncoderConfig
from reid.gallery import Gallery
from reid.store.opening import open_store
from reid.types import person_name


def run(path: Path, crop: Path, progress: Progress, *, encoder: EncoderConfig, most: int) -> int:
    """The nearest people, nearest first; a site that writes the gallery meanwhile is not disturbed."""
    loaded = None
    if encoder.weights is not None:
        from reid.embedding.build import build_encoder  # brings torch

        loaded = build_encoder(encoder)
    with Gallery(open_store(path, encoder_id=None, read_only=True), loaded) as gallery:
        labels = {person.person_id: person.label for person in gallery.people()}
        hits = gallery.search(crop, most) if labels else []
    rows = [(person_name(hit.person_id), labels[hit.person_id] or "", f"{hit.distance:.3f}") for hit in hits]
    title = f"people of {path} nearest to {crop}" if hits else f"{path} holds no person"
    progress.answer(title, rows, ("person", "label", "distance") if hits else ())
    return 0
