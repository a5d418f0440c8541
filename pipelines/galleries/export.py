"""The journal and the decisions of a gallery as JSON or CSV, for other programs."""

import csv
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.job_configs import JournalFormat
from pipelines.runtime.progress import Progress
from reid import json_text
from reid.errors import InputError
from reid.outputs.atomic import write_text
from reid.store.records import Decision, JournalEntry
from reid.types import person_name

JOURNAL = ("at", "event", "person", "run", "detail")
DECISIONS = ("number", "at", "kind", "person", "other", "label", "by", "undone")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take a cell that begins so for

Row = Mapping[str, object]


def chosen_format(format: JournalFormat | None, output: Path | None) -> JournalFormat:
    """The format that was asked for, else the one that the file's name says.

    Raises:
        InputError: the two differ, or neither says how the file is to be written.
    """
    if output is None:
        return format or "table"
    named = {".json": "json", ".csv": "csv"}.get(output.suffix)
    if named is None or format not in (None, named):
        wrong = format or output.suffix or "nothing"
        raise InputError(f"--output {output}: must end with .json or .csv, as --format says, not {wrong}")
    if os.path.lexists(output):
        raise InputError(f"--output {output}: is there already; name a new file")
    return "json" if named == "json" else "csv"


def export(
    rows: Sequence[Row],
    columns: Sequence[str],
    format: JournalFormat,
    output: Path | None,
    progress: Progress,
) -> int:
    """Write rows to a new file, or to standard output."""
    text = json_text.dumps(rows, indent=1) + "\n" if format == "json" else _csv(rows, columns)
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(output, text)
        progress.answer(f"{len(rows)} written to {output}")
    return 0


def journal_rows(entries: Sequence[JournalEntry]) -> list[Row]:
    """The journal, by the names in JOURNAL."""
    return [
        {
            "at": one.at,
            "event": one.event,
            "person": _name(one.person_id),
            "run": one.run_id,
            "detail": one.detail,
        }
        for one in entries
    ]


def decision_rows(decisions: Sequence[Decision]) -> list[Row]:
    """Decisions, by the names in DECISIONS."""
    return [
        {
            "number": one.number,
            "at": one.at,
            "kind": one.kind,
            "person": _name(one.person_id),
            "other": _name(one.other_id),
            "label": one.label,
            "by": one.by,
            "undone": one.undone,
        }
        for one in decisions
    ]


def _name(person_id: int | None) -> str | None:
    return None if person_id is None else person_name(person_id)


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row[name]) for name in columns] for row in rows])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json_text.dumps(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
