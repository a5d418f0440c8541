"""A broker and a webhook that fail, beside `reid live`: every event arrives, or is reported as not delivered.

    python -m tests.rehearsals.live_receivers --output receivers.json

Needs mosquitto. The rendered films are played as live cameras. A real broker takes events over a line that is cut for
some seconds; a web server takes every second request on average, and answers 503 or hangs up else. Once the films are
over, the ids in events.jsonl are compared with those that arrived: none may be missing that the program's last
table does not count as given up or dropped, and none may arrive that was never written. Ids that arrived twice are
counted: a confirmation that was lost makes a second delivery right.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.benchmarks.jobs import Report, table
from tests.outputs.events.mosquitto import PROGRAM, broker, line, listening
from tests.outputs.events.webhook_server import WebhookServer
from tests.rehearsals.live_run import FILM_S, LiveRun, Metrics, about, conclude, films

CUT_AFTER_S, CUT_S = 15.0, 8.0
ARRIVES_S = 2.0  # for what is on its way to the listener when the program has ended


class HalfTheTime(WebhookServer):
    """Takes one request and fails at another, by chance."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        self.mode = self._chance.choice(("take", "take", "status", "drop"))
        self.status = 200 if self.mode == "take" else 503
        super().serve(request)


def outcome(
    name: str, written: Sequence[str], arrived: Sequence[str], told: Sequence[Sequence[Any]]
) -> Report:
    """What became of the events for one receiver."""
    sent, given_up, gone = next(row[1:] for row in told if row[0] == name)
    missing = set(written) - set(arrived)
    return {
        "receiver": name,
        "written": len(written),
        "arrived": len(set(arrived) & set(written)),
        "missing": len(missing),
        "unknown": len(set(arrived) - set(written)),
        "twice": sum(count > 1 for count in Counter(arrived).values()),
        "in_order": list(dict.fromkeys(arrived)) == [one for one in written if one in set(arrived)],
        "sent": sent,
        "given_up": given_up,
        "dropped": gone,
        "all_counted": sent + given_up + gone == len(written),
        "all_explained": len(missing) <= given_up + gone,
    }


def rehearse(folder: Path, seed: int) -> Report:
    server = HalfTheTime(seed)
    server.start()
    with broker(folder) as mosquitto, listening(mosquitto.port) as listener, line(mosquitto.port) as wire:
        words = (
            f"--events.webhook.url={server.url}",
            f"--events.mqtt.address=mqtt://127.0.0.1:{wire.port}",
            "--events.outbox.first_wait_s=0.1",
            "--events.outbox.longest_wait_s=2",
        )
        run = LiveRun(films(), folder / "live", words)
        try:
            run.wait_for_frames()
            time.sleep(CUT_AFTER_S)
            wire.cut()
            time.sleep(CUT_S)
            during, wire.open = queues(run.metrics()), True
            run.wait(4 * FILM_S)
        finally:
            run.kill()
        time.sleep(ARRIVES_S)
        status = listener.status
        arrived = {"webhook": list(server.ids), "mqtt": list(listener.ids)}
    server.stop()
    written = [event["id"] for event in run.events()]
    told = run.summary("events")
    return {
        "receivers": [outcome(name, written, ids, told) for name, ids in arrived.items()],
        "requests": server.requests,
        "while_the_line_was_cut": during,
        "connections_to_the_broker": wire.connections,
        "last_status": status,
    }


def queues(metrics: Metrics) -> dict[str, int]:
    """Events that wait, by receiver."""
    return {key[1]: int(n) for key, n in metrics.items() if key[0] == "reid_queue_waiting"}


def missed(report: Report) -> Iterator[str]:
    for one in report["receivers"]:
        if not (one["all_counted"] and one["all_explained"]):
            yield f"{one['receiver']}: {one['missing']} of {one['written']} events are missing; counted: {one}"
        if one["unknown"]:
            yield f"{one['receiver']}: {one['unknown']} events arrived that were never written"
    if report["last_status"] != "offline":
        yield f"the broker's last word on the program is '{report['last_status']}', not 'offline'"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    if PROGRAM is None:
        sys.exit("this rehearsal cannot be run: mosquitto is not installed")
    report = about()
    with tempfile.TemporaryDirectory() as folder:
        report |= rehearse(Path(folder), told.seed)
    rows = report["receivers"]
    print(table(list(rows[0]), [list(row.values()) for row in rows]))
    print(
        f"waiting while the line was cut: {report['while_the_line_was_cut']}; requests: {report['requests']}"
    )
    return conclude(told.output, report, missed(report))


if __name__ == "__main__":
    sys.exit(main())
