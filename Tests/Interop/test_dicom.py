"""DICOM in, NIfTI out: the same voxels at the same places as dcm2niix, pydicom and SimpleITK find."""
import json

import nibabel
import numpy
import pydicom
import pytest
import SimpleITK

from conftest import lamina

REAL = [
    "ct-head-philips", "ge-epi-4d", "philips-enhanced-b0", "philips-epi-rescale", "siemens-fieldmap-2echo",
    "siemens-mosaic", "siemens-sagittal-nonsquare", "transfer-syntaxes",
]


def canonical(path):
    image = nibabel.as_closest_canonical(nibabel.load(path))
    return numpy.squeeze(numpy.asanyarray(image.dataobj)), image.affine




def same(a, b):
    (x, p), (y, q) = a, b
    if x.shape != y.shape or not numpy.allclose(p, q, atol=1e-3):
        return False
    scale = max(1.0, float(numpy.abs(y).max()))
    return bool(numpy.allclose(x.astype(float), y.astype(float), rtol=1e-5, atol=1e-6 * scale))


@pytest.mark.parametrize("name", REAL)
def test_real_series_equal_dcm2niix(name, data, tmp_path):
    store, out = tmp_path / "c.zarr", tmp_path / "out"
    folder = data / "dicom" / name
    lamina("ingest", folder / "In", "--into", store, "--quiet")
    lamina("export", store, "--into", out, "--quiet")
    ours = [canonical(path) for path in sorted(out.rglob("*.nii.gz"))]
    references = sorted([*folder.glob("Ref/*.nii.gz"), *folder.glob("RefGen/*.nii.gz")])
    assert references
    for reference in references:
        assert any(same(volume, canonical(reference)) for volume in ours), reference.name


def test_malformed_files_are_refused_by_name_and_the_rest_is_taken(data, tmp_path):
    store = tmp_path / "c.zarr"
    scans = data / "dicom" / "siemens-sagittal-nonsquare" / "In"
    done = lamina("ingest", scans, data / "malformed" / "dicom-fuzz", "--into", store, code=3)
    report = json.loads((store / "report.json").read_text())
    refused, reasons = report["refused"], {reason["code"]: reason for reason in report["reasons"]}
    assert len(refused) > 10 and {entry["code"] for entry in refused} == set(reasons)
    assert all(reason["explanation"] and reason["remedy"] for reason in reasons.values())
    assert "TC0347_deflate_truncated.dcm" in done.stderr
    lamina("export", store, "--into", tmp_path / "out", "--quiet")
    reference = canonical(next((scans.parent / "Ref").glob("*.nii.gz")))
    assert any(same(canonical(path), reference) for path in (tmp_path / "out").glob("*.nii.gz"))


def positions(folder):
    """Stored values by place in the patient, as pydicom reads them: {(x, y, z) mm of each slice's corner: pixels}."""
    found = {}
    for path in sorted(folder.rglob("*.dcm")):
        header = pydicom.dcmread(path)
        found[tuple(round(float(v), 3) for v in header.ImagePositionPatient)] = header.pixel_array
    return found


def test_phantom_slices_lie_where_pydicom_finds_them(phantom, exported):
    """Every slice of every series is found in an export, at its ImagePositionPatient, pixel for pixel."""
    images = [nibabel.load(p) for p in sorted(exported.glob("*.nii.gz")) if "_label-" not in p.name]
    series = sorted({p.parent for p in (phantom / "dicom").rglob("*.dcm")})
    assert series and images
    for folder in series:
        slices = positions(folder)
        assert any(holds(image, slices) for image in images), folder


def holds(image, slices):
    voxels = numpy.asanyarray(image.dataobj)
    lps = numpy.diag([-1, -1, 1, 1]) @ image.affine
    inverse = numpy.linalg.inv(lps)
    for corner, pixels in slices.items():
        index = inverse @ numpy.array([*corner, 1])
        i, j, k = numpy.rint(index[:3]).astype(int)
        if numpy.abs(index[:3] - (i, j, k)).max() > 1e-2 or not 0 <= k < voxels.shape[2]:
            return False
        plane = voxels[:, :, k].T
        plane = plane[::-1] if j > 0 else plane
        plane = plane[:, ::-1] if i > 0 else plane
        if plane.shape != pixels.shape or not numpy.array_equal(plane, pixels):
            return False
    return True


def test_exports_are_what_simpleitk_and_nibabel_agree_on(exported):
    for path in sorted(exported.glob("*.nii.gz")):
        mine = nibabel.load(path)
        theirs = SimpleITK.ReadImage(str(path))
        voxels = SimpleITK.GetArrayFromImage(theirs).T
        assert numpy.array_equal(numpy.asanyarray(mine.dataobj), voxels)
        direction = numpy.array(theirs.GetDirection()).reshape(3, 3) * numpy.array(theirs.GetSpacing())
        ras = numpy.diag([-1, -1, 1]) @ direction
        assert numpy.allclose(mine.affine[:3, :3], ras, atol=1e-4)
