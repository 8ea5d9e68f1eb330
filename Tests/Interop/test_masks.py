"""Masks drawn by others on exported scans come back as labels, in whatever orientation they were saved."""
import nibabel
import numpy
import pytest

from conftest import lamina


def drawn(scan):
    """A mask that differs along every axis, so that a flip or an exchange of axes shows."""
    x, y, z = numpy.indices(scan.shape[:3])
    return ((x > 3) + (y > scan.shape[1] // 2) + 2 * (z < 2)).astype(numpy.uint8)


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "PIR", "SLA"])
def test_a_mask_saved_in_another_orientation_comes_back_unchanged(phantom, exported, tmp_path, orientation):
    store, masks, out = tmp_path / "c.zarr", tmp_path / "masks", tmp_path / "out"
    key = tmp_path / "key"
    key.write_text("one key for both ingests, so that the names are the same\n")
    scans = phantom / "dicom"
    lamina("ingest", scans, "--into", store, "--key", key, "--quiet")
    lamina("export", store, "--into", tmp_path / "nifti", "--quiet")
    masks.mkdir()
    truth = {}
    for path in sorted((tmp_path / "nifti").glob("*.nii.gz"))[:2]:
        scan = nibabel.load(path)
        mask = nibabel.Nifti1Image(drawn(scan), scan.affine)
        truth[path.name.removesuffix(".nii.gz")] = numpy.asanyarray(mask.dataobj)
        turn = nibabel.orientations.ornt_transform(
            nibabel.orientations.io_orientation(scan.affine), nibabel.orientations.axcodes2ornt(orientation))
        nibabel.save(mask.as_reoriented(turn), masks / path.name)
    lamina("ingest", "--labels", masks, "--into", store, "--key", key, "--quiet")
    lamina("export", store, "--into", out, "--quiet")
    for name, voxels in truth.items():
        label = nibabel.load(next(out.glob(f"{name}_label-*.nii.gz")))
        assert numpy.array_equal(numpy.asanyarray(label.dataobj), voxels)


def test_a_mask_half_a_voxel_away_is_refused(phantom, tmp_path):
    store, masks = tmp_path / "c.zarr", tmp_path / "masks"
    lamina("ingest", phantom / "dicom", "--into", store, "--quiet")
    lamina("export", store, "--into", tmp_path / "nifti", "--quiet")
    masks.mkdir()
    path = sorted((tmp_path / "nifti").glob("*.nii.gz"))[0]
    scan = nibabel.load(path)
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, 0] / 2
    nibabel.save(nibabel.Nifti1Image(drawn(scan), affine), masks / path.name)
    done = lamina("ingest", "--labels", masks, "--into", store, code=3)
    assert path.name in done.stderr and "label-grid" in done.stderr
