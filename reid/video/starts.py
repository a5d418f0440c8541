"""Start times of a site's recordings, as the user says, else as their containers, else as their file names do.

Export programs write when they exported, not when it was recorded. So a time that was found counts only where every
camera has one and they overlap; within a camera, only where its files do not lie over each other.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reid.camera_config import SourceConfig
from reid.errors import InputError
from reid.video.recorded import CONTAINER, EITHER, GIVEN, NAME, RecordedTime, Timeline, find, timelines
from reid.video.source import Source
from reid.wall_clock import WallClock

CENTURY_S = 3.2e9
AGREE_S = 2.0  # a name and a container that say the same may differ by this


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A site's recordings where they stand in time."""

    sources: tuple[Source, ...]
    clock: WallClock | None  # None: it is not known when second 0 was
    kinds: Mapping[str, str | None]  # who says a camera's start, by name; None: all begin together
    warnings: tuple[str, ...]


def place(sources: Sequence[Source], config: SourceConfig) -> Placed:
    """Place the recordings on one clock, whose second 0 is when the first camera began.

    Raises:
        InputError: `config.started_at` names no camera, or leaves one out that nothing else relates to the others;
            a file is no video.
    """
    names = [source.camera_id for source in sources]
    _check_names(config.started_at, names)
    found = {source.camera_id: find(source, config) for source in sources}
    lines = {name: timelines(files) for name, files in found.items()}
    given = {name: _given(found[name], lines[name], at) for name, at in config.started_at.items()}
    best = {name: next(iter(own.values())) for name, own in lines.items() if own} | given
    named = {name: own[NAME] for name, own in lines.items() if NAME in own} | given
    site = next((one for one in (best, named) if len(one) == len(names) and _overlap(one, given)), None)
    if site is None and given:
        raise InputError(_unrelated(names, given, best))
    used = site or _kept_apart(best, named, names)
    warnings = _warnings(found, lines, used, given)
    if site is None and best and len(names) > 1:
        warnings.append(_together(names, best, found))
    if site is not None:
        _check_offsets(sources)
    zero_s = min(line.begins_s[0] for line in site.values()) if site else 0.0
    zone = config.timezone or next((f"{at:%z}" for at in config.started_at.values()), None)
    return Placed(
        sources=tuple(
            _placed(source, used.get(source.camera_id), zero_s if site else None) for source in sources
        ),
        clock=WallClock(zero_s=zero_s, zone=zone) if site else None,
        kinds={name: site[name].kind if site else None for name in names},
        warnings=tuple(warnings),
    )


def _placed(source: Source, line: Timeline | None, zero_s: float | None) -> Source:
    if line is None:
        return source
    first_s = line.begins_s[0]
    start_s = 0.0 if zero_s is None else round(first_s - zero_s, 3)
    if len(line.files) == 1:
        return replace(source, start_s=start_s)
    begins_s = tuple(round(begin_s - first_s, 3) for begin_s in line.begins_s)
    return replace(source, start_s=start_s, files=line.files, begins_s=begins_s)


def _given(found: Sequence[RecordedTime], lines: Mapping[str, Timeline], at: datetime) -> Timeline:
    """Start of a camera that the user gave; its other files keep their times from the first, if they have any."""
    start_s = at.timestamp()
    if lines:
        return next(iter(lines.values())).moved_to(start_s)
    end_s = start_s + sum(one.length_s for one in found)
    return Timeline(kind=GIVEN, files=(found[0].path,), begins_s=(start_s,), end_s=end_s)


def _overlap(site: Mapping[str, Timeline], given: Mapping[str, Timeline]) -> bool:
    """Whether the cameras' stretches hang together; starts that were all given need not."""
    if len(given) == len(site):
        return True
    spans = sorted((line.begins_s[0], line.end_s) for line in site.values())
    until_s = spans[0][1]
    for begin_s, end_s in spans[1:]:
        if begin_s > until_s:
            return False
        until_s = max(until_s, end_s)
    return True


