"""The package of docs/extend.md, built from the page itself: its modules, and what pip leaves beside them."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "extend.md"
FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(language: str) -> list[str]:
    """The page's blocks in a language."""
    return [
        found["text"] for found in FENCE.finditer(PAGE.read_text("utf-8")) if found["language"] == language
    ]


def modules() -> dict[str, str]:
    """The package's modules, by the path that their first line says."""
    return {text.partition("\n")[0].removeprefix("# "): text for text in fences("python")}


def install(folder: Path) -> Path:
    """The package as `pip install --target` would leave it."""
    (project,) = (tomllib.loads(text)["project"] for text in fences("toml"))
    for name, text in modules().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "site_parts" / "__init__.py").touch()
    distribution(folder, project["name"], project["entry-points"], version=project["version"])
    return folder


def distribution(
    folder: Path, name: str, entry_points: Mapping[str, Mapping[str, str]], *, version: str = "1.0"
) -> None:
    """The metadata of an installed distribution."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line
        for group, rows in entry_points.items()
        for line in (f"[{group}]", *(f"{row} = {value}" for row, value in rows.items()), "")
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
