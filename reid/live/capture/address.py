"""Where live cameras are, and how credentials reach them without being seen.

A user name and a password come from the environment or from a secrets file. They are put into the address only when
FFmpeg opens it, before the host or where the address has {user} and {password}, as cameras want them that are asked
by `cam.cgi?user=...`: nothing that is printed, logged, reported or shown in a list of processes holds them.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from reid.cache import utf8
from reid.errors import InputError
from reid.secret import masked, was_masked
from reid.text_file import read_text
from reid.video.source import camera_name, clean_name, split_stream
from reid.yaml_file import MOST_BYTES, parse_yaml

Kind = Literal["rtsp", "http", "hls", "device", "file"]
SCHEMES: Mapping[str, Kind] = {"rtsp": "rtsp", "rtsps": "rtsp", "http": "http", "https": "http"}
USER, PASSWORD = "{user}", "{password}"  # in an address: where credentials belong
# a password that is written out: `pwd=secret`, `user=admin_password=secret`
_TOLD = re.compile(r"(?:password|passwd|pass|pwd)=(?!\{password\}|&|$)", re.IGNORECASE)
_READ = "everybody on this machine can read a password that is part of a command or of a config"
_LINES = "name: {user: ..., password: ...}"  # of a secrets file
PREFIX = "REID_CAMERA_"  # of environment variables: REID_CAMERA_LOBBY_USER, REID_CAMERA_LOBBY_PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Credentials of a camera; never printed."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One camera's place."""

    camera_id: str  # safe as a file name
    kind: Kind
    url: str  # without credentials, {user} and {password} maybe in it; a path for files and devices
    credentials: Credentials | None = field(default=None, repr=False)
    stream: int | None = (
        None  # which of several video streams, counted from 0; None: the default or the largest
    )
    pixel_aspect: float | None = None  # width of a pixel by its height; None: what the stream states

    @property
    def secret_url(self) -> str:
        """With credentials, for FFmpeg alone: never print, log or keep it."""
        if self.credentials is None:
            return self.url
        user, password = quote(self.credentials.user, safe=""), quote(self.credentials.password, safe="")
        if USER in self.url or PASSWORD in self.url:
            return self.url.replace(USER, user).replace(PASSWORD, password)
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))

    @property
    def shown(self) -> str:
        """For people: of what a network is asked for only the server, as the rest may hold what lets one in."""
        if self.kind in ("device", "file"):
            return utf8(self.url).decode()
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def hide(self, text: str) -> str:
        """`text` without what must not be seen, should a library have put it there."""
        if self.credentials is None:
            return text
        for secret in (self.credentials.password, self.credentials.user):
            for form in (secret, quote(secret, safe="")):
                text = text.replace(form, "***") if form else text
        return text


def parse_cameras(arguments: Sequence[str]) -> tuple[Address, ...]:
    """The cameras that `arguments` describe, each `name=address` or an address alone, in the order given.

    An address is an rtsp://, rtsps://, http:// or https:// one (HLS if its path ends in .m3u8, MJPEG or whatever
    FFmpeg knows else, or a snapshot, one image, which is asked for again and again), the number or path of a video
    device, or a video file, which is played at its own speed. `#1` behind it chooses the second of several video
    streams.

    Raises:
        InputError: an address that is none, a password in one, a name twice or none at all.
    """
    if not arguments:
        raise InputError(
            "no cameras given: name addresses, devices or files, as in: reid live lobby=rtsp://10.0.0.5/stream "
            "desk=0; or put them into the config, as in cameras: [lobby=rtsp://10.0.0.5/stream]"
        )
    cameras: dict[str, Address] = {}
    for argument in arguments:
        address = _parse(argument)
        if address.camera_id.casefold() in {name.casefold() for name in cameras}:
            raise InputError(
                f"two cameras would be called '{address.camera_id}'; name at least one, as in "
                f"door={masked(address.url)}"
            )
        cameras[address.camera_id] = address
    return tuple(cameras.values())


def place_of(argument: str) -> str:
    """What `name=address`, or an address alone, says of where a camera is."""
    return _split(argument)[1]


def with_credentials(cameras: Sequence[Address], secrets: Mapping[str, Credentials]) -> tuple[Address, ...]:
    """The cameras with their credentials, given by name; those of cameras that are not there may wait for them.

    Raises:
        InputError: an address asks for credentials that are not given.
    """
    for camera in cameras:
        if camera.camera_id not in secrets and (USER in camera.url or PASSWORD in camera.url):
            raise InputError(
                f"{camera.camera_id}: its address has {USER} or {PASSWORD}, but nothing says what they are; "
                f"{_set(camera.camera_id)}"
            )
    return tuple(replace(camera, credentials=secrets.get(camera.camera_id)) for camera in cameras)


def with_aspects(cameras: Sequence[Address], aspects: Mapping[str, float]) -> tuple[Address, ...]:
    """The cameras with the pixel aspects that are set for them, by name."""
    return tuple(replace(camera, pixel_aspect=aspects.get(camera.camera_id)) for camera in cameras)


