"""Settings of the jobs other than `reid video`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from reid.camera_config import DetectorConfig, EncoderConfig
from reid.search.photo import CONFIDENCE
from reid.section import Section, Share
from reid.store.records import Named
from reid.web.config import WebConfig

JournalFormat = Literal["table", "json", "csv"]

FREE = "127.0.0.1:0"  # a free port of this machine alone


class EvaluateConfig(Section):
    """`reid evaluate`: results against the truth."""

    truth: Path = Field(description="folder with <camera>.txt, <camera>_gt.txt or <camera>/gt/gt.txt")
    output: Path | None = Field(None, description="JSON file, or folder for scores.json; null: in RESULTS")
    visibility: Share = Field(0.0, description="true boxes count from this visible share on")
    iou: Share = Field(0.5, description="intersection over union from which a box counts as found")


class ReviewConfig(WebConfig):
    """`reid review`: the page on which people are corrected."""

    listen: str | None = Field(
        FREE,
        description="address and port of the page; port 0: a free one; one that is not of this machine alone, as "
        "0.0.0.0:8080, needs a token",
    )
    browser: bool = Field(True, description="open the page in the browser")


class CamerasConfig(Section):
    """`reid cameras`: cameras of the local network."""

    wait_s: Annotated[float, Field(gt=0, le=60)] = Field(3.0, description="collect answers for so long")


class ExportConfig(Section):
    """`reid export crops`: reviewed crops for other programs."""

    format: Literal["market1501", "folder", "coco", "cvat"] = Field(
        "market1501", description="market1501 or folder: crops by person; coco or cvat: boxes by frame"
    )
    output: Path = Field(Path("crops-export"), description="folder that is made")
    overwrite: bool = Field(False, description="replace another export in the output folder")
    reviewed_only: bool = Field(
        False, description="only tracklets that a decision of the gallery binds to their person"
    )


class ExportClipsConfig(Section):
    """`reid export clips`: all appearances of one person as one film."""

    person: str = Field(description="the person: P0007, 7, or the name that was given")
    blur: Literal["others", "surroundings", "all", "none"] = Field(
        "others",
        description="others: all other people that were found; surroundings: everything but the person; all: the "
        "person too; none",
    )
    around_s: Annotated[float, Field(ge=0)] = Field(
        1.0, description="seconds before and after each appearance"
    )
    output: Path | None = Field(None, description="film (.mp4); null: the person's number, in this folder")
    overwrite: bool = Field(False, description="replace a file of that name")


class PruneConfig(Section):
    """`reid gallery prune`: what is old is erased."""

    named: Named = Field(
        "keep",
        description="people with a name: keep (they stay, with the sightings whose vectors they are recognised by) "
        "or erase (as all others)",
    )
    dry_run: bool = Field(False, description="only say what would be erased")


class JournalExportConfig(Section):
    """`reid gallery history` and `decisions`: how they are written."""

    format: JournalFormat | None = Field(
        None,
        description="table, json or csv; null: by the ending of the file, else table",
    )
    output: Path | None = Field(None, description="new file (.json or .csv); null: standard output")


class ForgetConfig(Section):
    """`reid gallery forget`: a person is erased."""

    suppress: bool = Field(
        False,
        description="repeated runs over the same recordings leave their tracklets out, by a list of digests",
    )
    results: tuple[Path, ...] = Field(
        (),
        description="results folder of the gallery's runs to erase from, too; the folder that the gallery lies in is "
        "always one",
    )


class SuppressedConfig(Section):
    """`reid gallery suppressed`: the suppression list."""

    drop: bool = Field(
        False, description="drop it: repeated runs into new folders find the erased people again"
    )


class SearchConfig(Section):
    """`reid search`: sightings of the person of a photo."""

    photo: tuple[Path, ...] = Field(
        (), description="photo of the person: a crop, or a larger picture; several of one person may be given"
    )
    person: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), description="number of the person in a photo that shows several, from left to right"
    )
    box: tuple[str, ...] = Field(
        (),
        description="where the person is in the photo: left,top,width,height in pixels; no detector runs then",
    )
    camera: tuple[str, ...] = Field((), description="search this camera only; several may be given")
    between: tuple[str, ...] = Field(
        (), description="search what was seen between two times, as 2026-11-26T10:00 2026-11-26T11:00"
    )
    top: Annotated[int, Field(ge=1)] = Field(20, description="sightings that are listed at most")
    false_finds: Annotated[float, Field(gt=0)] = Field(
        0.1, description="sightings of other people that a search may be expected to take for the person's"
    )
    format: Literal["table", "json"] = Field("table", description="table or json, on standard output")
    sheet: Path | None = Field(
        None, description="new image file (.png or .jpg) with the photo and the crops of the sightings"
    )
    calibration: Path | None = Field(
        None,
        description="calibration of the encoder; null: the one beside its weights, or the one that ships",
    )
    detector: DetectorConfig = DetectorConfig(confidence=CONFIDENCE)
    encoder: EncoderConfig = Field(
        EncoderConfig(),
        description="The encoder of the vectors that are searched; not needed where it ships with reid.",
    )


class ConvertConfig(Section):
    """`reid gallery convert`: the people of a gallery, with vectors of another encoder."""

    encoder: EncoderConfig = EncoderConfig()
    crops: tuple[Path, ...] = Field(
        (), description="results folders of the gallery's runs: the crops that they keep are embedded anew"
    )
    map: Path | None = Field(
        None,
        description="map between the two encoders (.npz), for sightings without crops; null: the one that ships, if "
        "one does",
    )
    calibration: Path | None = Field(
        None,
        description="calibration file of the new encoder; null: the one beside its weights, or the one that ships",
    )
    output: Path | None = Field(
        None,
        description="write a new gallery there and leave the old one; null: in its place, the old one kept under "
        "another name",
    )
    partial: bool = Field(
        False,
        description="carry people over by name and sightings alone where neither crops nor a map exist; they are not "
        "recognised again",
    )


class MapConfig(Section):
    """`reid weights map`: from one encoder's vectors to another's."""

    output: Path | None = Field(
        None, description="map file (.npz); null: weights/maps/<old id>-<new id>.npz, where maps ship"
    )
    most: Annotated[int, Field(ge=50)] = Field(
        20000, description="crops at most, evenly spread over the names"
    )


class RerankConfig(Section):
    """k-reciprocal re-ranking (Zhong et al. 2017)."""

    enabled: bool = Field(False, description="score the re-ranked lists too, beside the plain ones")
    k1: Annotated[int, Field(ge=1)] = Field(20, description="neighbours that must be mutual")
    k2: Annotated[int, Field(ge=1)] = Field(6, description="neighbours that an image's own are averaged over")
    weight: Share = Field(0.3, description="share of the plain distance in the final one; the paper's lambda")


class BenchmarkPageConfig(Section):
    """Content of the HTML page besides tables and curves. It holds images of the data set: mind its terms."""

    enabled: bool = Field(True, description="write benchmark.html: one file, opens offline")
    queries: Annotated[int, Field(ge=0)] = Field(
        4,
        description="ranked lists of so many of the worst, the median and the best queries, each of another person",
    )
    show: tuple[str, ...] = Field(
        (), description="queries to show as well: their file names, or the ends of their paths"
    )
    top: Annotated[int, Field(ge=1, le=50)] = Field(10, description="length of the ranked lists shown")
    map: Literal["tsne", "pca"] = Field("tsne", description="how vectors are laid out in two dimensions")
    map_people: Annotated[int, Field(ge=2)] = Field(40, description="people in that map, drawn at random")
    activations: Annotated[int, Field(ge=0)] = Field(
        6, description="queries with a map of where the network looks, of those shown"
    )


class BenchmarkConfig(Section):
    """`reid benchmark`: a labelled data set to mAP, CMC and their kin."""

    root: Path = Field(Path("Market-1501-v15.09.15"), description="folder of the data set, or its CSV file")
    compare: tuple[Path, ...] = Field(
        (), description="more re-identification networks, shown side by side with --encoder's"
    )
    output: Path = Field(Path("benchmark"), description="folder for benchmark.json and benchmark.html")
    multi_query: bool = Field(
        False, description="score multi-query too: all images of the query's person in the query's camera"
    )
    flip: bool = Field(
        False, description="test-time augmentation: the mean of an image's vector and its mirror image's"
    )
    camera_normalisation: bool = Field(
        False, description="score vectors normalised by camera too, as linking compares them"
    )
    distractors: Path | None = Field(
        None, description="folder of more gallery images, of people that no query shows"
    )
    precision: Literal["float32", "float16"] = Field(
        "float32", description="how vectors are kept while ranking; float16 halves the memory"
    )
    memory_mib: Annotated[int, Field(ge=1)] = Field(
        256, description="mebibytes of distances at a time; changes no figure, but small ones are slow"
    )
    resamples: Annotated[int, Field(ge=0)] = Field(
        1000,
        description="bootstrap samples of the queries' people behind the 95 % intervals; 0: no intervals",
    )
    seed: Annotated[int, Field(ge=0)] = Field(0, description="of everything random: bootstrap, map")
    encoder: EncoderConfig = EncoderConfig()
    rerank: RerankConfig = RerankConfig()
    page: BenchmarkPageConfig = BenchmarkPageConfig()
