"""Faults of files, processes and callers, each against real processes: what happened, and whether it was right.

    python -m tests.rehearsals.faults --output faults.json
    python -m tests.rehearsals.faults --output faults.json --only worker --only disk

Each fault is a function in one of the modules `fault_files`, `fault_disks` and `fault_callers`; it gets an empty
folder, returns a sentence, and raises AssertionError where `reid` did the wrong thing.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.jobs import Report, table
from tests.rehearsals import fault_callers, fault_disks, fault_files
from tests.rehearsals.live_run import about, conclude

Fault = Callable[[Path], str]
FAULTS: dict[str, Fault] = {**fault_files.FAULTS, **fault_disks.FAULTS, **fault_callers.FAULTS}


def rehearse(faults: dict[str, Fault]) -> list[Report]:
    found = []
    for name, fault in faults.items():
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                said, right = fault(Path(folder)), True
            except Exception as error:
                said, right = f"{type(error).__name__}: {error}", False
        found.append(
            {"fault": name, "right": right, "seconds": round(time.monotonic() - begun, 1), "said": said}
        )
        print(found[-1], file=sys.stderr, flush=True)
    return found


def missed(found: Sequence[Report]) -> Iterator[str]:
    for one in found:
        if not one["right"]:
            yield f"{one['fault']}: {one['said']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--only", action="append", default=[], help="faults whose name holds this word")
    told = parser.parse_args()
    chosen = {
        name: fault
        for name, fault in FAULTS.items()
        if not told.only or any(word in name for word in told.only)
    }
    report = about()
    report["faults"] = rehearse(chosen)
    head = ("fault", "right", "seconds", "said")
    print(table(head, [[one[name] for name in head] for one in report["faults"]]))
    return conclude(told.output, report, missed(report["faults"]))


if __name__ == "__main__":
    sys.exit(main())
