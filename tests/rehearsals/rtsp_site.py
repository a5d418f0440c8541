"""The rendered cameras behind a real RTSP server that can be killed, started again, and told to misbehave."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.rehearsals.access_units import write_units
from tests.rehearsals.live_run import CAMERAS, films

SYSTEM_PYTHON = "/usr/bin/python3"  # the one that Debian's gi is for
PROGRAM = Path(__file__).with_name("rtsp_server.py")
FPS = 12.0
_ASK = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def why_not() -> str | None:
    """Why no RTSP server can be run here, if so."""
    try:
        asked = subprocess.run([SYSTEM_PYTHON, "-c", _ASK], capture_output=True, timeout=30)
    except OSError:
        return f"there is no {SYSTEM_PYTHON}"
    return None if asked.returncode == 0 else "Debian's gir1.2-gst-rtsp-server-1.0 is not installed"


def prepare(folder: Path) -> list[str]:
    """Recordings as the server plays them; the words that tell it of them."""
    words = []
    for camera, film in films().items():
        play = write_units(film, folder / f"{camera}.units")
        small = write_units(film, folder / f"{camera}_small.units", shrink=2)
        words.append(f"{camera}={play},{small}")
    return words


class RtspSite:
    """The server as a process; `kill` and `start` may take turns, on one port."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def cameras(self) -> dict[str, str]:
        """Addresses by name."""
        return {camera: f"rtsp://127.0.0.1:{self._port}/{camera}" for camera in CAMERAS}

    def start(self) -> None:
        """Serve; returns once the port is open."""
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(PROGRAM), str(self._port), *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._port = int(self._answer()["port"])

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tell(self, command: str) -> dict[str, Any]:
        """Have a command done, see the program."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert "error" not in answer, answer
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the RTSP server has ended")
        return json.loads(line)  # type: ignore[no-any-return]
