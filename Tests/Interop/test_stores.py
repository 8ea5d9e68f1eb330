"""Opens stores that Lamina wrote with zarr-python, tensorstore and zarrs, voxel for voxel, and has their OME-Zarr
metadata validated by ome-zarr-models.

LAMINA_STORES names a folder with cohort.zarr and slices.zarr and, under twins/, what was put into them as .npy:
`<volume>.npy`, `<volume>--<label>.npy`, `image.npy`, `label.npy`. Without it, the stores of the small phantom cohort
are read by the libraries and compared with one another.
"""
import json
import os
import pathlib
import struct

import google_crc32c
import numpy
import pytest
import tensorstore
import zarr
import zarrs  # noqa: F401, its pipeline of codecs registers itself
from ome_zarr_models.v05.image import Image
from ome_zarr_models.v05.image_label import ImageLabel

from conftest import lamina as command

STORES = os.environ.get("LAMINA_STORES")


@pytest.fixture(scope="session")
def stores(request):
    """The cohort store, the slice store, and the folder of twins (or None)."""
    if STORES:
        folder = pathlib.Path(STORES)
        return folder / "cohort.zarr", folder / "slices.zarr", folder / "twins"
    return request.getfixturevalue("cohort"), request.getfixturevalue("slices"), None


def read(folder):
    """The array as zarr-python, zarrs and tensorstore read it, which must agree."""
    first = zarr.open_array(str(folder), mode="r")[...]
    with zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"}):
        third = zarr.open_array(str(folder), mode="r")[...]
    assert first.dtype == third.dtype and numpy.array_equal(first, third)
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{folder}/"}}
    second = tensorstore.open(spec, open=True, read=True).result().read().result()
    assert first.dtype == second.dtype and numpy.array_equal(first, second)
    return first


def twin(twins, name, values):
    """Compares with what was put in."""
    if twins:
        put = numpy.load(twins / f"{name}.npy")
        assert put.dtype == values.dtype and numpy.array_equal(put, values), name


def lamina(folder):
    return json.loads((folder / "zarr.json").read_text())["attributes"]["lamina"]


def volumes(cohort):
    return sorted(p for p in (cohort / "volumes").iterdir() if p.is_dir())


def test_every_volume_and_mask_reads_the_same_everywhere(stores):
    cohort, _, twins = stores
    assert volumes(cohort)
    for volume in volumes(cohort):
        voxels = read(volume / "0")
        record = lamina(volume)
        assert list(voxels.shape[-3:]) == record["size"][::-1] and voxels.dtype == record["type"]
        twin(twins, volume.name, voxels)
        for label in record["labels"]:
            classes = read(volume / "labels" / label["name"] / "0")
            assert classes.shape == voxels.shape[-3:]
            twin(twins, f"{volume.name}--{label['name']}", classes)


def test_ome_metadata_are_valid(stores):
    cohort, _, _ = stores
    for volume in volumes(cohort):
        image = Image.from_zarr(zarr.open_group(str(volume), mode="r"))
        scales = image.ome_attributes.multiscales[0]
        names = [axis.name for axis in scales.axes]
        array = zarr.open_array(str(volume / "0"), mode="r")
        assert list(array.metadata.dimension_names) == names
        affine = numpy.array(lamina(volume)["affine"])
        spacing = numpy.linalg.norm(affine[:3, :3], axis=0)
        scale = scales.datasets[0].coordinateTransformations[0].scale
        assert numpy.allclose(scale[-3:], spacing[::-1])
        labels = lamina(volume)["labels"]
        if labels:
            listed = json.loads((volume / "labels/zarr.json").read_text())["attributes"]["ome"]["labels"]
            assert listed == [label["name"] for label in labels]
        for label in labels:
            ImageLabel.from_zarr(zarr.open_group(str(volume / "labels" / label["name"]), mode="r"))


def test_the_hierarchy_opens_from_its_root(stores):
    cohort, slices, _ = stores
    group = zarr.open_group(str(cohort), mode="r")
    assert sorted(group["volumes"].group_keys()) == [v.name for v in volumes(cohort)]
    assert "image" in list(zarr.open_group(str(slices), mode="r").array_keys())