def _kept_apart(
    best: Mapping[str, Timeline], named: Mapping[str, Timeline], names: Sequence[str]
) -> dict[str, Timeline]:
    """The timelines that still hold within cameras that begin together.

    Where all have a time and yet do not overlap, containers carry times of exports: gaps between files, too.
    """
    exported = len(best) == len(names)
    return {name: line for name, line in (named if exported else best).items() if len(line.files) > 1}


# what is told ---


def _warnings(
    found: Mapping[str, Sequence[RecordedTime]],
    lines: Mapping[str, Mapping[str, Timeline]],
    used: Mapping[str, Timeline],
    given: Mapping[str, Timeline],
) -> list[str]:
    said = []
    for name, files in found.items():
        line = used.get(name)
        if name not in given:
            said += _disagreement(name, files, line)
        if len(files) == 1:
            continue
        silent = [one.path for one in files if one.by(EITHER) is None]
        one_after_the_other = "its files are played one after the other, in the order given"
        if silent and len(silent) < len(files):
            said.append(f"{name}: {silent[0]} says nothing of when it was recorded, so {one_after_the_other}")
        elif not silent and not lines[name]:
            said.append(
                f"{name}: by the times in them its files lie over each other, as those of exports do, so "
                f"{one_after_the_other}; times in their names would count"
            )
        elif line is not None and len(line.files) > 1 and line.files != tuple(one.path for one in files):
            order = ", ".join(path.name for path in line.files)
            said.append(f"{name}: its files are played in the order of their times, not as given: {order}")
    return said


def _disagreement(name: str, files: Sequence[RecordedTime], line: Timeline | None) -> list[str]:
    """Sentence about the first file whose name and container disagree."""
    for one in files:
        if one.name_s is None or one.container_s is None or abs(one.name_s - one.container_s) <= AGREE_S:
            continue
        counts = (
            "neither counts"
            if line is None
            else f"the {CONTAINER if line.kind == EITHER else line.kind} counts"
        )
        return [
            f"{name}: {one.path} was recorded {_utc(one.name_s)} by its name and {_utc(one.container_s)} by its "
            f"container; {counts}; source.timezone is the zone of names, --started-at {name}=TIME settles it"
        ]
    return []


def _together(
    names: Sequence[str], best: Mapping[str, Timeline], found: Mapping[str, Sequence[RecordedTime]]
) -> str:
    """Why all cameras begin together although some say when they began."""
    silent = next((name for name in names if name not in best), None)
    if silent is None:
        first = ", ".join(f"{name} {_utc(best[name].begins_s[0])} ({best[name].kind})" for name in names[:4])
        why = f"by their own times the cameras do not overlap: {first}"
    else:
        known = next(iter(best))
        unclear = next((one.unclear for one in found[silent] if one.unclear), "")
        why = f"{known} says when it began ({best[known].kind}), {silent} does not"
        why += f" ({unclear!r} in its name may be day or month first)" if unclear else ""
    return (
        f"{why}; so all cameras are taken to begin together; --started-at NAME=TIME for each sets them apart"
    )


def _unrelated(names: Sequence[str], given: Mapping[str, Timeline], best: Mapping[str, Timeline]) -> str:
    missing = [name for name in names if name not in given]
    silent = next((name for name in missing if name not in best), None)
    if silent is not None:
        why = f"nothing says when {silent} began"
    else:
        own = best[missing[0]]
        why = f"{missing[0]} began {_utc(own.begins_s[0])} by its {own.kind}, which does not overlap with it"
    name = silent or missing[0]
    return f"source.started_at: names {next(iter(given))}, but {why}; give it too: --started-at {name}=TIME"


def _utc(unix_s: float) -> str:
    return WallClock(zero_s=unix_s, zone="UTC").at(0).strftime("%Y-%m-%d %H:%M:%S UTC")


def _check_offsets(sources: Sequence[Source]) -> None:
    for source in sources:
        if abs(source.offset_s) > CENTURY_S:
            raise InputError(
                f"offset_s: {source.offset_s:g} for '{source.camera_id}' is over a century; offsets mend clocks, "
                "started_at says when a camera began"
            )


def _check_names(started_at: Mapping[str, datetime], names: Sequence[str]) -> None:
    for name in started_at:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
            raise InputError(f"started_at: no camera is called '{name}'; did you mean '{near}'?")
