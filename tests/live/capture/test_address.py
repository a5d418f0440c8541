"""Where cameras are, and that credentials are nowhere to be seen."""

from pathlib import Path

import pytest

from reid.errors import InputError
from reid.live.capture.address import Credentials, parse_cameras, read_secrets, with_credentials

SECRET = Credentials(user="ad:min", password="p@ss/w ord")


@pytest.mark.parametrize(
    ("argument", "name", "kind", "url"),
    [
        ("lobby=rtsp://10.0.0.5/stream?a=b", "lobby", "rtsp", "rtsp://10.0.0.5/stream?a=b"),
        ("rtsp://cam-3.local:8554/x", "cam-3.local", "rtsp", "rtsp://cam-3.local:8554/x"),
        ("a=http://host/video.mjpg", "a", "http", "http://host/video.mjpg"),
        ("a=https://host/live/index.m3u8?t=1", "a", "hls", "https://host/live/index.m3u8?t=1"),
        ("desk=0", "desk", "device", "/dev/video0"),
        ("2", "device2", "device", "/dev/video2"),
        ("/dev/video7", "video7", "device", "/dev/video7"),
        ("front door=1", "front_door", "device", "/dev/video1"),
    ],
)
def test_addresses(argument: str, name: str, kind: str, url: str) -> None:
    (camera,) = parse_cameras([argument])
    assert (camera.camera_id, camera.kind, camera.url) == (name, kind, url)
    assert camera.secret_url == url


def test_a_file_is_played(tmp_path: Path) -> None:
    clip = tmp_path / "a=b.mp4"
    clip.touch()
    assert [(c.camera_id, c.kind, c.url) for c in parse_cameras([str(clip), f"x={clip}"])] == [
        ("a_b", "file", str(clip)),
        ("x", "file", str(clip)),
    ]


BAD = [
    ([], "no cameras given"),
    (["lobby=ftp://host/x"], "no camera speaks ftp://; use one of rtsp://, rtsps://, http://, https://"),
    (["lobby=rtsp:///x"], "the address has no host"),
    (["lobby=rtsp://host:port/x"], "not an address"),
    (["lobby="], "no address after '='; write lobby=rtsp://"),
    (["..=rtsp://h/x"], "'..' is no camera name"),
    (
        ["nothing.mp4"],
        "nothing.mp4: neither an address (rtsp://, http://), nor the number of a device, nor a file",
    ),
    (["a=0", "A=1"], "two cameras would be called 'A'"),
    (
        ["rtsp://h/1", "rtsp://h/2"],
        "two cameras would be called 'h'; name at least one, as in door=rtsp://h/2",
    ),
]


