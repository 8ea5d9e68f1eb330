"""NIfTI in, NIfTI out: nibabel and SimpleITK find the same voxels at the same places as before.

With LAMINA_NIFTI_OUT the files of that folder are compared with the scans that they are named after
instead of those that `lamina export` writes.
"""
import gzip
import os
import pathlib

import nibabel
import numpy
import pytest
import SimpleITK

from conftest import lamina

OUT = os.environ.get("LAMINA_NIFTI_OUT")
# By nifti/SOURCE.md: a plain pair of both orders of bytes, points in time, and NIfTI-2.
REAL = ["nifti/big.nii.gz", "nifti/little.nii.gz", "nifti/example4d.nii.gz", "nifti/example_nifti2.nii.gz",
        "spleen-crop/image.nii.gz"]


def load(path):
    image = nibabel.load(path)
    return numpy.squeeze(numpy.asanyarray(image.dataobj)), image


def stem(path):
    return pathlib.Path(path).name.removesuffix(".gz").removesuffix(".nii")


def check(source, written):
    """The written file is the source: type, voxels, affine and the codes of its forms."""
    (voxels, before), (found, after) = load(source), load(written)
    assert found.shape == voxels.shape
    assert found.dtype.newbyteorder("=") == voxels.dtype.newbyteorder("=")
    assert numpy.array_equal(found, voxels)
    # NIfTI-2 has double precision, which NIfTI-1 cannot keep.
    assert numpy.allclose(after.affine, before.affine, atol=0 if before.header["sizeof_hdr"] == 348 else 1e-4)
    for code in ("qform_code", "sform_code"):
        assert after.header[code] == before.header[code]
    assert not bytes(after.header["descrip"]).strip(b"\0")
    ours = SimpleITK.ReadImage(str(written))
    if before.header["sizeof_hdr"] == 348:  # ITK does not read NIfTI-2
        theirs = SimpleITK.ReadImage(str(source))
        assert numpy.allclose(ours.GetDirection()[:3], theirs.GetDirection()[:3], atol=1e-5)
        assert numpy.allclose(ours.GetOrigin()[:3], theirs.GetOrigin()[:3], atol=1e-4)


def written_files(sources, tmp_path):
    """What came of each source, by its stem."""
    if OUT:
        return {stem(path): path for path in pathlib.Path(OUT).iterdir() if ".nii" in path.name}
    inputs, out = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    for source in sources:
        (inputs / source.name).symlink_to(source)
    lamina("ingest", inputs, "--into", tmp_path / "c.zarr", "--quiet")
    lamina("export", tmp_path / "c.zarr", "--into", out, "--quiet")
    return {path.name: path for path in out.rglob("*.nii.gz")}


def same(source, written):
    (x, p), (y, q) = load(source), load(written)
    return x.shape == y.shape and numpy.allclose(p.affine, q.affine, atol=1e-3) and numpy.array_equal(x, y)


@pytest.mark.parametrize("name", REAL)
def test_a_file_comes_back_as_it_went(name, data, tmp_path):
    source = data / name
    files = written_files([source], tmp_path)
    hits = [path for key, path in files.items() if not OUT or key == stem(source)]
    assert len(hits) == 1
    check(source, hits[0])


def test_a_sample_of_a_cohort_comes_back_as_it_went(data, tmp_path):
    sources = sorted((data / "hippocampus" / "imagesTr").glob("*.nii.gz"))[::16]
    files = written_files(sources, tmp_path)
    for source in sources:
        hits = [path for path in files.values() if same(source, path)]
        assert hits, source.name
        check(source, hits[0])


def test_a_file_cut_short_is_refused_and_the_rest_taken(data, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    whole = (data / "nifti" / "little.nii.gz").read_bytes()
    (folder / "whole.nii.gz").write_bytes(whole)
    (folder / "cut.nii.gz").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[-6] ^= 1
    (folder / "flipped.nii.gz").write_bytes(flipped)
    (folder / "short.nii").write_bytes(gzip.decompress(whole)[:-1])
    done = lamina("ingest", folder, "--into", tmp_path / "c.zarr", code=3)
    said = done.stdout + done.stderr
    assert all(name in said for name in ("cut.nii.gz", "flipped.nii.gz", "short.nii"))
    lamina("export", tmp_path / "c.zarr", "--into", tmp_path / "out", "--quiet")
    assert len(list((tmp_path / "out").rglob("*.nii.gz"))) == 1