def test_the_codecs_are_those_of_the_design(stores):
    cohort, slices, _ = stores
    for array in [*cohort.glob("volumes/*/0"), *cohort.glob("volumes/*/labels/*/0"), slices / "image"]:
        document = json.loads((array / "zarr.json").read_text())
        (sharding,) = document["codecs"]
        assert sharding["name"] == "sharding_indexed"
        settings = sharding["configuration"]
        assert settings["index_location"] == "end"
        assert [c["name"] for c in settings["index_codecs"]] == ["bytes", "crc32c"]
        chain = settings["codecs"]
        if [c["name"] for c in chain] == ["bytes", "zstd"]:
            assert chain[1]["configuration"]["checksum"] is True
        else:
            assert [c["name"] for c in chain] == ["bytes", "blosc", "crc32c"]
            assert chain[1]["configuration"]["cname"] == "zstd"


def test_slices_packed_to_be_read_fast_hold_the_same(cohort, slices, tmp_path):
    """LZ4 inside Blosc: other bytes, read by the same libraries, and by `verify` and whoever prepares again."""
    fast = tmp_path / "fast.zarr"
    command("prepare", cohort, "--into", fast, "--set", "prepare.packing=fast", "--quiet")
    (sharding,) = json.loads((fast / "image/zarr.json").read_text())["codecs"]
    assert sharding["configuration"]["codecs"][1]["configuration"]["cname"] == "lz4"
    assert lamina(fast)["packing"] == "fast" and "packing" not in lamina(slices)
    assert numpy.array_equal(read(fast / "image"), read(slices / "image"))
    assert numpy.array_equal(read(fast / "label"), read(slices / "label"))
    command("verify", fast)
    command("prepare", cohort, "--into", fast, "--set", "prepare.packing=fast", "--quiet")
    assert "other settings" in command("prepare", cohort, "--into", fast, "--quiet", code=1).stderr


def test_slices_read_the_same_everywhere(stores):
    _, slices, twins = stores
    image = read(slices / "image")
    about = lamina(slices)
    assert image.dtype == numpy.int16
    assert image.shape == (about["slices"], about["channels"], about["height"], about["width"])
    twin(twins, "image", image)
    attributes = zarr.open_array(str(slices / "image"), mode="r").attrs
    assert attributes["scale_factor"] == about["scaleFactor"] and attributes["add_offset"] == about["addOffset"]
    if (slices / "label").exists():
        label = read(slices / "label")
        assert label.dtype == numpy.uint8 and label.shape == (image.shape[0], *image.shape[2:])
        twin(twins, "label", label)


SLICE = numpy.dtype([
    ("volume", "<u4"), ("index", "<u4"), ("position", "<f4"), ("flags", "<u4"), ("shard", "<u4"),
    ("image_length", "<u4"), ("label_length", "<u4"), ("crc32c", "<u4"), ("image_offset", "<u8"), ("label_offset", "<u8")])


def records(path, magic, dtype):
    """The records of a flat file, by the page on the store format alone."""
    data = path.read_bytes()
    assert data[:8] == magic
    version, size, count = struct.unpack("<IIQ", data[8:24])
    assert version == 1 and (dtype is None or size == dtype.itemsize)
    assert len(data) == 64 + size * count + 4
    return numpy.frombuffer(data[64:-4], dtype or f"V{size}")


def test_the_flat_index_finds_the_chunks(stores):
    from numcodecs import blosc
    _, slices, _ = stores
    image = zarr.open_array(str(slices / "image"), mode="r")
    index = records(slices / "slices.index", b"LAMSLICE", SLICE)
    assert len(index) == image.shape[0]
    for n in range(0, len(index), max(1, len(index) // 7)):
        row = index[n]
        shard = (slices / f"image/c/{row['shard']}/0/0/0").read_bytes()
        chunk = shard[int(row["image_offset"]):int(row["image_offset"]) + int(row["image_length"])]
        raw = row.tobytes()
        assert row["crc32c"] == google_crc32c.value(raw[:28] + raw[32:])
        values = numpy.frombuffer(blosc.decompress(chunk[:-4]), "<i2")
        assert numpy.array_equal(values, image[n].ravel())


def test_volume_records_carry_the_way_back(stores):
    _, slices, _ = stores
    about = lamina(slices)
    found = records(slices / "volumes.index", b"LAMVOLUM", None)
    assert len(found) == about["volumes"]
    first = 0
    for raw in found.tolist():
        source, canvas = struct.unpack("<3I", raw[64:76]), struct.unpack("<3I", raw[76:88])
        affines = numpy.frombuffer(raw[96:288], "<f8").reshape(2, 4, 3)
        assert all(source) and canvas[:2] == (about["width"], about["height"])
        assert all(abs(numpy.linalg.det(a[:3])) > 0 for a in affines)
        start, count = struct.unpack("<2Q", raw[288:304])
        assert start == first and count == canvas[2]
        first += count
    assert first == about["slices"]