@pytest.mark.parametrize(("arguments", "why"), BAD, ids=lambda value: str(value)[:40])
def test_bad_addresses(arguments: list[str], why: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_cameras(arguments)
    assert why in str(raised.value)


def test_a_password_in_an_address_is_refused_without_being_said() -> None:
    with pytest.raises(InputError) as raised:
        parse_cameras(["front-door=rtsp://admin:hunter2@10.0.0.5/x"])
    said = str(raised.value)
    assert "rtsp://***@10.0.0.5/x" in said
    assert "REID_CAMERA_FRONT_DOOR_USER and REID_CAMERA_FRONT_DOOR_PASSWORD" in said
    assert "hunter2" not in said
    assert "admin" not in said


def test_only_ffmpeg_sees_credentials() -> None:
    (camera,) = with_credentials(parse_cameras(["lobby=rtsp://10.0.0.5:554/x"]), {"lobby": SECRET})
    assert camera.secret_url == "rtsp://ad%3Amin:p%40ss%2Fw%20ord@10.0.0.5:554/x"
    for shown in (repr(camera), str(camera), camera.url, repr(SECRET), f"{camera}"):
        assert "ord" not in shown
        assert "min" not in shown
    told = f"[Errno 111] refused: '{camera.secret_url}' (ad:min)"
    assert camera.hide(told) == "[Errno 111] refused: 'rtsp://***:***@10.0.0.5:554/x' (***)"


@pytest.mark.parametrize(
    ("argument", "host"),
    [
        ("rtsp://admin:pa/hunter2@10.0.0.5/x", "10.0.0.5"),
        ("rtsp://admin:p@hunter2@10.0.0.5/x", "10.0.0.5"),
        ("lobby=admin:hunter2@10.0.0.5", "10.0.0.5"),
        ("ftp://admin:hunter2@10.0.0.5/x", "10.0.0.5"),
        ("http://10.0.0.5/video.cgi?user=admin&pwd=hunter2", "10.0.0.5"),
        ("rtsp://10.0.0.5:554/user=admin_password=hunter2_channel=1", "10.0.0.5"),
    ],
)
def test_no_mistake_is_told_with_a_password(argument: str, host: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_cameras([argument])
    assert "hunter2" not in str(raised.value)
    assert "admin" not in str(raised.value)
    assert host in str(raised.value)


def test_credentials_that_belong_into_the_path() -> None:
    cameras = parse_cameras(["a=http://h/v.cgi?user={user}&pwd={password}&channel=1"])
    (camera,) = with_credentials(cameras, {"a": SECRET})
    assert camera.secret_url == "http://h/v.cgi?user=ad%3Amin&pwd=p%40ss%2Fw%20ord&channel=1"
    assert camera.shown == "http://h"
    with pytest.raises(InputError, match="nothing says what they are; set REID_CAMERA_A_USER and"):
        with_credentials(cameras, {})


def test_secrets_may_wait_for_their_camera() -> None:
    (camera,) = with_credentials(parse_cameras(["lobby=rtsp://h/x"]), {"yard": SECRET})
    assert camera.credentials is None


def test_secrets_from_file_and_environment(tmp_path: Path) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text("lobby: {user: a, password: b}\nyard: {user: c, password: '1 2'}\n", encoding="utf-8")
    environment = {
        "REID_CAMERA_FRONT_DOOR_USER": "u",
        "REID_CAMERA_FRONT_DOOR_PASSWORD": "",
        "REID_CAMERA_LOBBY_USER": "x",
        "REID_CAMERA_LOBBY_PASSWORD": "y",
        "REID_CAMERA_OTHER_USER": "z",
    }
    found = read_secrets(file, ["lobby", "yard", "front-door"], environment)
    assert found == {
        "lobby": Credentials(user="x", password="y"),
        "yard": Credentials(user="c", password="1 2"),
        "front-door": Credentials(user="u", password=""),
    }
    assert read_secrets(None, ["lobby"], {}) == {}
    file.write_text("lobby: {user: yes, password: 0123}", encoding="utf-8")  # not true and 83
    assert read_secrets(file, [], {}) == {"lobby": Credentials(user="yes", password="0123")}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("lobby: {user: a}", "'lobby' wants user and password, both, and nothing else"),
        ("lobby: hunter2", "'lobby' wants user and password"),
        ("- hunter2", "no secrets; write lines of name"),
        ("lobby: {user: hunter2", "not YAML"),
        ("lobby: {user: a, password: *hunter2}", "not YAML"),
        ("lobby: {user: a, password: [hunter2]}", "user and password of 'lobby' must be text"),
        ("lobby: {user: hunter2, password: }", "user and password of 'lobby' must be text"),
    ],
)
def test_bad_secrets_are_not_quoted(content: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_secrets(file, [], {})
    assert why in str(raised.value)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(InputError, match=r"none\.yaml: no such file; expected a YAML file of name: \{user"):
        read_secrets(tmp_path / "none.yaml", [], {})
    with pytest.raises(InputError, match="has REID_CAMERA_A_USER, but no REID_CAMERA_A_PASSWORD; set both"):
        read_secrets(None, ["a"], {"REID_CAMERA_A_USER": "x"})
