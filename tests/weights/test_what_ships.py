"""The weights folder of this clone: whole, named, and with a calibration for the encoder that runs by default."""

from pipelines.networks.sealing import unnamed
from reid.detection.first_look import check_detector
from reid.embedding import vector_map
from reid.embedding.weights import open_weights
from reid.linking import calibration as calibrations
from reid.shipped import shipped
from reid.shipped_weights import ManifestEntry, check, path_of, read_manifest


def of_kind(kind: str) -> list[ManifestEntry]:
    return [entry for entry in read_manifest().entries if entry.kind == kind]


def test_every_file_is_what_was_sealed() -> None:
    for entry in read_manifest().entries:
        check(entry)


def test_every_file_is_in_an_entry_and_every_entry_has_a_card() -> None:
    manifest = read_manifest()
    assert unnamed(manifest) == []
    for entry in manifest.entries:
        assert (shipped("weights") / entry.card).is_file(), entry.name


def test_networks_are_networks() -> None:
    for entry in of_kind("detector"):
        check_detector(path_of(entry))
    for entry in of_kind("encoder"):
        assert open_weights(path_of(entry)).encoder_id == entry.encoder_id, entry.name


def test_calibrations_are_found_by_the_encoder() -> None:
    for entry in of_kind("calibration"):
        path = path_of(entry)
        assert entry.encoder_id == path.stem
        assert calibrations.load(path, path.stem).max_distance > 0
    for entry in of_kind("encoder"):
        assert not entry.default or calibrations.find(path_of(entry), entry.encoder_id or ""), entry.name
    listed = {entry.path for entry in of_kind("calibration")}
    assert listed == {f"calibrations/{path.name}" for path in (shipped("weights") / "calibrations").iterdir()}


def test_maps_are_found_by_both_encoders() -> None:
    for entry in of_kind("map"):
        found = vector_map.load(path_of(entry))
        assert vector_map.find(found.old, found.new) == path_of(entry)
        assert found.loss.cosine > found.loss.baseline
    listed = {path_of(entry) for entry in of_kind("map")}
    assert listed == set((shipped("weights") / vector_map.MAPS).glob("*"))
