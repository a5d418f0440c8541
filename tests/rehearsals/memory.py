"""Peak memory of `reid video` for a recording, and for the same recording looped to many times its length.

    python -m tests.rehearsals.memory --detector DIR --encoder FILE --output memory.json --fps 4 --times 10

The recording is looped by copying its packets, so nothing is encoded anew. One worker, so that the figures
do not depend on the number of cores. Every 0.2 s the proportional set sizes (PSS: shared pages are counted
once) of the parent and its workers are added up, stage by stage; the kernel's own peak of every process
(VmHWM, which is ru_maxrss) is noted too. Frames are sampled with --fps to keep the time bearable: what grows,
grows with tracks and processed frames, and both have ten times as many of these.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import av

from reid.shipped import demo_recording
from tests.rehearsals.kill import ROOT, in_group

EVERY_S = 0.2
MIB = 1 << 20


def loop(source: Path, target: Path, times: int) -> Path:
    """The packets of `source`, `times` over, with ascending times."""
    with av.open(str(target), "w") as out:
        copy = None
        for round_ in range(times):
            with av.open(str(source)) as container:
                stream = container.streams.video[0]
                copy = copy or out.add_stream_from_template(stream)
                length = stream.duration
                for packet in container.demux(stream):
                    if packet.size:
                        packet.pts += round_ * length
                        packet.dts += round_ * length
                        packet.stream = copy
                        out.mux(packet)
    return target


def kilobytes(file: Path, field: str) -> int:
    """A field of a file in /proc; 0 where the process has just ended."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def sample(group: int) -> Iterator[tuple[int, int, int]]:
    """Process, PSS and peak RSS so far, in bytes."""
    for process in in_group(group):
        folder = Path("/proc") / str(process)
        peak = kilobytes(folder / "status", "VmHWM:")
        yield process, kilobytes(folder / "smaps_rollup", "Pss:") * 1024, peak * 1024


def stage(results: Path) -> str:
    if (results / "identities.json").exists():
        return "rendering"
    return "linking and writing" if (results / "cameras" / "cam1.npz").exists() else "following"


def measure(recording: Path, words: list[str], folder: Path) -> dict[str, Any]:
    """One run with a single worker; peaks in MiB."""
    command = [sys.executable, "-m", "pipelines.cli", "video", f"cam1={recording}", "--output", str(folder)]
    began, peaks = time.monotonic(), dict[int, int]()
    totals: dict[str, list[int]] = {}
    with subprocess.Popen(
        [*command, "--workers", "1", *words, "--quiet"], cwd=ROOT, start_new_session=True
    ) as process:
        while process.poll() is None:
            total = 0
            for one, pss, peak in sample(process.pid):
                total += pss
                peaks[one] = max(peak, peaks.get(one, 0))
            totals.setdefault(stage(folder), []).append(total)
            time.sleep(EVERY_S)
        if process.returncode:
            raise RuntimeError(f"reid video ended with exit code {process.returncode}")
    run = json.loads((folder / "run.json").read_text())
    following = totals["following"]
    late = following[len(following) // 2 :]
    return {
        "seconds": round(time.monotonic() - began, 1),
        "frames": run["cameras"]["cam1"]["frames"],
        "tracklets": run["cameras"]["cam1"]["tracklets"],
        "peak_pss_mib": {name: round(max(values) / MIB, 1) for name, values in totals.items()},
        "median_pss_second_half_of_following_mib": round(median(late) / MIB, 1),
        "last_pss_of_following_mib": round(following[-1] / MIB, 1),
        "peak_rss_mib": {
            "parent": round(peaks[process.pid] / MIB, 1),
            "workers": sorted(round(v / MIB, 1) for pid, v in peaks.items() if pid != process.pid),
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--detector", required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--fps", type=float, default=4.0)
    parser.add_argument("--times", type=int, default=10)
    told = parser.parse_args()
    words = [f"--{name}={Path(getattr(told, name)).resolve()}" for name in ("detector", "encoder")]
    words.append(f"--fps={told.fps}")
    recording = demo_recording() / "cam1.mp4"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        once = measure(recording, words, folder / "once")
        print(json.dumps(once), file=sys.stderr, flush=True)
        looped = measure(loop(recording, folder / "cam1.mp4", told.times), words, folder / "looped")
    one, many = once["peak_pss_mib"], looped["peak_pss_mib"]
    ratios = {name: round(many[name] / one[name], 3) for name in one if name in many}
    report = {"fps": told.fps, "times": told.times, "once": once, "looped": looped, "ratio_of_peaks": ratios}
    told.output.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
