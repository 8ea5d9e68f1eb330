"""Every kind of series that the phantom writes, beside dcm2niix: the same volumes, or a difference with a reason."""
import numpy
import pytest

from compare_series import Volume, convert, difference
from conftest import lamina

SAME = [
    "axial", "sagittal", "coronal", "oblique", "decubitus", "feet-first", "reversed", "echoes", "phase", "time", "cine",
    "mosaic", "mosaic-axial", "mosaic-sagittal", "mosaic-coronal", "mosaic-reversed", "enhanced", "enhanced-ct",
    "enhanced-pet", "enhanced-xa", "signed", "slopes", "localizer", "implicit", "big-endian", "rle", "jpeg-lossless", "jpeg-ls",
]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series") / "kinds"
    lamina("phantom", "--series", "--into", folder, "--quiet")
    return folder


@pytest.mark.parametrize("kind", SAME)
def test_series_equals_dcm2niix(kind, series, tmp_path):
    theirs, ours, status = convert(series / kind, tmp_path)
    assert status == 0 and theirs
    assert [difference(volume, ours) for volume in theirs] == ["same"] * len(theirs)
    assert len(ours) == len(theirs)


def test_multi_frame_files_of_two_times_are_one_volume_where_dcm2niix_leaves_two(series, tmp_path):
    theirs, ours, status = convert(series / "enhanced-files", tmp_path)
    assert status == 0 and len(theirs) == 2 and [volume.voxels.shape[3] for volume in ours] == [2]
    for time, volume in enumerate(theirs):
        assert ours[0].same_place(volume)
        numpy.testing.assert_allclose(ours[0].voxels[..., time], volume.voxels, rtol=1e-6)


def test_frames_of_two_tube_voltages_are_two_volumes_where_dcm2niix_makes_them_time(series, tmp_path):
    theirs, ours, status = convert(series / "enhanced-energies", tmp_path)
    assert status == 0 and [volume.voxels.shape[3] for volume in theirs] == [2] and len(ours) == 2
    for time in (0, 1):
        alike = [volume for volume in ours if (volume.voxels == theirs[0].voxels[..., time]).all()]
        assert len(alike) == 1 and alike[0].same_place(theirs[0])


def test_a_tilted_gantry_stays_a_shear_where_dcm2niix_interpolates(series, tmp_path):
    """dcm2niix's volume before interpolation has the same voxels; its affine leaves the shear out."""
    theirs, ours, status = convert(series / "tilt", tmp_path)
    assert status == 0 and len(ours) == 1
    assert any(ours[0].same_voxels(volume) for volume in theirs)
    assert not all(ours[0].same_voxels(volume) for volume in theirs)


@pytest.mark.parametrize("kind, setting, depth", [
    ("missing", "ingest.missing=fill", 8), ("uneven", "ingest.uneven=resample", 8),
])
def test_uneven_slices_are_refused_where_dcm2niix_stacks_them(kind, setting, depth, series, tmp_path):
    theirs, ours, status = convert(series / kind, tmp_path / "refused")
    assert theirs and not ours and status == 1  # nothing was taken
    _, ours, status = convert(series / kind, tmp_path / "mended", [setting])
    assert status == 0 and [volume.voxels.shape[2] for volume in ours] == [depth]


def test_deflated_files_are_read_where_dcm2niix_refuses_them(series, tmp_path):
    theirs, ours, status = convert(series / "deflated", tmp_path / "deflated")
    assert status == 0 and not theirs
    _, plain, _ = convert(series / "axial", tmp_path / "axial")
    assert isinstance(plain[0], Volume) and [difference(volume, plain) for volume in ours] == ["same"]