def read_secrets(
    file: Path | None, names: Sequence[str], environment: Mapping[str, str] = os.environ
) -> dict[str, Credentials]:
    """Credentials by camera name: from the environment, and from a YAML file of `name: {user: ..., password: ...}`.

    The environment wins. REID_CAMERA_FRONT_DOOR_USER and REID_CAMERA_FRONT_DOOR_PASSWORD are those of `front-door`.

    Args:
        names: of the cameras.

    Raises:
        InputError: the file is missing or is not such a file, or half of a pair is given. No value is quoted.
    """
    secrets = {} if file is None else _read_file(file)
    for name in names:
        begin = PREFIX + re.sub(r"\W", "_", name).upper()
        user, password = environment.get(f"{begin}_USER"), environment.get(f"{begin}_PASSWORD")
        if user is None and password is None:
            continue
        if user is None or password is None:
            there, missing = ("PASSWORD", "USER") if user is None else ("USER", "PASSWORD")
            raise InputError(f"the environment has {begin}_{there}, but no {begin}_{missing}; set both")
        secrets[name] = Credentials(user=user, password=password)
    return secrets


def _parse(argument: str) -> Address:
    name, place = _split(argument)
    if place.isdecimal():
        return Address(camera_id=name or f"device{place}", kind="device", url=f"/dev/video{place}")
    if place.startswith("/dev/"):
        return Address(camera_id=name or clean_name(Path(place).name), kind="device", url=place)
    place, stream = split_stream(place, lambda text: "://" not in text and _is_file(at_home(text)))
    if "://" in place:
        return replace(_stream(name, place), stream=stream)
    path = at_home(place)
    if not _is_file(path):
        raise InputError(
            f"{masked(argument)}: neither an address (rtsp://, http://), nor the number of a device, nor a file"
        )
    return Address(
        camera_id=name or clean_name(path.stem) or "camera", kind="file", url=str(path), stream=stream
    )


def _stream(name: str | None, place: str) -> Address:
    scheme, _, _ = place.partition("://")
    kind = SCHEMES.get(scheme.lower())
    shown = masked(place)
    if kind is None:
        raise InputError(
            f"{shown}: no camera speaks {scheme}://; use one of {', '.join(f'{s}://' for s in SCHEMES)}"
        )
    try:
        parts = urlsplit(place)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{shown}: not an address ({error})") from None
    if not host:
        raise InputError(f"{shown}: the address has no host; write {scheme}://10.0.0.5/...")
    camera_id = name or clean_name(unquote(host))
    if "@" in parts.netloc:
        raise InputError(f"{shown}: {_READ}; {_set(camera_id)}, and leave it out of the address")
    if told := _TOLD.search(place):
        raise InputError(
            f"{scheme}://{host}/... with {told[0]}: {_READ}; {_set(camera_id)}, and write {USER} and {PASSWORD} "
            "in their places"
        )
    if was_masked(place):
        raise InputError(
            f"{shown}: *** stands where a part was hidden when it was printed; write that part again"
        )
    if kind == "http" and parts.path.lower().endswith((".m3u8", ".m3u")):
        kind = "hls"
    return Address(camera_id=camera_id, kind=kind, url=place)


def _set(camera_id: str) -> str:
    begin = PREFIX + re.sub(r"\W", "_", camera_id).upper()
    return f"set {begin}_USER and {begin}_PASSWORD in the environment, or name a secrets file"


def _split(argument: str) -> tuple[str | None, str]:
    """Camera name or None, and the rest; an address may hold '=' itself."""
    name, equals, place = argument.partition("=")
    if not equals or "/" in name or _is_file(Path(argument)):
        return None, argument
    if not place:
        raise InputError(f"{argument}: no address after '='; write {name or 'name'}=rtsp://...")
    return camera_name(name, argument), place


def at_home(place: str) -> Path:
    """A path whose ~ has been read; as it stands where nothing says whose home is meant."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long to be one, or in a folder that is closed to us
        return False


def _read_file(path: Path) -> dict[str, Credentials]:
    text = read_text(path, f"a YAML file of {_LINES}", most=MOST_BYTES)
    try:
        content = parse_yaml(text, str(path))
    except InputError:
        # the parser's own words would quote the line
        raise InputError(f"{path}: not YAML; write lines of {_LINES}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: no secrets; write lines of {_LINES}")
    found = {}
    for name, pair in content.items():
        if not isinstance(pair, dict) or set(pair) != {"user", "password"}:
            raise InputError(f"{path}: '{name}' wants user and password, both, and nothing else")
        if not all(isinstance(value, str) for value in pair.values()):
            raise InputError(f"{path}: user and password of '{name}' must be text; quote them, as in '...'")
        found[name] = Credentials(user=pair["user"], password=pair["password"])
    return found
