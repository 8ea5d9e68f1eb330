"""Writes references.json: what dcm2niix's NIfTI files of shared/data/dicom hold.

usage: references.py SHARED/data/dicom   (needs nibabel)
Of each reference, in the order of axes nearest to RAS: shape, affine, slope and intercept, and the
CRC-32 of the stored values as little endian int32, x fastest.
"""
import json, pathlib, sys, zlib
import nibabel, numpy

root = pathlib.Path(sys.argv[1])
found = []
for path in sorted(root.glob("*/Ref*/*.nii.gz")):
    raw = nibabel.load(path)
    slope, intercept = raw.dataobj.slope, raw.dataobj.inter
    stored = numpy.asarray(raw.dataobj.get_unscaled())
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(stored, raw.affine))
    values = numpy.asarray(image.dataobj).astype("<i4")
    found.append({
        "folder": path.parts[-3], "file": path.name, "shape": list(values.shape),
        "affine": image.affine.tolist(), "slope": float(slope), "intercept": float(intercept),
        "crc": zlib.crc32(values.tobytes(order="F")),
    })
pathlib.Path(__file__).with_name("references.json").write_text(json.dumps(found, indent=1) + "\n")
