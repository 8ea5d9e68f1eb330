"""Chooses the stores' codec: packs real slices with every candidate and prints a table.

    python codecs.py DATA        # DATA: a folder laid out as README.md there says; needs numpy, nibabel, cc

Each slice is one chunk, as in the stores. Volumes keep their stored type; the row `hippocampus, prepared`
is what a slice store holds of them: clipped to the 0.5 and 99.5 percentiles and spread over int16.
"""
import pathlib
import subprocess
import sys
import tempfile

import nibabel
import numpy

HERE = pathlib.Path(__file__).resolve().parent


def stored(path):
    """Slices [z, y, x] as stored, all leading axes behind one another."""
    voxels = numpy.asanyarray(nibabel.load(path).dataobj.get_unscaled())
    voxels = voxels.reshape(*voxels.shape[:3], -1)
    return numpy.ascontiguousarray(voxels.transpose(3, 2, 1, 0)).reshape(-1, *voxels.shape[1::-1])


def prepared(path, side=64):
    """Slices of a canvas of side × side, int16."""
    voxels = stored(path).astype(numpy.float64)
    low, high = numpy.percentile(voxels, [0.5, 99.5])
    voxels = numpy.clip((voxels - low) / max(high - low, 1e-9), 0, 1) * 20000
    canvas = numpy.zeros((len(voxels), side, side), numpy.int16)
    y, x = min(side, voxels.shape[1]), min(side, voxels.shape[2])
    canvas[:, :y, :x] = voxels[:, :y, :x].round()
    return canvas


def sets(data):
    one = lambda folder: sorted((data / folder).glob("Ref*/*.nii*"))[0]
    for name in ["ct-head-philips", "ge-epi-4d", "siemens-sagittal-nonsquare", "philips-epi-rescale"]:
        yield name, [stored(one(f"dicom/{name}"))]
    yield "spleen-crop", [stored(p) for p in sorted((data / "spleen-crop").glob("**/*.nii*"))[:1]]
    images = sorted((data / "hippocampus/imagesTr").glob("[!.]*.nii*"))
    yield "hippocampus, prepared", [prepared(p) for p in images[:40]]
    floats = [v for v in map(stored, images[:60]) if v.dtype == numpy.float32]
    shape = max({v.shape[1:] for v in floats}, key=lambda s: sum(v.shape[1:] == s for v in floats))
    yield "hippocampus, float32", [v for v in floats if v.shape[1:] == shape]


def main(data):
    with tempfile.TemporaryDirectory() as scratch:
        program = f"{scratch}/codecs"
        subprocess.run(["cc", "-O3", str(HERE / "codecs.c"), "-lblosc", "-lzstd", "-o", program], check=True)
        print("| slices | codec | ratio | write MB/CPU-s | read MB/CPU-s |\n|---|---|---|---|---|", flush=True)
        for name, volumes in sets(data):
            slices = numpy.concatenate(volumes)
            pathlib.Path(f"{scratch}/raw").write_bytes(slices.tobytes())
            title = f"{name}, {slices.dtype} {slices.shape[2]}×{slices.shape[1]}, {len(slices)}"
            size = slices[0].nbytes
            subprocess.run([program, title, f"{scratch}/raw", str(size), str(slices.itemsize)], check=True)


main(pathlib.Path(sys.argv[1]))
