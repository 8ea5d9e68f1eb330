"""Small NIfTI files as nibabel writes them, and what nibabel finds in them.

usage: make_fixtures.py        (needs numpy and nibabel; writes beside itself)
"""
import json
import pathlib
import nibabel as nib
import numpy as np

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)
a = np.radians(20)
turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
oblique = nib.affines.from_matvec(turn @ np.diag([-1.5, 0.75, 2.5]), [31.25, -12.5, 7])
answers = {}


def keep(name, image):
    image.header["descrip"] = b"PHANTOM^JANE"
    image.header["aux_file"] = b"PHANTOM^JANE"
    image.header["intent_name"] = b"PHANTOM^JANE"
    nib.save(image, here / name)
    again = nib.load(here / name)
    answers[name] = {
        "size": list(again.shape), "type": again.get_data_dtype().newbyteorder("=").name,
        "affine": again.affine.tolist(), "codes": [int(again.header[c]) for c in ("qform_code", "sform_code")],
        "values": np.asarray(again.dataobj, dtype=np.float64).ravel(order="F").tolist()}


def image(dtype, shape=(3, 4, 2), kind=nib.Nifti1Image, endian="<", affine=oblique, q=1, s=1):
    top = 100 if np.dtype(dtype).kind in "iu" else 1000
    voxels = (rng.random(shape) * top).astype(dtype)
    header = (nib.Nifti1Header if kind in (nib.Nifti1Image, nib.Nifti1Pair) else nib.Nifti2Header)(endianness=endian)
    header.set_data_dtype(np.dtype(dtype))
    made = kind(voxels, affine, header)
    made.set_qform(affine, q)
    made.set_sform(affine, s)
    made.header.set_xyzt_units("mm", "sec")
    return made


for dtype in "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64".split():
    keep(f"{dtype}.nii", image(dtype))
    keep(f"{dtype}-big.nii", image(dtype, endian=">"))
keep("nifti2.nii.gz", image("int16", kind=nib.Nifti2Image))
keep("nifti2-big.nii", image("float32", kind=nib.Nifti2Image, endian=">"))
keep("pair.hdr", image("int16", kind=nib.Nifti1Pair))
keep("four.nii.gz", image("int16", shape=(3, 4, 2, 5)))
scaled = image("int16")
scaled.header.set_slope_inter(0.5, -10)
keep("scaled.nii", scaled)
sheared = oblique.copy()
sheared[0, 1] += 0.2
keep("sheared.nii", image("uint8", affine=sheared, q=0, s=2))
keep("qform-only.nii", image("uint8", s=0))
conflict = image("uint8", q=1, s=2)
moved = oblique.copy()
moved[:3, 3] += 5
conflict.set_sform(moved, 2)
keep("conflict.nii", conflict)
for name, code in [("complex64", None), ("rgb", None)]:
    voxels = np.zeros((2, 2, 2), "complex64" if name == "complex64" else [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), here / f"{name}.nii")
(here / "answers.json").write_text(json.dumps(answers, indent=0))
