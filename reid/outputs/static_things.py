"""Things that never move and were left out: `static.json`, and a crop of each in `static/`."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator

from reid import json_text
from reid.errors import InputError
from reid.outputs import atomic
from reid.outputs.folder import file_stem
from reid.owned_files import OwnedFiles
from reid.text_file import first_complaint, read_json
from reid.types import THING_TEMPLATE, StaticThing
from reid.wall_clock import WallClock

FILE, CROPS = "static.json", "static"
_ROWS, _COLUMNS = THING_TEMPLATE
_Row = Annotated[
    tuple[Annotated[float, Field(ge=0, le=255)], ...], Field(min_length=_COLUMNS, max_length=_COLUMNS)
]


class ThingFacts(BaseModel):
    """A thing as it is written where it must be read again."""

    model_config = ConfigDict(allow_inf_nan=False)

    camera: str
    box: tuple[float, float, float, float]
    first_s: float
    last_s: float
    detections: Annotated[int, Field(ge=1)]
    template: Annotated[
        tuple[_Row, ...],
        Field(
            min_length=_ROWS,
            max_length=_ROWS,
            validation_alias=AliasChoices("template", "picture"),  # its name in 0.1
        ),
    ]
    jpeg: bytes  # as base64

    @field_validator("jpeg", mode="before")
    @classmethod
    def _decoded(cls, value: Any) -> bytes:
        if isinstance(value, str):
            data = base64.b64decode(value, validate=True)
            if data.startswith(b"\xff\xd8"):
                return data
        raise ValueError("must be a JPEG image as base64")

    def thing(self, *, name: str | None = None, shift_s: float = 0.0) -> StaticThing:
        """The thing, of the camera `name` if that is given, its times moved by `shift_s`."""
        return StaticThing(
            camera_id=self.camera if name is None else name,
            box=np.array(self.box, dtype=np.float32),
            first_s=self.first_s + shift_s,
            last_s=self.last_s + shift_s,
            detections=self.detections,
            template=np.array(self.template, dtype=np.float32),
            crop=self.jpeg,
        )


def thing_facts(thing: StaticThing) -> dict[str, Any]:
    """What `ThingFacts` reads."""
    return _described(thing) | {
        "template": thing.template.round(1).tolist(),
        "jpeg": base64.b64encode(thing.crop).decode(),
    }


def write_things(
    root: Path,
    files: OwnedFiles,
    things: Sequence[StaticThing],
    *,
    clock: WallClock | None = None,
    state: bool = False,
) -> None:
    """Write `static.json` and the crops that it names, in place of those of before.

    Args:
        root: the folder that `files` are of.
        clock: when second 0 was in the world; None: not known.
        state: also write what `read_things` needs.

    Raises:
        InputError: a file of that name is there and not ours.
    """
    numbers: dict[str, int] = {}
    crops: dict[Path, bytes] = {}
    rows = []
    for thing in things:
        number = numbers[thing.camera_id] = numbers.get(thing.camera_id, 0) + 1
        path = root / CROPS / f"{file_stem(thing.camera_id)}_{number}.jpg"
        crops[path] = thing.crop
        world = (
            {}
            if clock is None
            else {"first_at": clock.iso(thing.first_s), "last_at": clock.iso(thing.last_s)}
        )
        facts = thing_facts(thing) if state else _described(thing)
        rows.append(facts | world | {"crop": path.relative_to(root).as_posix()})
    old = [path for path in files.files() if path.parent == root / CROPS and path not in crops]
    files.remove(*old)
    files.claim(root / FILE, *crops)
    for path, data in crops.items():
        atomic.write_bytes(path, data, durable=False)
    atomic.write_text(root / FILE, json_text.dumps({"things": rows}, indent=1) + "\n")


def read_things(path: Path) -> list[StaticThing]:
    """The things of a `static.json` that was written with `state`; none where there is no such file.

    Raises:
        InputError: the file cannot be read.
    """
    if not path.exists():
        return []
    wanted = "what `reid live` writes; delete it, and things are learned anew"
    content = read_json(path, wanted)
    rows = content.get("things") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise InputError(f"{path}: has no list of things; expected {wanted}")
    try:
        return [ThingFacts.model_validate(row).thing() for row in rows]
    except ValidationError as error:
        raise InputError(f"{path}: cannot be read ({first_complaint(error)}); expected {wanted}") from None


def things_sentence(things: Sequence[StaticThing]) -> str:
    """Number and places of static things, as a sentence for summaries."""
    counts: dict[str, int] = {}
    for thing in things:
        counts[thing.camera_id] = counts.get(thing.camera_id, 0) + 1
    where = ", ".join(f"{camera} {count}" for camera, count in counts.items())
    return f"{len(things)} left out as they never move ({where}); see {FILE}"


def _described(thing: StaticThing) -> dict[str, Any]:
    return {
        "camera": thing.camera_id,
        "box": [round(float(edge), 1) for edge in thing.box],
        "first_s": round(thing.first_s, 3),
        "last_s": round(thing.last_s, 3),
        "detections": thing.detections,
    }
