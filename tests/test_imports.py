"""Imports follow the straight line of the program, without circles."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import reid

ROOT = Path(reid.__file__).parent

# What everybody may import; these files import at most each other.
GROUND = {
    "cache",
    "calibration_record",
    "camera_config",
    "camera_normalisation",
    "config",
    "disk",
    "distance",
    "efficientnet_lite",
    "errors",
    "events",
    "extension_settings",
    "geometry",
    "json_text",
    "link_constraints",
    "lock",
    "owned_files",
    "network_file",
    "offline",
    "home",
    "printable",
    "registry",
    "results_files",
    "secret",
    "section",
    "shipped",
    "shipped_weights",
    "stills",
    "suppression",
    "tables",
    "text_file",
    "timing",
    "track_segment",
    "types",
    "wall_clock",
    "wording",
    "yaml_file",
    "zone_config",
}

# What each part may import beyond the ground and itself. The parts of the line know nothing of each other:
# what flows between them is in reid.types, and camera.py and build.py put them together.
MAY_IMPORT: dict[str, set[str]] = {
    "datasets": set(),
    "video": set(),
    "detection": set(),
    "tracking": set(),
    "embedding": set(),
    "linking": set(),  # computes
    "store": set(),  # remembers; neither imports the other
    "losses": set(),
    "outputs": {"video", "zones"},  # the colour of a person, in the report as in the video
    # thresholds are chosen with the normalisation and the clustering that will use them
    "evaluation": {"comparable", "datasets", "embedding", "linking"},
    "training": {"datasets", "embedding", "losses", "evaluation"},
    "web": set(),  # what the pages have in common
    "zones": set(),  # geometry; the camera side leaves out by it, the site side counts by it
    "live": {
        "video",
        "camera",
        "detection",
        "embedding",
        "tracking",
        "linking",
        "search",
        "store",
        "review",
        "web",
        "zones",
    },
    "camera": {"detection", "tracking", "embedding"},
    "build": {"detection", "tracking", "embedding"},
    "recording": {"build", "camera", "tracking", "zones"},
    "comparable": {"embedding", "linking"},  # a camera's normalisation, as far as the site accepts it
    "site": {"comparable", "linking", "store"},
    "search": {"detection", "embedding", "linking", "store"},
    "gallery": {"detection", "embedding", "linking", "search", "store"},
    "review": {"comparable", "linking", "search", "store", "outputs", "video", "web"},
    "api": {
        "build",
        "comparable",
        "recording",
        "site",
        "gallery",
        "search",
        "video",
        "detection",
        "embedding",
        "tracking",
        "linking",
        "store",
    },
    "scores": {"evaluation"},
}

# The rooms of larger parts: what each may import of its neighbours. Files beside the rooms may import all of them.
ROOMS: dict[str, dict[str, set[str]]] = {
    "reid/live": {
        "config": set(),
        "background": set(),
        "clock": set(),
        "capture": {"config", "clock"},
        "tracking": {"config"},
        "identity": {"config", "clock", "tracking"},
        "views": {"config", "background", "clock", "capture", "identity"},
        "site": {"config", "clock", "identity", "views"},
        "loop": {"config", "capture", "tracking", "identity", "views", "admin", "site"},
        "admin": {"config", "capture", "identity", "loop"},
        "web": {"capture", "views", "admin"},
    },
    "pipelines": {
        "job_configs": set(),
        "settings": set(),
        "runtime": set(),
        "networks": {"job_configs", "runtime"},
        "retrieval": {"job_configs", "runtime"},
        "recordings": {"networks", "runtime"},
        "reviewing": {"recordings", "runtime"},
        "searching": {"recordings", "reviewing", "runtime"},
        "exporting": {"recordings", "reviewing", "runtime"},
        "galleries": {"networks", "job_configs", "reviewing", "runtime", "site"},
        "site": {"recordings", "runtime"},
        "training": {"recordings", "retrieval", "runtime", "settings"},
    },
}

# Heavy or replaceable libraries, and the only places that know them.
ONLY_IN = {
    "ultralytics": ("detection/", "tracking/ultralytics_tracker.py"),
    "torch": (
        "detection/",
        "efficientnet_lite.py",
        "embedding/",
        "evaluation/retrieval/",
        "losses/",
        "training/",
    ),
    "pytorch_metric_learning": ("losses/",),
    "torchvision": ("embedding/", "training/"),
    "accelerate": ("training/",),
    "tensorboard": ("training/",),
    "timm": ("embedding/",),
    "openvino": ("detection/", "embedding/"),
    "onnxruntime": ("embedding/",),
    "nncf": ("detection/", "embedding/"),
    "faiss": ("store/index.py",),
    "sqlite3": ("store/",),
    "av": (
        "video/",
        "live/capture/stream.py",
        "live/capture/connection.py",
        "live/capture/program_date_time.py",
    ),
    "pyarrow": ("outputs/",),
    "jinja2": ("outputs/", "web/"),
    "fastapi": ("live/web/", "review/web/", "web/"),
    "starlette": ("live/web/", "review/web/", "web/"),
    "uvicorn": ("web/",),
    "limits": ("web/",),
    "prometheus_client": ("live/web/",),
    "matplotlib": ("outputs/",),
    "sklearn": ("evaluation/",),
    "shapely": ("zone_config.py", "zones/"),
    "httpx": ("outputs/events/webhook.py", "live/capture/program_date_time.py"),
    "paho": ("outputs/events/mqtt.py",),
    "argparse": (),
    "rich": (),
}


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Full names of all modules that a file imports anywhere, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = (
                ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
            )
            module = ".".join(filter(None, [start, node.module]))
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names if module == "reid")


def complaints(file: str, source: str) -> list[str]:
    """What is wrong with the imports of reid/`file`."""
    parts = Path(file).with_suffix("").parts
    part, package = parts[0], ".".join(["reid", *parts[:-1]])
    allowed = GROUND if part in GROUND else GROUND | MAY_IMPORT.get(part, set()) | {part}
    found = []
    for name in imported(ast.parse(source), package):
        top, *rest = name.split(".")
        if top in ("pipelines", "tests"):
            found.append(f"reid/{file} imports {name}: the library knows nothing of what uses it")
        elif top == "reid" and rest and rest[0] not in allowed and rest[0] != "__version__":
            found.append(f"reid/{file} imports {name}, against the line; {part} may import {sorted(allowed)}")
        elif top in ONLY_IN and not file.startswith(ONLY_IN[top]):
            found.append(f"reid/{file} imports {name}, which only {ONLY_IN[top] or 'pipelines'} may")
    return found


def modules() -> dict[str, Path]:
    """All modules of the program by their full names."""
    paths = (path for root in (ROOT, ROOT.parent / "pipelines") for path in sorted(root.rglob("*.py")))
    return {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in paths
    }


def arrows(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """Module -> modules that it imports, anywhere in it."""
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        own = found.setdefault(name, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                own.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                own.update({f"{node.module}.{alias.name}" for alias in node.names} | {node.module})
        own.intersection_update(known)
    return found


def test_no_circles() -> None:
    """Also not through imports inside functions and for types; but `reid` itself imports what is asked of it."""
    known = modules()
    del known["reid"]
    try:
        order = tuple(TopologicalSorter(arrows(known)).static_order())
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' -> '.join(error.args[1])}")
    assert len(order) > 300


@pytest.mark.parametrize("part", ROOMS)
def test_rooms(part: str) -> None:
    """Rooms of a large part know only the rooms below them."""
    rooms, prefix = ROOMS[part], part.replace("/", ".") + "."
    for name, imports in arrows(modules()).items():
        room = name.removeprefix(prefix).partition(".")[0]
        if not name.startswith(prefix) or room not in rooms:
            continue
        used = {other.removeprefix(prefix).partition(".")[0] for other in imports if other.startswith(prefix)}
        wrong = used - rooms[room] - {room}
        assert not wrong, f"{name} imports from {sorted(wrong)}; {room} may from {sorted(rooms[room])}"


FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("file", FILES)
def test_direction(file: str) -> None:
    assert complaints(file, (ROOT / file).read_text(encoding="utf-8")) == []


def test_every_part_is_in_the_table() -> None:
    parts = {Path(file).with_suffix("").parts[0] for file in FILES}
    unknown = parts - GROUND - set(MAY_IMPORT)
    assert not unknown, f"say in the table what {sorted(unknown)} may import"


def test_packages_hold_no_code() -> None:
    for path in ROOT.rglob("__init__.py"):
        if path.parent == ROOT:  # the face, see tests/test_face.py
            continue
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert all(isinstance(node, ast.Expr) for node in body), f"{path.relative_to(ROOT)} does something"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("detection/yolo.py", "from reid.linking.offline import link"),
        ("linking/offline.py", "import reid.detection.yolo"),
        ("linking/offline.py", "from reid.store.index import PersonIndex"),
        ("store/index.py", "from reid.linking.policy import LinkingPolicy"),
        ("tracking/split.py", "from reid import linking"),
        ("tracking/split.py", "from ..linking import offline"),
        ("embedding/crops.py", "def f():\n    from reid.video.reader import read"),
        ("camera.py", "from reid.linking.offline import link"),
        ("types.py", "from reid.tracking.tracker import Tracks"),
        ("types.py", "from pipelines.video import run"),
        ("tracking/tracker.py", "import ultralytics"),
        ("video/reader.py", "from torch import nn"),
        ("build.py", "import argparse"),
    ],
)
def test_nonsense_is_noticed(file: str, line: str) -> None:
    assert len(complaints(file, line)) >= 1


def test_sense_passes() -> None:
    assert complaints("tracking/split.py", "from .moments import Moment\nfrom ..types import Array\n") == []
    assert complaints("config.py", "from reid.errors import InputError\nimport numpy\n") == []


def test_importing_is_cheap() -> None:
    """What needs no network starts without one: torch alone takes seconds."""
    light = "reid, reid.config, reid.linking.offline, reid.tracking.ultralytics_tracker, reid.video.reader"
    code = (
        f"import sys, {light}\n"
        "print(sorted({'torch', 'ultralytics', 'openvino', 'onnxruntime', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    assert done.stdout.strip() == "[]"
