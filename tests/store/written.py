"""A gallery as commit 7d93b00 wrote it, and the two results folders that it was filled from.

Made by that commit's `reid video`, at 4 frames a second and 3 moments a tracklet, from the demo's cam1 and cam3
(seconds 0 to 12, `first`) and cam1 (seconds 12 to 22, `second`, with --max-distance 0.13, so that it took P0006 for a
P0009). Then P0009 was merged into P0006, P0002 was named Ada L., and P0008 forgotten: `second` still has its crops.
"""

import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from pipelines.cli.main import main
from reid.embedding.vector_map import Loss, VectorMap, dumps
from reid.embedding.weights import open_weights
from reid.store.sqlite.schema import encoder_of
from reid.types import Array

ARCHIVE = Path(__file__).with_name("written_by_7d93b00.tar.xz")
ENCODER = "1c3e50cd086d127c"  # shipped:reid-lite0
PEOPLE = {1: None, 2: "Ada L.", 3: None, 4: None, 5: None, 6: None, 7: None}
NUMBERS = 512  # of its vectors
VECTORS = 33
# the columns of that commit; later versions add some
SIGHTING = """sighting_id, run_id, camera_id, track_id, person_id, start_s, end_s, distance, runner_up_id,
              runner_up_distance"""
FORMER = f"site.{ENCODER}.db"


def unpack(folder: Path) -> Path:
    """The gallery in `folder`, beside its results `first` and `second`."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder)  # it is ours; filters are not in every Python 3.11
    return folder / "site.db"


def kept(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a conversion must not change, the rows of the journal up to it among it."""
    with closing(sqlite3.connect(path)) as db:
        rows = {
            table: db.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
            for table, columns in (
                ("people", "*"),
                ("runs", "*"),
                ("sightings", SIGHTING),
                ("sqlite_sequence", "*"),
            )
        }
        journal = db.execute("SELECT * FROM journal WHERE event != 'converted' ORDER BY 1").fetchall()
        prototypes = db.execute(
            "SELECT prototype_id, sighting_id, evicted_by FROM prototypes ORDER BY 1"
        ).fetchall()
    rows["sqlite_sequence"] = [row for row in rows["sqlite_sequence"] if row[0] == "people"]
    return {**rows, "journal": journal, "prototypes": prototypes}


def vectors(path: Path) -> tuple[list[tuple[int, str, str, int]], Array]:
    """Of every prototype its person, run, camera and track, and its vector (N, D)."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute(
            """SELECT person_id, run_id, camera_id, track_id, vector
               FROM prototypes JOIN sightings USING (sighting_id) ORDER BY prototype_id"""
        ).fetchall()
    return [row[:4] for row in rows], np.stack([np.frombuffer(row[4], dtype="<f4") for row in rows])


def split_colours(path: Path) -> None:
    """An encoder of 6 numbers: mean colours of the upper and of the lower half."""
    given = helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["n", 3, 256, 128])
    found = helper.make_tensor_value_info("means", TensorProto.FLOAT, ["n", 6])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [3])
    halves = helper.make_tensor("halves", TensorProto.INT64, [3], [0, 6, 128])
    rows = helper.make_tensor("rows", TensorProto.INT64, [1], [2])
    nodes = [
        helper.make_node("ReduceMean", ["crops", "axes"], ["columns"], keepdims=0),
        helper.make_node("Reshape", ["columns", "halves"], ["parts"]),
        helper.make_node("ReduceMean", ["parts", "rows"], ["means"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "split", [given], [found], initializer=[axes, halves, rows])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), str(path))


def made_up_map(path: Path, old: str, new: str, matrix: NDArray[np.float32]) -> VectorMap:
    """A map file of that matrix, as exact as its format is."""
    exact = matrix.astype(np.float16).astype(np.float32)
    offset = np.linspace(-1, 1, matrix.shape[1], dtype=np.float16).astype(np.float32)
    loss = Loss(cosine=0.75, baseline=0.25, found=0.5, crops=40, fitted=160)
    found = VectorMap(old=old, new=new, matrix=exact, offset=offset, loss=loss)
    path.write_bytes(dumps(found))
    return found


def working_gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The gallery, in the working folder, with an encoder `new.onnx`."""
    unpack(tmp_path)
    split_colours(tmp_path / "new.onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REID_ENCODER", raising=False)
    monkeypatch.setenv("REID_CACHE", str(tmp_path / "cache"))
    return Path("site.db")


def convert(*words: str) -> int:
    return main(
        ["gallery", "convert", "site.db", "--encoder", "new.onnx", "--backend", "onnxruntime", *words]
    )


def said_by(gallery: Path) -> tuple[object, ...]:
    """All that it holds; its bytes differ once a later version has opened it, which adds tables and columns."""
    return encoder_of(gallery), kept(gallery), vectors(gallery)[1].tobytes()


def new_id() -> str:
    return open_weights(Path("new.onnx")).encoder_id
