"""The same figures from torchreid's evaluator, where it is installed."""

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from reid.evaluation.retrieval.distances import MatrixRows
from reid.evaluation.retrieval.ranking import rank
from reid.evaluation.retrieval.scores import score
from tests.evaluation.retrieval.reference import random_world

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def evaluator() -> ModuleType:
    """torchreid's evaluator alone: importing the package wants a dozen others."""
    package = importlib.util.find_spec("torchreid")
    if package is None or package.origin is None:
        pytest.skip("torchreid is not installed (pip install --no-deps torchreid)")
    root = Path(package.origin).parent
    for path in (root / "reid" / "metrics" / "rank.py", root / "metrics" / "rank.py"):
        if path.is_file():
            spec = importlib.util.spec_from_file_location("torchreid_rank", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
                warnings.simplefilter("ignore")  # its Cython part cannot be imported: the package is kept out
                patch.setitem(sys.modules, "torchreid", None)
                spec.loader.exec_module(module)
            return module
    pytest.skip(f"no rank.py in {root}")


@pytest.mark.parametrize("seed", range(6))
def test_figures(seed: int, evaluator: ModuleType) -> None:
    world = random_world(40, 300, (2, 10, 60)[seed % 3], seed)
    cmc, mean = evaluator.evaluate_rank(
        world.matrix,
        world.query.persons,
        world.gallery.persons,
        world.query.cameras,
        world.gallery.cameras,
        max_rank=50,
        use_cython=False,
    )
    ranking = rank(MatrixRows(world.matrix), world.query, world.gallery)
    found = score(ranking, world.query.persons, rng=np.random.default_rng(0), resamples=0)
    assert found.mAP == pytest.approx(mean)
    assert found.cmc == pytest.approx(cmc, abs=1e-6)
