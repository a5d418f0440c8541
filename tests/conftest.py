import logging
import os

import pytest
from hypothesis import HealthCheck, settings

from pipelines.cli.main import ENVIRONMENT

# what the command sets before a library reads it; children of tests inherit it
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)

# a busy machine makes slow examples; how slow is not what the properties are about
settings.register_profile("reid", deadline=None)
settings.load_profile("reid")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_configure(config: pytest.Config) -> None:
    """How many damaged files the tests in fuzz/ make of each kind."""
    settings.register_profile(
        "fuzz",
        deadline=None,
        max_examples=2000 if config.getoption("--slow") else 100,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="slow; --slow runs it"))


@pytest.fixture(autouse=True)
def _log_level() -> None:
    """Undo what libraries leave: OpenVINO's converter sets the root's level, nncf that of pytest's handlers."""
    logging.disable(logging.NOTSET)
    logging.getLogger().setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.NOTSET)
    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] in ("reid", "pipelines"):
            logger = logging.getLogger(name)
            logger.disabled, logger.propagate = False, True
            logger.setLevel(logging.NOTSET)
