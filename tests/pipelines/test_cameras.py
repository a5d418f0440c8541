"""`reid cameras`, asked of real devices of ONVIF's discovery that run here."""

import sys

import pytest

from pipelines.cameras import TYPE, FoundCamera
from pipelines.cli.main import main


def test_a_device_is_told_by_what_it_says_of_itself() -> None:
    scopes = [
        "onvif://www.onvif.org/type/video_encoder",
        "onvif://www.onvif.org/name/Lobby%20%1b%5b31m",
        "onvif://www.onvif.org/hardware/X-1",
        "onvif://www.onvif.org/name/second",
        "http://elsewhere.example/name/other",
    ]
    found = FoundCamera.of(["http://10.0.0.5:8000/onvif/device_service", "http://[fe80::1]/onvif"], scopes)
    assert (found.host, found.name, found.hardware) == ("10.0.0.5", "Lobby \\x1b[31m", "X-1")
    assert FoundCamera.of(["http://["], []) == FoundCamera(host="unknown", services=("http://[",))
    assert FoundCamera.of([], []).host == "unknown"


def test_without_the_library_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wsdiscovery", None)
    assert main(["cameras"]) == 2
    assert "pip install 'reidentify[discover]'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # its IPv6 sockets
def test_cameras_of_the_network_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    wsdiscovery = pytest.importorskip("wsdiscovery")
    from wsdiscovery.publishing import ThreadedWSPublishing

    device = ThreadedWSPublishing()
    device.start()
    try:
        device.publishService(
            types=[wsdiscovery.QName(*TYPE)],
            scopes=[wsdiscovery.Scope("onvif://www.onvif.org/name/Reid-Test")],
            xAddrs=["http://192.0.2.77/onvif/device_service"],
        )
        code = main(["cameras", "--wait_s", "2"])
    finally:
        device.stop()
    told = capsys.readouterr().out
    if code == 1:
        assert "no camera answered within 2 s" in told
        pytest.skip("this machine has no network that multicasts")
    assert "192.0.2.77" in told
    assert "Reid-Test" in told
