"""A real RTSP server that plays recordings in a loop, by the clock on the wall, and misbehaves when it is told to.

    /usr/bin/python3 tests/rehearsals/rtsp_server.py PORT NAME=UNITS,SMALL_UNITS ...

Needs gi with GstRtspServer (Debian: gir1.2-gst-rtsp-server-1.0, python3-gi), which only the system's Python has,
and nothing else. UNITS are files as `tests.rehearsals.access_units` writes them; the second is another, smaller
recording. Port 0: a free one. It prints one JSON object a line: first the port, then an answer to each line on
standard input:

    stall NAME      send nothing, without hanging up
    garbage NAME    noise where coded frames are
    small NAME      the smaller recording, from its next key frame on
    play NAME       what NAME stands for, from the next key frame on
    count           how many frames of each camera were sent

It ends where standard input does. Every camera is one medium that its clients share; which frame is due is said
by the clock alone, so cameras stay in step, also after the server was killed and has begun again.
"""

import json
import random
import struct
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

# multifilesrc would give all packets one time; here every buffer has its own
LAUNCH = (
    "( appsrc name=units is-live=true format=time max-bytes=0"
    " caps=video/x-h264,stream-format=byte-stream,alignment=au"
    " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
)
TICK_MS = 10
HEAD = 200  # bytes of a unit that garbage leaves: parameter sets, and the beginning of the frame
MOST_LATE = 24  # frames that are sent at once after the clock went on without us; beyond, they are skipped


class Recording:
    """Access units at an even rate; some begin with a key frame."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.fps = struct.unpack(">d", file.read(8))[0]
            self.units = []
            while head := file.read(5):
                key, size = struct.unpack(">?I", head)
                self.units.append((key, file.read(size)))


class Camera:
    """One mount point. GLib's loop ticks it; threads of the server give and take its medium."""

    def __init__(self, name, recordings):
        self.name, self.recordings = name, recordings
        self.mode, self.sent = "play", 0
        self._source = None
        self._rng = random.Random(name)
        self._begin()

    def factory(self):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(LAUNCH)
        factory.set_shared(True)
        factory.connect("media-configure", lambda _factory, media: self._configured(media))
        return factory

    def command(self, mode):
        self.mode = mode
        self._begin()

    def tick(self):
        recording = self._recording
        due = int(time.time() * recording.fps)
        source = self._source
        if source is None or self.mode == "stall" or due - self._number > MOST_LATE:
            self._number, self._waits = due, True
            return
        while self._number < due:
            self._number += 1
            key, unit = recording.units[self._number % len(recording.units)]
            self._waits = self._waits and not key
            if not self._waits:
                self._push(source, unit, recording.fps)

    def _begin(self):
        self._recording = self.recordings["small" if self.mode == "small" else "play"]
        self._number, self._waits = int(time.time() * self._recording.fps), True

    def _configured(self, media):
        self._origin = None
        media.connect("unprepared", lambda _media: self._unprepared(source))
        self._source = source = media.get_element().get_by_name("units")

    def _unprepared(self, source):
        if self._source is source:
            self._source = None

    def _push(self, source, unit, fps):
        if self.mode == "garbage" and len(unit) > HEAD:
            unit = unit[:HEAD] + bytes(self._rng.choices(range(1, 256), k=len(unit) - HEAD))
        if self._origin is None:
            clock = source.get_clock()
            now = clock.get_time() - source.get_base_time() if clock else 0
            self._origin = now - int(self._number / fps * Gst.SECOND)
        buffer = Gst.Buffer.new_wrapped(unit)
        buffer.pts = self._origin + int(self._number / fps * Gst.SECOND)
        buffer.duration = int(Gst.SECOND / fps)
        if source.emit("push-buffer", buffer) == Gst.FlowReturn.OK:
            self.sent += 1


def obey(cameras, line):
    """What to answer to a line of standard input."""
    command, _, name = line.strip().partition(" ")
    if command == "count":
        return {"sent": {camera.name: camera.sent for camera in cameras.values()}}
    if command not in ("stall", "garbage", "small", "play") or name not in cameras:
        return {"error": "no such command or camera"}
    cameras[name].command(command)
    return {"done": line.strip()}


def say(content):
    print(json.dumps(content), flush=True)


def listen(cameras, loop):
    """Pass on what standard input says, in a thread of its own."""
    for line in sys.stdin:
        GLib.idle_add(lambda line=line: say(obey(cameras, line)) or False)
    GLib.idle_add(loop.quit)


def main():
    port, *arguments = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.get_thread_pool().set_max_threads(16)  # who waits for a camera that stalls must not hold up others
    cameras = {}
    for argument in arguments:
        name, _, paths = argument.partition("=")
        play, _, small = paths.partition(",")
        cameras[name] = Camera(name, {"play": Recording(play), "small": Recording(small or play)})
        server.get_mount_points().add_factory("/" + name, cameras[name].factory())
    if not server.attach(None):
        sys.exit(f"port {port} cannot be listened on")
    loop = GLib.MainLoop()
    GLib.timeout_add(TICK_MS, lambda: [camera.tick() for camera in cameras.values()] and True)
    threading.Thread(target=listen, args=(cameras, loop), daemon=True).start()
    say({"port": server.get_bound_port()})
    loop.run()


if __name__ == "__main__":
    main()
