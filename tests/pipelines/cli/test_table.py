"""The table of commands: every name in it exists, and every job takes what its command gives."""

import inspect

import pytest

from pipelines.cli.command import Command, Invocation, named
from pipelines.cli.commands import COMMANDS
from pipelines.cli.main import parse


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_job_takes_what_the_command_gives(command: Command) -> None:
    job, model = named(command.run), command.model()
    given = {operand.parameter or operand.name for operand in command.operands} | {"progress"}
    if model is not None:
        given |= set(model.model_fields) if command.spread else {"config"}
    parameters = inspect.signature(job).parameters
    assert given <= set(parameters)
    needed = {name for name, one in parameters.items() if one.default is inspect.Parameter.empty}
    optional = {one.parameter or one.name for one in command.operands if one.nargs == "?"}
    assert needed <= given - optional, "what may be left out has a default"


def compared(*words: str) -> tuple[list[str], str | None]:
    made = parse(["benchmark", *words])
    assert isinstance(made, Invocation)
    assert made.config is not None
    return [str(path) for path in made.config.compare], made.arguments.dataset  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "networks", "dataset"),
    [
        (["market1501", "--compare", "a.pth", "b.onnx", "c.xml"], ["a.pth", "b.onnx", "c.xml"], "market1501"),
        (["--compare", "a.pth", "--compare", "b.onnx", "csv"], ["a.pth", "b.onnx"], "csv"),
        (["--compare", "a.pth", "b.onnx", "folder", "--rerank"], ["a.pth", "b.onnx"], "folder"),
        (["--compare=a.pth", "msmt17"], ["a.pth"], "msmt17"),
        (["--compare", "a.pth", "b.pth", "--root", "here"], ["a.pth", "b.pth"], None),
    ],
)
def test_compare_takes_several(words: list[str], networks: list[str], dataset: str | None) -> None:
    assert compared(*words) == (networks, dataset)
