"""What a search may try, as it is written."""

import re

import optuna
import pytest

from pipelines.training.tune_space import Choice, parse_choice


@pytest.mark.parametrize(
    ("key", "text", "choice"),
    [
        ("optimiser.learning_rate", "1e-4..1e-2 log", Choice(key="", low=1e-4, high=1e-2, log=True)),
        ("optimiser.learning_rate", " 0.001..0.1 ", Choice(key="", low=0.001, high=0.1)),
        ("optimiser.learning_rate", "1E-4..1E-2  LOG", Choice(key="", low=1e-4, high=1e-2, log=True)),
        ("loss.triplet.margin", "0.1..0.5", Choice(key="", low=0.1, high=0.5)),
        ("augment.erase", "0..0.8", Choice(key="", low=0.0, high=0.8)),
        ("batch.images", "2..8", Choice(key="", low=2, high=8, whole=True)),
        ("network.pooling", "average | gem", Choice(key="", values=("average", "gem"))),
        ("batch.people", "8|16|32", Choice(key="", values=("8", "16", "32"))),
        ("network.dimension", "128|null", Choice(key="", values=("128", "null"))),
        ("loss.triplet.margin", ".1..1", Choice(key="", low=0.1, high=1.0)),
    ],
)
def test_understood(key: str, text: str, choice: Choice) -> None:
    found = parse_choice(key, text)
    assert found == Choice(
        key=key, low=choice.low, high=choice.high, log=choice.log, whole=choice.whole, values=choice.values
    )


@pytest.mark.parametrize(
    ("key", "text", "why"),
    [
        ("optimiser.learning_rat", "1..2", "did you mean optimiser.learning_rate"),
        ("data.height", "64..128", "the same for all"),
        ("validation.patience", "1..3", "the same for all"),
        ("loss.objectives", "a|b", "the same for all"),
        ("optimiser.learning_rate", "1..0.1", "LOW below HIGH"),
        ("optimiser.learning_rate", "0..1 log", "LOW above 0"),
        ("optimiser.learning_rate", "fast", "LOW..HIGH"),
        ("optimiser.learning_rate", "..", "LOW..HIGH"),
        ("network.pooling", "gem|gem", "A|B|C"),
        ("network.pooling", "1..2", "A|B|C"),
        ("optimiser.learning_rate", "1..inf", "LOW..HIGH"),
        ("batch.people", "2.5..8.9", "LOW..HIGH"),
    ],
)
def test_refused(key: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_choice(key, text)


def test_suggestions_stay_inside_and_are_written_as_on_the_command_line() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    for _ in range(30):
        trial = study.ask()
        assert (
            1e-4
            <= float(str(parse_choice("optimiser.learning_rate", "1e-4..1e-2 log").suggest(trial)))
            <= 1e-2
        )
        assert parse_choice("batch.images", "2..8").suggest(trial) in {str(n) for n in range(2, 9)}
        assert parse_choice("network.pooling", "average|gem").suggest(trial) in {"average", "gem"}
        assert parse_choice("network.dimension", "128|null").suggest(trial) in {"128", None}
        study.tell(trial, 0.0)
