"""Converts folders of DICOM with dcm2niix and with lamina and pairs the volumes by what they hold.

    python Tests/Interop/compare_series.py FOLDER…

One line a volume of dcm2niix: `same`, or how the nearest volume of lamina differs; then what only lamina has.
Voxels are compared through the affines, after the closest canonical reorientation: integers must be equal,
real values to 1e-5, affines to 1e-3 mm. LAMINA names the executable (default: the release build).
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import nibabel
import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAMINA = os.environ.get("LAMINA", str(ROOT / ".build" / "release" / "lamina"))


class Volume:
    """Voxels and affine of a NIfTI file, turned towards RAS."""

    def __init__(self, path):
        image = nibabel.as_closest_canonical(nibabel.load(path))
        self.name = path.name.removesuffix(".gz").removesuffix(".nii")
        self.voxels, self.affine = numpy.squeeze(numpy.asanyarray(image.dataobj)), image.affine

    def same_voxels(self, other):
        x, y = self.voxels, other.voxels
        if x.shape != y.shape or bool(x.dtype.fields) != bool(y.dtype.fields):
            return False
        if x.dtype.fields or (x.dtype.kind in "iu" and y.dtype.kind in "iu"):
            return bool((x == y).all())
        x, y = x.astype(float), y.astype(float)
        return bool(numpy.allclose(x, y, rtol=1e-5, atol=1e-6 * max(1.0, float(numpy.abs(y).max()))))

    def same_place(self, other):
        return numpy.allclose(self.affine, other.affine, atol=1e-3)


def volumes(folder):
    """The volumes of a folder, without those whose affine is singular: dcm2niix writes such where times are mixed."""
    found = []
    for path in sorted(folder.rglob("*.nii*")):
        try:
            found.append(Volume(path))
        except nibabel.orientations.OrientationError:
            print(f"  {path.name}: a singular affine")
    return found


def difference(theirs, ours):
    """`same`, or how the nearest of `ours` differs from a volume of dcm2niix."""
    alike = [volume for volume in ours if volume.voxels.shape == theirs.voxels.shape]
    if any(volume.same_voxels(theirs) and volume.same_place(theirs) for volume in alike):
        return "same"
    moved = [volume for volume in alike if volume.same_voxels(theirs)]
    if moved:
        return f"elsewhere by {min(numpy.abs(v.affine - theirs.affine).max() for v in moved):.3g} mm"
    if any(volume.same_place(theirs) for volume in alike):
        return "other voxels"
    return "other place and voxels" if alike else "no volume of this shape"


def convert(folder, into, settings=()):
    """Runs both converters; returns (dcm2niix's volumes, lamina's, lamina's exit status of ingest)."""
    theirs, ours, store = into / "dcm2niix", into / "lamina", into / "cohort.zarr"
    theirs.mkdir(parents=True)
    subprocess.run(
        [dcm2niix(), "-z", "n", "-b", "n", "-d", "9", "-f", "%s_%p_%e_%t", "-o", str(theirs), str(folder)],
        capture_output=True, timeout=600)
    options = [word for setting in ("ingest.singleSlices=true", *settings) for word in ("--set", setting)]
    done = subprocess.run(
        [LAMINA, "ingest", str(folder), "--into", str(store), *options, "--quiet"], capture_output=True, timeout=600)
    subprocess.run([LAMINA, "export", str(store), "--into", str(ours), "--quiet"], capture_output=True, timeout=600)
    return volumes(theirs), volumes(ours), done.returncode


def dcm2niix():
    """The executable beside this Python, else the one on the path."""
    beside = pathlib.Path(sys.executable).parent / "dcm2niix"
    found = str(beside) if beside.exists() else shutil.which("dcm2niix")
    assert found, "dcm2niix is not installed"
    return found


def main(folders):
    same = total = 0
    for folder in map(pathlib.Path, folders):
        with tempfile.TemporaryDirectory() as scratch:
            theirs, ours, status = convert(folder, pathlib.Path(scratch))
        print(f"{folder.name}: dcm2niix {len(theirs)}, lamina {len(ours)} volumes, ingest {status}")
        for volume in theirs:
            verdict = difference(volume, ours)
            print(f"  {volume.name} {volume.voxels.shape}: {verdict}")
            same, total = same + (verdict == "same"), total + 1
        for volume in ours:
            if not any(volume.same_voxels(other) and volume.same_place(other) for other in theirs):
                print(f"  only lamina: {volume.voxels.shape}")
    print(f"same {same} of {total}")


if __name__ == "__main__":
    main(sys.argv[1:])
