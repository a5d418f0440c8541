"""Which of a detector's classes are people."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reid.errors import InputError

# COCO has person, VisDrone pedestrian and people, CrowdHuman and others human. A rider is taken where it is asked
# for: in KITTI or Cityscapes it is a person, elsewhere a cyclist with the bicycle.
PEOPLE = frozenset({"person", "persons", "people", "pedestrian", "pedestrians", "human", "humans"})
_SHOWN = 5


def class_names(names: Mapping[int, object] | Sequence[object]) -> dict[int, str]:
    """ultralytics' `names` with text for every number: data sets hold lists, and numbers for names."""
    pairs: Iterable[tuple[int, object]] = names.items() if isinstance(names, Mapping) else enumerate(names)
    return {int(number): str(name).strip() for number, name in pairs}


def people_classes(path: Path, names: Mapping[int, str], asked: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the classes to take, ascending.

    Args:
        path: the detector's, for the sentence.
        asked: names, whatever their case, or numbers; a name wins over a number. Empty: all that mean a person.

    Raises:
        InputError: there is none, or none of a name that was asked for.
    """
    if asked:
        return tuple(sorted({number for one in asked for number in _named(path, names, one)}))
    found = tuple(sorted(number for number, name in names.items() if name.casefold() in PEOPLE))
    if found:
        return found
    if len(names) == 1:
        name = next(iter(names.values()))
        raise InputError(
            f"{path}: its only class is called {name!r}, which need not be a person; if it finds people, say so: "
            f"--detector.classes {_word(name)}"
        )
    raise InputError(
        f"{path}: none of its {len(names)} classes is called person, pedestrian, people or human "
        f"({_some(names)}); choose some with --detector.classes NAME"
    )


def described(names: Mapping[int, str], numbers: Iterable[int]) -> str:
    """Classes for people: `pedestrian (0), people (1)`."""
    return ", ".join(f"{names[number]} ({number})" for number in numbers)


def _named(path: Path, names: Mapping[int, str], asked: str) -> list[int]:
    wanted = asked.strip().casefold()
    found = [number for number, name in names.items() if name.casefold() == wanted]
    if not found and wanted.isdecimal() and int(wanted) in names:
        found = [int(wanted)]
    if not found:
        raise InputError(
            f"{path}: detector.classes names {asked!r}, which is none of its {len(names)} classes ({_some(names)})"
        )
    return found


def _word(name: str) -> str:
    """A class name as a shell takes it; its number where that is simpler."""
    return name if name and name.replace("-", "").replace("_", "").isalnum() else "0"


def _some(names: Mapping[int, str]) -> str:
    shown = [f"{number} {name}" for number, name in sorted(names.items())[:_SHOWN]]
    return ", ".join([*shown, "..."] if len(names) > _SHOWN else shown)
