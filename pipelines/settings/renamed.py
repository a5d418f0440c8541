"""Settings that have another name now: the former one is read for one version, with a warning."""

import logging
from collections.abc import Collection, Iterator, Mapping
from typing import Any

log = logging.getLogger(__name__)

FORMER_NAMES = {"batch.images": "batch.pictures", "chart": "picture"}  # by today's name
_TODAYS_NAMES = {former: today for today, former in FORMER_NAMES.items()}


def todays_name(name: str, known: Collection[str], origin: str = "") -> str:
    """Today's name of a setting; a former one is warned of, unless a setting in `known` has it.

    Args:
        name: dotted.
        origin: how the person who wrote the name called it: `--batch.pictures`, `train.yaml: batch.pictures`.
    """
    today = _TODAYS_NAMES.get(name, name)
    if name in known or today not in known:
        return name
    if today != name:
        log.warning(
            "%s is called %s now; write that, for the next version does not read the former name",
            origin or name,
            f"--{today}" if origin.startswith("--") else today,
        )
    return today


def under_todays_names(data: dict[str, Any], known: Collection[str], file: str) -> dict[str, Any]:
    """The content of a config file with today's names; where a file has both names, the former one stays."""
    for name in _names(data):
        if name in _TODAYS_NAMES and _TODAYS_NAMES[name] not in _names(data):
            data = _moved(data, name, todays_name(name, known, f"{file}: {name}"))
    return data


def under_former_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`settings` with former names, of which fingerprints are made: what earlier versions saved stays usable."""
    found = dict(settings)
    for name in _names(found):
        if name in FORMER_NAMES:
            found = _moved(found, name, FORMER_NAMES[name])
    return found


def _names(tree: Mapping[str, Any]) -> list[str]:
    return list(_walk(tree, ""))


def _walk(tree: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, value in tree.items():
        if "." in name:  # a key that is refused
            continue
        yield f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _walk(value, f"{above}{name}.")


def _moved(tree: Mapping[str, Any], name: str, to: str) -> dict[str, Any]:
    """The tree with one name changed within its section, in its place."""
    first, _, rest = name.partition(".")
    if rest:
        return {**tree, first: _moved(tree[first], rest, to.partition(".")[2])}
    return {to if key == name else key: value for key, value in tree.items()}
