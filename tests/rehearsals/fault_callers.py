"""Processes that stop or die, receivers and callers that misbehave, users without a home, networks of strangers."""

import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from tests.rehearsals.command_run import SHORT, command, recordings, run, start
from tests.rehearsals.kill import in_group
from tests.rehearsals.live_run import LiveRun, films
from tests.test_home import UID, as_stranger

CAMERAS = ("cam1", "cam2", "cam3")
STOP_S = 10.0
IDLE = 1100


def _workers(parent: int, most_s: float = 60.0) -> list[int]:
    """Processes that a command has started, once they have used some seconds of a core."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        found = [one for one in in_group(parent) if one != parent and _cpu_s(one) > 3.0]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no worker was seen")


def _cpu_s(process_id: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def killed_worker(folder: Path) -> str:
    """The other cameras finish; the same command goes on from there."""
    films_of = recordings(folder / "in", CAMERAS)
    out, log = folder / "out", folder / "log"
    words = ("video", *films_of, "--end", "15", "--fps", "8", "--no-video", "--workers", "2", "--output", out)
    process = start(*words, log=log)
    os.kill(_workers(process.pid)[0], signal.SIGKILL)
    code = process.wait(300)
    said = log.read_text(errors="replace")
    assert code != 0, "a killed worker went unnoticed"
    assert "Traceback" not in said, said[-800:]
    finished = sorted(path.stem for path in (out / "cameras").glob("*.npz"))
    assert len(finished) >= 2, f"only {finished} were finished; {said[-600:]}"
    again = run(*words).done()
    assert again.said.count("frames; done before") == len(finished), again.said
    return f"exit code {code}, finished {finished}: {said.strip().splitlines()[-1]}"


def stopped_worker(folder: Path) -> str:
    """A worker that was stopped (SIGSTOP) does not keep the parent from ending."""
    films_of = recordings(folder / "in", CAMERAS)
    words = ("video", *films_of, "--no-video", "--workers", "2", "--output", folder / "out")
    process = start(*words, log=folder / "log")
    os.kill(_workers(process.pid)[0], signal.SIGSTOP)
    time.sleep(1)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(60)
    seconds = time.monotonic() - begun
    time.sleep(1)
    left = in_group(process.pid)
    for one in left:
        os.kill(one, signal.SIGKILL)
    assert seconds < STOP_S, f"{seconds:.1f} s"
    assert not left, f"left behind: {left}"
    return f"ended with {code} {seconds:.1f} s after SIGTERM, no process left"


def endless_webhook(folder: Path) -> str:
    """A receiver that answers a byte a second and one that says `100 Continue` for ever: the site stops in time."""
    said = []
    for name, answer in (("drip", b"X"), ("continue", b"HTTP/1.1 100 Continue\r\n\r\n")):
        with _answering(answer) as port:
            site = LiveRun(
                {"cam1": films()["cam1"]},
                folder / name,
                [f"--events.webhook.url=http://127.0.0.1:{port}/hook"],
            )
            try:
                site.wait_for_frames()
                time.sleep(15)
                code, seconds = site.stop()
                assert (code, seconds < 5.0) == (0, True), (code, seconds)
                rows = {row[0]: row[1:] for row in site.summary("events")}
                hook = next(counts for name, counts in rows.items() if "hook" in str(name))
                assert hook[0] == 0, rows
                said.append(f"{name}: ended in {seconds:.1f} s, {hook[1]} given up, {hook[2]} dropped")
            finally:
                site.kill()
    return "; ".join(said)


class _answering:
    """A port whose every connection gets `answer` again and again, slowly, for ever."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> int:
        return int(self._server.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._over.is_set():
                taken, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with suppress(OSError), closing(taken):
            while not self._over.wait(0.5):
                taken.sendall(self._answer)


def idle_connections(folder: Path) -> str:
    """1,100 idle connections to the page: frames go on, /health answers again once they are gone."""
    site = LiveRun(films(), folder / "live")
    idle: list[socket.socket] = []
    try:
        site.wait_for_frames()
        port = int(site.page().rpartition(":")[2])
        for _ in range(IDLE):
            one = socket.socket()
            one.settimeout(2)
            with suppress(OSError):
                one.connect(("127.0.0.1", port))
            idle.append(one)
        time.sleep(8)
        events = len(site.events())
        for one in idle:
            one.close()
        metrics = site.metrics()
        disconnects = sum(
            value for key, value in metrics.items() if key[0].startswith("reid_camera_disconnects")
        )
        assert metrics, "the page does not answer after the connections are gone"
        assert disconnects == 0, f"{disconnects} cameras lost"
        code, _ = site.stop()
        assert code == 0
    finally:
        for one in idle:
            one.close()
        site.kill()
    return f"{IDLE} idle connections, no camera lost, {events} events told meanwhile"


def large_body(folder: Path) -> str:
    """600 MiB sent to the page without a token: refused early, memory stays."""
    site = LiveRun(films(), folder / "live")
    try:
        site.wait_for_frames()
        port = int(site.page().rpartition(":")[2])
        before, sent = site.pss_mib(), 0
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            one.sendall(
                b"POST /api/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Reid: 1\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            block = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
            with suppress(OSError):
                for _ in range(600):
                    one.sendall(block)
                    sent += 1
            with suppress(OSError):
                answer = one.recv(200).decode(errors="replace").partition("\r\n")[0]
        after = site.pss_mib()
        assert sent < 100, f"{sent} MiB were taken"
        assert after - before < 100, f"memory grew by {after - before:.0f} MiB"
        assert site.metrics()
        site.stop()
    finally:
        site.kill()
    return (
        f"cut off after {sent} MiB, {answer or 'connection closed'}; memory {before:.0f} -> {after:.0f} MiB"
    )


def nobody_without_home(folder: Path) -> str:
    """A user without a passwd entry and without HOME, as in containers."""
    folder.chmod(0o1777)
    (film,) = recordings(folder / "in")
    done = as_stranger(command("video", film, *SHORT, "--output", folder / "out"), {}, folder)
    assert done.returncode == 0, (done.stdout + done.stderr)[-800:]
    assert (folder / "out" / "run.json").stat().st_uid == UID
    return next(line for line in done.stderr.splitlines() if "is used instead" in line)


class _Evil:
    """Pickled code that leaves a mark when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.system, (f"touch {self._mark}",)


def evil_weights(folder: Path) -> str:
    """Networks that run code when they are loaded are refused by every command, and nothing runs."""
    import torch

    (film,) = recordings(folder / "in")
    mark, refused = folder / "mark", []
    torch.save({"model": _Evil(mark)}, folder / "evil.pt")
    (folder / "plain.pth").write_bytes(pickle.dumps(_Evil(mark)))
    for file in (folder / "evil.pt", folder / "plain.pth"):
        for words in (
            ("video", film, "--detector", file, *SHORT, "--output", folder / "out"),
            ("video", film, "--encoder", file, *SHORT, "--output", folder / "out"),
            ("live", f"a={film}", "--detector", file, "--output", folder / "live", "--listen", "null"),
            ("quantise", file, folder / "in", folder / "small.xml"),
        ):
            ended = run(*words)
            assert not mark.exists(), f"{words[:3]} ran the code"
            ended.refused()
            refused.append(words[0])
    return f"{len(refused)} commands refused it, no code ran"


FAULTS: dict[str, Callable[[Path], str]] = {
    "a killed worker": killed_worker,
    "a stopped worker": stopped_worker,
    "a webhook without an end": endless_webhook,
    "1,100 idle connections": idle_connections,
    "a body of 600 MiB": large_body,
    "a user without a home": nobody_without_home,
    "weights that run code": evil_weights,
}
