"""Model card of a trained network: its data, its recipe and its scores, beside its checkpoint.

The headings are those of Mitchell et al. 2019, "Model Cards for Model Reporting" (FAT*), section 4.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reid import json_text
from reid.outputs import atomic
from reid.outputs.timeline import duration

FORMAT = 2  # of model.json; 1 called the number of images `pictures`
FEW = 20  # people, as in reid.evaluation.retrieval.intervals: the figures of fewer say little about others


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """A set of images that was learned from or held out."""

    name: str
    kind: str  # its layout: market1501, folder, ...
    images: int
    people: int
    cameras: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A term of the loss."""

    name: str
    weight: float
    settings: Mapping[str, Any]  # plain values


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Recipe of a training; mappings are of settings to plain values."""

    objectives: Sequence[Objective]
    sampler: Mapping[str, Any]
    augmentation: Mapping[str, Any]
    optimiser: Mapping[str, Any]
    schedule: Mapping[str, Any]
    epochs: int  # that were trained
    seed: int
    precision: str
    start: str  # which weights, and what was taken from them


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutScores:
    """Retrieval of people who were not trained on, in [0, 1]."""

    map: float
    rank1: float
    minp: float
    people: int
    queries: int
    gallery: int  # images
    epoch: int  # whose weights were kept
    # 95 %, over people; {} of one person
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Content of a model card; mappings hold plain values."""

    encoder_id: str
    architecture: Mapping[str, Any]
    preprocessing: Mapping[
        str, Any
    ]  # height, width, rgb, mean, std: see `reid.embedding.crops.Preprocessing`
    parameters: int
    vector_length: int
    sources: Sequence[SourceFacts]
    held_out: str  # who: "the last 100 people of Market-1501"
    notes: Sequence[str]  # sentences about the data: what was left out, who has one camera
    recipe: Recipe
    figures: HeldOutScores
    time_s: float
    machine: str
    date: str
    versions: Mapping[str, str | None]  # None: not installed


def write_model_card(path: Path, card: ModelCard) -> None:
    """Write the card to `path` as Markdown, and beside it, with the suffix .json, the same for programs."""
    content = {"format": FORMAT, **asdict(card)}
    text = json_text.dumps(content, indent=1) + "\n"
    atomic.write_text(path.with_suffix(".json"), text)
    atomic.write_text(path, _markdown(card, checkpoint=path.with_suffix(".pth").name))


def _markdown(card: ModelCard, *, checkpoint: str) -> str:
    sections = {
        "Model details": _details(card),
        "Intended use": _use(checkpoint),
        "Factors": _FACTORS,
        "Metrics": _METRICS,
        "Evaluation data": _evaluation_data(card),
        "Training data": f"{_training_data(card)}\n\n### Recipe\n\n{_recipe(card)}",
        "Quantitative analyses": _figures(card.figures),
        "Ethical considerations": _ETHICS,
        "Caveats and recommendations": _CAVEATS,
    }
    made_of = card.architecture
    network = made_of.get("backbone") or made_of.get("name", "network")
    name = f"# {_code(network)} for person re-identification"
    return "\n\n".join([name, *(f"## {head}\n\n{body}" for head, body in sections.items())]) + "\n"


def _details(card: ModelCard) -> str:
    given = card.preprocessing
    size, channels = f"{given['height']} x {given['width']}", "RGB" if given["rgb"] else "BGR"
    scale = f"(pixel - mean) / std, pixels 0 to 255, mean {_value(given['mean'])}, std {_value(given['std'])}"
    return _bullets(
        {
            "encoder_id": f"{_code(card.encoder_id)}, which names weights and preprocessing by their content",
            "architecture": _settings(card.architecture),
            "input": f"{size} pixels (height x width), {channels}, {scale}",
            "output": f"a vector of {card.vector_length:,} numbers and length 1; distance is 1 - cosine",
            "parameters": f"{card.parameters:,}",
            "made": f"{_plain(card.date)} by {_code('reid train')}",
            "versions": ", ".join(
                f"{_plain(k)} {_plain(v or 'not installed')}" for k, v in card.versions.items()
            ),
        }
    )


def _use(checkpoint: str) -> str:
    return f"""\
Telling whether crops of people, from one camera or several, show the same person, over minutes to days and in the
same clothes. It does not tell who a person is.

```sh
reid calibrate my-crops --encoder {checkpoint}
reid video cam1.mp4 cam2.mp4 --detector yolo.pt --encoder {checkpoint}
reid benchmark market1501 --root Market-1501-v15.09.15 --encoder {checkpoint}
```

Calibrate before linking: a distance that was chosen for another encoder means nothing for this one."""


_FACTORS = """\
Cameras (height, angle, light, sharpness), the size of the crops, occlusion, clothes, and how alike people dress. The
figures below are means over the people who were held out. They were not measured by groups of people, so nothing is
known of differences between such groups."""

