"""From settings to receivers, and what is said of settings that cannot work."""

import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reid.errors import InputError
from reid.outputs.events.build import build_sinks
from reid.outputs.events.config import EventsConfig
from reid.owned_files import OwnedFiles
from tests.outputs.events.made import DAY_S, event
from tests.outputs.events.mosquitto import PROGRAM, broker, listening
from tests.outputs.events.webhook_server import serving
from tests.waiting import until


def test_by_default_there_is_the_file_only(tmp_path: Path) -> None:
    before, results = threading.active_count(), tmp_path / "results"
    (sink,) = build_sinks(EventsConfig(), results, OwnedFiles(results), random.Random(0), {})
    sink.send(event(1))
    sink.close(1.0)
    (line,) = (tmp_path / "results" / "events.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == "e1"
    assert threading.active_count() == before


@pytest.mark.skipif(PROGRAM is None, reason="the program mosquitto is not installed")
def test_all_are_told_and_all_forget(tmp_path: Path) -> None:
    with serving() as server, broker(tmp_path) as mosquitto, listening(mosquitto.port) as listener:
        config = EventsConfig.model_validate(
            {
                "file": {"most_mib": 0.001, "keep": 50},
                "webhook": {"url": server.url, "token_variable": "HOOK", "headers": {"X-Site": "a"}},
                "mqtt": {"address": f"mqtt://127.0.0.1:{mosquitto.port}"},
            }
        )
        sinks = build_sinks(config, tmp_path, OwnedFiles(tmp_path), random.Random(0), {"HOOK": "t0ken"})
        for number in range(20):
            for sink in sinks:
                sink.send(event(number))
        until(lambda: all(sink.counts().sent == 20 for sink in sinks), lambda: [s.counts() for s in sinks])
        assert [sink.counts().name for sink in sinks] == ["file", "webhook", "mqtt"]
        assert [sink.forget(3) for sink in sinks] == [3, 0, 0]
        assert [sink.prune(DAY_S + 3) for sink in sinks] == [3, 0, 0]
        for sink in sinks:
            sink.close(5.0)
        until(lambda: listener.status == "offline")
        assert server.ids == listener.ids == [f"e{number}" for number in range(20)]
        assert server.headers[0]["Authorization"] == "Bearer t0ken"
        assert (tmp_path / "events.1.jsonl").exists()


@pytest.mark.parametrize(
    ("config", "environment", "said"),
    [
        ({"webhook": {"url": "nowhere"}}, {}, r"^webhook\.url: 'nowhere' is no http"),
        ({"webhook": {"url": "http://a:hunter2@h/"}}, {}, r"^webhook\.url: everybody"),
        ({"webhook": {"url": "http://h/", "token_variable": "HOOK"}}, {}, "the environment has no HOOK"),
        ({"webhook": {"url": "http://h/", "headers": {"Host": "x"}}}, {}, r"^webhook\.headers: Host is set"),
        (
            {"mqtt": {"address": "broker"}},
            {},
            r"^mqtt\.address: broker: not a broker's address; write mqtt://",
        ),
        ({"mqtt": {"address": "mqtt://h"}}, {"REID_MQTT_PASSWORD": "hunter2"}, "no REID_MQTT_USER; set both"),
    ],
)
def test_settings_that_cannot_work_start_nothing(
    tmp_path: Path, config: dict[str, Any], environment: dict[str, str], said: str
) -> None:
    before = threading.active_count()
    with pytest.raises(InputError, match=said) as caught:
        build_sinks(
            EventsConfig.model_validate(config), tmp_path, OwnedFiles(tmp_path), random.Random(0), environment
        )
    assert "hunter2" not in str(caught.value)
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "config",
    [
        {"file": {"most_mib": 0}},
        {"file": {"keep": -1}},
        {"outbox": {"tries": 0}},
        {"outbox": {"most_waiting": 0}},
        {"mqtt": {"version": "4"}},
        {"mqtt": {"keepalive_s": 1}},
        {"webhook": {"timeout_s": 0}},
        {"webhook": {"address": "http://h/"}},
    ],
)
def test_values_out_of_range_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EventsConfig.model_validate(config)


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in EventsConfig.model_fields.items():
        section = field.annotation
        if name in ("also", "options"):
            assert field.description
        else:
            assert section is not None
            assert section.__doc__
            assert all(inner.description for inner in section.model_fields.values())
