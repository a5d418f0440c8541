"""Encoders take turns, and milliseconds a crop are what they say."""

from collections.abc import Sequence

import numpy as np

from reid.types import Embeddings, Image
from tests.benchmarks.encoder_speed import Contender, rounds_of, row, summary


class Fake:
    """An encoder whose network takes 2 s a call."""

    encoder_id, dimension = "fake", 1

    def __init__(self, name: str, calls: list[str]) -> None:
        self.model_s = 0.0
        self._name, self._calls = name, calls

    def encode(self, crops: Sequence[Image]) -> Embeddings:
        self._calls.append(f"{self._name}{len(crops)}")
        self.model_s += 2.0
        return Embeddings(vectors=np.ones((len(crops), 1), np.float32), encoder_id="fake")


def test_everybody_takes_a_turn_in_every_round() -> None:
    calls: list[str] = []
    ticks = iter(range(0, 1000, 3))
    crop = np.zeros((8, 4, 3), np.uint8)
    who = {name: Contender(name, "torch", 1) for name in "ab"}
    encoders = {who[name]: Fake(name, calls) for name in "ab"}
    spent = rounds_of(encoders, {1: [crop], 4: [crop] * 4}, 2, clock=lambda: next(ticks))
    assert calls == ["a1", "a4", "b1", "b4"] * 3
    assert spent[who["a"], 4] == [(2.0, 3), (2.0, 3)]


def test_milliseconds_a_crop() -> None:
    line = row(Contender("x/a.pth", "onnxruntime", 2), 4, [(0.04, 0.08), (0.02, 0.04), (0.03, 0.06)])
    assert (line["network_ms"], line["network_least_ms"], line["with_preparation_ms"]) == (7.5, 5.0, 15.0)
    told = summary({"ms_per_crop": [line | {"batch": 1}, line]}).splitlines()
    assert told[1].split() == ["encoder", "back", "end", "threads", "batch", "1", "batch", "4"]
    assert told[2].split() == ["a.pth", "onnxruntime", "2", "7.50", "(15.00)", "7.50", "(15.00)"]
