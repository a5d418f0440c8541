"""What is built from the project, what it depends on, and that both layouts find what ships with it."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reid import shipped
from reid.errors import InputError
from reid.store.index import require_faiss

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("reid", "pipelines")
SHIPPED = ("configs", "weights")
# ultralytics' trackers import lap, and would install it at run time; torch.utils.tensorboard wants tensorboard
NOT_OURS = {"lap", "tensorboard"}
# module to who brings it
EXTRAS = {
    "faiss": ("cpu", "gpu"),
    "optuna": ("tune",),
    "timm": ("timm",),
    "nncf": ("quantise",),
    "wsdiscovery": ("discover",),
}
PROVIDED_BY = {"pydantic_core": "pydantic"}  # which pins it exactly


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built from the working tree without a network."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("building needs hatchling, which is in the extra [dev]")
    folder = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies in site-packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def run_installed(installed: Path, *words: str, at: Path) -> subprocess.CompletedProcess[str]:
    """`python WORDS` in the folder `at`, outside the clone, with the wheel before everything else."""
    command = [sys.executable, "-P", *words]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=False)


def files_of(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_wheel_holds_all_that_is_needed_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        about = [name.rpartition("/")[2] for name in wheel.namelist() if ".dist-info/" in name]
    expected = set().union(*(files_of(package) for package in PACKAGES))
    expected |= {f"reid/_shipped/{name}" for folder in SHIPPED for name in files_of(folder)}
    assert names == expected
    assert {"reid/py.typed", "reid/outputs/report.html.j2", "reid/demo/cam1.mp4"} <= names
    assert {"LICENSE", "entry_points.txt"} <= set(about)


def test_every_kind_of_weights_gets_into_the_wheel(tmp_path: Path) -> None:
    """Built as the project is, from a tree whose weights are made up."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("building needs hatchling, which is in the extra [dev]")
    tree, built = tmp_path / "tree", tmp_path / "built"
    wanted = {"manifest.json", "a.md", "a.onnx", "a.onnx.yaml", "a.pth", "a.pt", "calibrations/a.json"}
    wanted |= {f"a_openvino_model/{name}" for name in ("a.xml", "a.bin", "metadata.yaml")}
    for name in (*PACKAGES, "configs", *(f"weights/{file}" for file in wanted)):
        path = tree / (f"{name}/__init__.py" if name in PACKAGES else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(build, cwd=tree, check=True, capture_output=True)
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {f"reid/_shipped/weights/{name}" for name in wanted} <= names


@pytest.mark.slow
def test_source_distribution_builds_the_same(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    expected = set().union(*(files_of(folder) for folder in (*PACKAGES, *SHIPPED)))
    assert expected | {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"} <= names
    assert not any(name.startswith(("tests", ".ci")) for name in names)


@pytest.mark.slow
def test_installed_wheel_finds_what_ships(installed: Path, tmp_path: Path) -> None:
    encoder_ids = [path.stem for path in (ROOT / "weights" / "calibrations").glob("*.json")]
    code = f"""
import json
from pathlib import Path
import reid
from reid.linking.calibration import find
from reid.shipped import demo_recording, shipped
print(json.dumps([
    reid.__file__,
    str(shipped("configs") / "video.yaml"),
    *map(str, sorted(demo_recording().glob("cam*.mp4"))),
    *(str(find(Path("encoder.pth"), encoder_id)) for encoder_id in {encoder_ids}),
]))"""
    done = run_installed(installed, "-c", code, at=tmp_path)
    assert done.returncode == 0, done.stderr
    paths = [Path(name) for name in json.loads(done.stdout)]
    assert len(paths) == 2 + 3 + len(encoder_ids)
    assert all(path.is_file() and path.is_relative_to(installed) for path in paths), paths


@pytest.mark.slow
def test_installed_wheel_prints_its_config(installed: Path, tmp_path: Path) -> None:
    done = run_installed(installed, "-m", "pipelines.cli", "video", "--print-config", at=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "max_distance:" in done.stdout


@pytest.mark.slow
def test_installed_wheel_knows_its_weights_to_be_whole(installed: Path, tmp_path: Path) -> None:
    done = run_installed(installed, "-m", "pipelines.cli", "weights", "check", at=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    entries = json.loads((ROOT / "weights" / "manifest.json").read_text(encoding="utf-8"))["entries"]
    assert [line.split()[-1] for line in done.stdout.splitlines()[2:]] == ["ok"] * len(entries)
    card = run_installed(installed, "-m", "pipelines.cli", "weights", "show", entries[0]["name"], at=tmp_path)
    assert card.stdout == (ROOT / "weights" / entries[0]["card"]).read_text(encoding="utf-8")


@pytest.mark.slow
def test_installed_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    words = ("-m", "pipelines.cli", "demo", "--end", "1", "--workers", "1")
    done = run_installed(installed, *words, at=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "calibration" not in done.stderr  # the one that ships for this encoder is found: no warning
    assert {"cam1.txt", "cam2.txt", "cam3.txt"} == {
        path.name for path in (tmp_path / "results" / "tracks").iterdir()
    }
    assert (tmp_path / "results" / "report.html").stat().st_size > 10_000


def test_shipped_in_a_clone_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "reid"
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    (tmp_path / "configs").mkdir()
    assert shipped.shipped("configs") == tmp_path / "configs"
    (package / "_shipped" / "configs").mkdir(parents=True)
    assert shipped.shipped("configs") == package / "_shipped" / "configs"
    assert shipped.demo_recording() == package / "demo"


def modules_imported() -> set[str]:
    """Top-level names of all that reid and pipelines import anywhere, the standard library aside."""
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names - set(PACKAGES)


def named(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


@pytest.mark.slow
def test_dependencies_are_what_is_imported() -> None:
    extras = PROJECT["optional-dependencies"]
    declared = {named(text) for text in PROJECT["dependencies"]}
    owners = packages_distributions()
    used = set()
    for module in modules_imported() - set(EXTRAS):
        candidates = {canonicalize_name(name) for name in owners.get(PROVIDED_BY.get(module, module), ())}
        assert candidates & declared, f"{module} is imported; none of {sorted(candidates)} is a dependency"
        used |= candidates & declared
    assert declared - used == NOT_OURS, "nothing imports these"
    assert [named(text) for text in (*extras["cpu"], *extras["gpu"])] == ["faiss-cpu", "faiss-gpu"]
    assert {extra for brought in EXTRAS.values() for extra in brought} == set(extras) - {"dev"}
    single = (*extras["timm"], *extras["tune"], *extras["quantise"], *extras["discover"])
    assert [named(text) for text in single] == ["timm", "optuna", "nncf", "wsdiscovery"]


def test_a_gallery_without_faiss_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"extra \[cpu\], or with \[gpu\]"):
        require_faiss()


def test_headless_opencv_only() -> None:
    """Two OpenCV distributions overwrite each other's files, and those with windows need libGL."""
    waiting = [
        *PROJECT["dependencies"],
        *(text for extra in ("cpu", "dev") for text in PROJECT["optional-dependencies"][extra]),
    ]
    seen: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        extras = [{"extra": extra} for extra in (*requirement.extras, "")]
        marker = requirement.marker
        if name in seen or (marker and not any(marker.evaluate(extra) for extra in extras)):
            continue
        seen.add(name)
        try:
            waiting += [text for text in requires(name) or () if not re.search(r"extra\s*==", text)]
        except PackageNotFoundError:  # a dev tool that this environment lacks
            continue
    assert {name for name in seen if name.startswith("opencv")} == {"opencv-python-headless"}
    assert "ultralytics" not in seen
