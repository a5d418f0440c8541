"""Tokens in addresses are seen nowhere, and what only looks like one stays."""

import pytest

from pipelines.cli.main import main
from reid.errors import InputError
from reid.live.capture.address import parse_cameras
from reid.outputs.events.broker import parse_broker
from reid.outputs.events.webhook import checked
from reid.secret import masked, masked_within

NAMES = [
    "token", "access_token", "auth", "Authorization", "key", "api_key", "apikey", "ApiKey", "subscription-key", "sig",
    "signature", "X-Amz-Signature", "X-Amz-Security-Token", "client_secret", "sid", "pwd", "password", "jwt",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_values_of_what_lets_one_in_are_hidden(name: str) -> None:
    for before in ("?", "?a=b&", "#", "/;"):
        address = f"rtsp://10.0.0.5/live{before}{name}=hunter2&channel=1"
        assert masked(address) == f"rtsp://10.0.0.5/live{before}{name}=***&channel=1"
        assert masked_within({"cameras": [f"door={address}"]}) == {"cameras": [f"door={masked(address)}"]}


@pytest.mark.parametrize(
    "address",
    [
        "key=rtsp://10.0.0.5/live", "token=http://host/x?channel=2", "http://host/a?monkey=1&design=2&keys&codec=h264",
        "rtsp://host/key/sig", "http://host/x?password={password}", "http://host/stream@2?channel=1",
    ],
)  # fmt: skip
def test_the_rest_is_printed_as_it_is(address: str) -> None:
    assert masked_within(address) == address


def refusals() -> list[str]:
    place = "host/x?sig=hunter2&token=hunter2"
    said = []
    for call, address in (
        (lambda text: parse_cameras([text]), f"ftp://{place}"),
        (lambda text: parse_cameras([text]), f"rtsp://host:99999/x?token=hunter2 {place}"),
        (lambda text: parse_cameras([text, text]), f"rtsp://{place}"),
        (lambda text: parse_cameras([text]), "nofile?token=hunter2"),
        (checked, f"ftp://{place}"),
        (parse_broker, f"mqtt://{place}"),
        (parse_broker, f"http://{place}"),
    ):
        with pytest.raises(InputError) as caught:
            call(address)
        said.append(str(caught.value))
    return said


def test_errors_hide_them() -> None:
    for sentence in refusals():
        assert "hunter2" not in sentence


def test_the_command_line_hides_them(capsys: pytest.CaptureFixture[str]) -> None:
    address = "rtsp://guard:hunter2@10.0.0.5/live?token=hunter2"
    for words in (
        ["live", f"door={address}", "--print-config", "--events.webhook.url", "https://host/x?sig=hunter2"],
        ["video", address],
        ["live", "--duration-s", address],
    ):
        main(words)
        out, err = capsys.readouterr()
        assert "***" in out + err
        assert "hunter2" not in out + err


def test_what_was_hidden_is_not_taken_for_the_address() -> None:
    hidden = "https://10.0.0.5/live?token=***"
    with pytest.raises(InputError, match="hidden when it was printed"):
        parse_cameras([hidden])
    with pytest.raises(InputError, match="hidden when it was printed"):
        checked(hidden)
    assert parse_cameras(["https://10.0.0.5/live?token=abc"])[0].shown == "https://10.0.0.5"