_METRICS = """\
- **mAP**: mean over queries of the average precision of the list, nearest first
- **rank-1**: share of queries whose nearest gallery image shows the same person
- **mINP**: mean inverse negative penalty (Ye et al. 2021): how early the last right image comes

Images of the query's person in the query's own camera are not in the lists, as is the rule of Market-1501."""

_ETHICS = """\
Following people over cameras touches their rights: in most places it needs a legal ground, a purpose and an end.
Errors fall on people, so let a person look before anything is decided about one. What the terms of the training data
allow, of commercial use for example, is not known to reid: finding out is its user's duty."""

_CAVEATS = """\
- The epoch that was kept was chosen by the same held-out people that the figures are of, so they are optimistic. For
  figures to publish, measure with `reid benchmark` on people who played no part.
- Held-out people come from the same sources as those trained on, and so mostly from the same cameras. On other
  cameras expect less; measure there.
- Changed clothes are not what it was trained for, unless the data had them."""


def _evaluation_data(card: ModelCard) -> str:
    found = card.figures
    return (
        f"Held out: {_plain(card.held_out)}. {found.people:,} people, {found.queries:,} queries in {found.gallery:,} "
        "images; none of them was trained on."
    )


def _training_data(card: ModelCard) -> str:
    head = ["source", "kind", "images", "people", "cameras"]
    rows = [
        [_plain(s.name), _plain(s.kind), f"{s.images:,}", f"{s.people:,}", f"{s.cameras:,}"]
        for s in card.sources
    ]
    table = _table(head, rows, numbers=3)
    counted = "Counts include the people who are held out."
    return "\n\n".join(
        [table, counted, *(["\n".join(f"- {_plain(n)}" for n in card.notes)] if card.notes else [])]
    )


def _figures(found: HeldOutScores) -> str:
    shares = [
        _share(value, found.intervals.get(name))
        for name, value in (("map", found.map), ("rank1", found.rank1), ("minp", found.minp))
    ]
    cells = [*shares, f"{found.people:,}", f"{found.queries:,}", f"{found.epoch:,}"]
    table = _table(["mAP", "rank-1", "mINP", "people", "queries", "epoch"], [cells], numbers=6)
    if not found.intervals:
        return (
            f"{table}\n\nOne person can be searched for, so nothing can be said of how others would be found."
        )
    about = "In brackets: 95 % intervals of the bootstrap over people, each with all their queries."
    few = (
        ""
        if found.people >= FEW
        else f" Of {found.people:,} people, so few that they say little about others."
    )
    return f"{table}\n\n{about}{few}"


def _share(value: float, bounds: tuple[float, float] | None) -> str:
    within = "" if bounds is None else f" ({100 * bounds[0]:.1f}-{100 * bounds[1]:.1f})"
    return f"{100 * value:.1f} %{within}"


def _recipe(card: ModelCard) -> str:
    recipe = card.recipe
    rows = [[_code(o.name), f"{o.weight:g}", _settings(o.settings)] for o in recipe.objectives]
    objectives = _table(["objective", "weight", "settings"], rows)
    rest = {
        "start": _plain(recipe.start),
        "sampler": _settings(recipe.sampler),
        "augmentation": _settings(recipe.augmentation),
        "optimiser": _settings(recipe.optimiser),
        "schedule": _settings(recipe.schedule),
        "epochs": f"{recipe.epochs:,}, of which the weights of epoch {card.figures.epoch:,} were kept",
        "seed": str(recipe.seed),
        "precision": _plain(recipe.precision),
        "time": f"{duration(card.time_s)} on {_plain(card.machine)}",
    }
    return f"{objectives}\n\n{_bullets(rest)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int = 0) -> str:
    """A table whose last `numbers` columns are aligned to the right."""
    rule = ["---"] * (len(head) - numbers) + ["---:"] * numbers
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _bullets(entries: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}**: {text}" for name, text in entries.items())


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{_plain(key)} {_value(value)}" for key, value in values.items()) or "none"


def _value(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Mapping():
            return f"({_settings(value)})"
        case list() | tuple():
            return f"({', '.join(map(_value, value))})"
        case _:
            return _plain(str(value))


def _plain(text: str) -> str:
    """Escape any text for Markdown: one line, no markup in it.

    Underscores within words, of which names are full, are none and stay readable.
    """
    line = re.sub(r"([\\`*{}\[\]<>|&~$#])", r"\\\1", " ".join(text.split()))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)


def _code(text: str) -> str:
    """Text in the face of code, if it can be: no backtick ends it, no bar ends a cell of a table."""
    return f"`{text}`" if re.fullmatch(r"[^`|\s]+( [^`|\s]+)*", text) else _plain(text)
