"""`reid search site.db --photo photo.jpg`: where and when the person of a photo was seen."""

import os
from pathlib import Path

from pipelines.job_configs import SearchConfig
from pipelines.runtime.progress import Progress
from pipelines.searching.places import SearchedPlace, open_place
from pipelines.searching.told import print_json, print_table, several_people, sheet_tiles
from reid.camera_config import EncoderConfig
from reid.detection.build import build_detector
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.outputs.search_sheet import ENDINGS, with_boxes, write_photo, write_sheet
from reid.search.answer import SearchAnswer, answer, named
from reid.search.photo import Box, SeveralPeople
from reid.search.query import PhotoQuery, query, read_photo
from reid.search.rates import rates_of
from reid.search.scope import Between, chosen, moment
from reid.shipped_weights import encoder_with, path_of


def run(path: Path, config: SearchConfig, progress: Progress) -> int:
    """Search a gallery or a results folder; a site that writes the gallery meanwhile is not disturbed.

    Raises:
        SeveralPeople: a photo shows several people, who were listed.
        InputError: a photo, a setting or the place cannot be used.
    """
    boxes, between = tuple(map(_box, config.box)), _between(config.between)
    if not config.photo:
        raise InputError(
            "--photo: none is given; name a photo of the person to search for: --photo photo.jpg"
        )
    _check_sheet(config.sheet)
    photos = [read_photo(photo) for photo in config.photo]
    with open_place(path, progress) as place:
        scope = chosen(place.table, config.camera, between)
        try:
            made = query(
                photos,
                lambda: _encoder(config.encoder, place),
                lambda: build_detector(config.detector),
                persons=config.person,
                boxes=boxes,
            )
        except SeveralPeople as several:
            several_people(several, progress)
            if config.sheet is not None:
                write_photo(config.sheet, with_boxes(several.image, [one.box for one in several.people]))
                progress.message(f"{config.sheet} shows their numbers")
            raise
        if made.encoder_id != place.table.encoder_id:
            raise InputError(
                f"{path}: holds vectors of encoder {place.table.encoder_id}, but --encoder is {made.encoder_id}; "
                "leave --encoder out, or name the encoder that made them"
            )
        calibration = config.calibration or calibrations.find(config.encoder.weights, place.table.encoder_id)
        found = named(
            answer(
                place.table,
                scope,
                made.vector,
                rates=rates_of(calibration, place.table.encoder_id),
                false_finds=config.false_finds,
                k=config.top,
            ),
            place.labels,
        )
        _tell(found, made, place, config, progress)
    return 0


def _tell(
    found: SearchAnswer, made: PhotoQuery, place: SearchedPlace, config: SearchConfig, progress: Progress
) -> None:
    for photo in made.photos:
        progress.message(f"{photo.name}: {photo.why}")
    if found.undated:
        progress.message(
            f"{found.undated} sightings are left out, as it is not known when they were; two numbers for --between "
            "are seconds on their recording's clock",
            "warning",
        )
    if config.format == "json":
        print_json(found, made)
    else:
        print_table(found, progress)
    if config.sheet is not None:
        tiles, without = sheet_tiles(found, made, place.crop)
        write_sheet(config.sheet, found.sentence, tiles)
        missing = f"; of {without} sightings no crop is kept" if without else ""
        progress.message(f"{config.sheet} shows them{missing}")


def _encoder(config: EncoderConfig, place: SearchedPlace) -> Encoder:
    """The encoder that is named, else the one that ships under the id of the vectors."""
    from reid.embedding.build import build_encoder  # brings torch, which no wrong photo should wait for

    if config.weights is None:
        entry = encoder_with(place.table.encoder_id)
        if entry is None:
            raise InputError(
                f"{place.path}: holds vectors of encoder {place.table.encoder_id}, which does not ship with reid; "
                "give its weights with --encoder FILE"
            )
        config = config.model_copy(update={"weights": path_of(entry)})
    return build_encoder(config)


def _box(text: str) -> Box:
    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"--box {text!r}: must be left,top,width,height in pixels, such as 410,80,120,330"
        ) from None
    return left, top, width, height


def _between(texts: tuple[str, ...]) -> Between | None:
    if not texts:
        return None
    if len(texts) != 2:
        raise InputError(
            f"--between: {len(texts)} given; give two times, such as --between 2026-11-26T10:00 2026-11-26T11:00, "
            "and the gallery before it"
        )
    return moment(texts[0]), moment(texts[1])


def _check_sheet(path: Path | None) -> None:
    if path is None:
        return
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"--sheet {path}: must end with {' or '.join(ENDINGS)}")
    if os.path.lexists(path):
        raise InputError(f"--sheet {path}: is there already; name a new file")
