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


def scaled(voxels, scan):
    """0 and 1 as nibabel stores floats in bytes: 0 and 255 with a slope of single precision."""
    mask = nibabel.Nifti1Image((voxels > 0).astype(numpy.float32), scan.affine)
    mask.set_data_dtype(numpy.uint8)
    return mask


def rounded(voxels, scan):
    """Off by a thirtieth of a voxel: what two programs make of one DICOM series."""
    affine = scan.affine.copy()
    affine[:3, 3] += affine[:3, 0] / 30
    return nibabel.Nifti1Image(voxels, affine)


def swapped(voxels, scan):
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(numpy.int32)
    return nibabel.Nifti1Image(voxels.astype(">i4"), scan.affine, header)


FORMS = {
    "scaled": scaled, "rounded": rounded, "swapped": swapped,
    "double": lambda voxels, scan: nibabel.Nifti1Image(voxels.astype(float), scan.affine),
    "long": lambda voxels, scan: nibabel.Nifti1Image(voxels.astype("i8"), scan.affine, dtype="i8"),
    "trailing": lambda voxels, scan: nibabel.Nifti1Image(voxels[..., None, None], scan.affine),
    "second": lambda voxels, scan: nibabel.Nifti2Image(voxels, scan.affine),
}


def unplaced(voxels):
    mask = nibabel.Nifti1Image(voxels, None)
    mask.set_sform(None, 0)
    mask.set_qform(None, 0)
    return mask


def test_masks_of_every_form_and_those_that_are_none(phantom, tmp_path):
    store, masks, out = tmp_path / "c.zarr", tmp_path / "masks", tmp_path / "out"
    lamina("ingest", phantom / "dicom", "--into", store, "--quiet")
    lamina("export", store, "--into", tmp_path / "nifti", "--quiet")
    masks.mkdir()
    path = sorted((tmp_path / "nifti").glob("*.nii.gz"))[0]
    stem, scan = path.name.removesuffix(".nii.gz"), nibabel.load(path)
    voxels = drawn(scan)
    for name, form in FORMS.items():
        nibabel.save(form(voxels, scan), masks / f"{stem}_label-{name}.nii.gz")
    bad = {
        "two": (nibabel.Nifti1Image(numpy.stack([voxels, voxels], -1), scan.affine), "it holds 2 volumes"),
        "less": (nibabel.Nifti1Image(voxels.astype("i2") - 1, scan.affine), "it holds -1.0"),
        "half": (nibabel.Nifti1Image(voxels.astype("f4") / 2, scan.affine), "which is no whole number"),
        "nowhere": (unplaced(voxels), "no sform, no qform"),
    }
    for name, (mask, _) in bad.items():
        nibabel.save(mask, masks / f"{stem}_label-{name}.nii.gz")
    done = lamina("ingest", "--labels", masks, "--into", store, code=3)
    for name, (_, sentence) in bad.items():
        assert any(f"label-{name}." in line and sentence in line for line in done.stderr.splitlines()), (
            name, done.stderr)
    lamina("export", store, "--into", out, "--quiet")
    for name in FORMS:
        label = nibabel.load(out / f"{stem}_label-{name}.nii.gz")
        expected = voxels > 0 if name == "scaled" else voxels
        assert numpy.array_equal(numpy.asanyarray(label.dataobj), expected), name
        assert numpy.array_equal(label.affine, scan.affine), name
