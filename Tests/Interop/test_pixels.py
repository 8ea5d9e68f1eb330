"""Every image among pydicom's own test files: our stored values beside pydicom's, colours unconverted.

python test_pixels.py   prints the table of docs/reference/dicom-conformance.md
pydicom_pixels.json     says what each file has come to; made by: python test_pixels.py --write
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy
import pydicom
import pydicom.data
import pydicom.pixels

from conftest import LAMINA

FILES = pathlib.Path(pydicom.data.__file__).parent / "test_files"
EXPECTED = pathlib.Path(__file__).with_name("pydicom_pixels.json")


def images():
    """Files with pixels that pydicom can open, by name."""
    found = {}
    for path in sorted(FILES.rglob("*")):
        try:
            header = pydicom.dcmread(path)
        except Exception:
            continue
        if "Rows" in header and {"PixelData", "FloatPixelData", "DoubleFloatPixelData"} & set(header.dir()):
            found[str(path.relative_to(FILES))] = header
    return found


def ours(path, raw):
    done = subprocess.run([LAMINA, "inspect", path, "--raw", raw, "--json"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1].split(": ")[-1]
    said = json.loads(done.stdout)
    shape = [said[name] for name in ("samples", "frames", "rows", "columns")]
    return numpy.fromfile(raw, said["type"]).reshape(shape), said["header"]["syntax"]


def theirs(header):
    """sample, frame, row, column: as pydicom decodes it, without conversion of colours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pydicom.pixels.pixel_array(header, raw=True)
        except Exception as error:
            return None, type(error).__name__
    samples = header.SamplesPerPixel
    frames = int(header.get("NumberOfFrames", 1) or 1)
    shape = (frames, header.Rows, header.Columns, samples)
    return numpy.moveaxis(found.reshape(shape), 3, 0), ""


def verdict(path, header, raw):
    mine, why = ours(path, raw)
    other, failure = theirs(header)
    if mine is None:
        return ("both refuse" if other is None else "refused"), why
    if other is None:
        return "only we read it", failure
    if mine.shape != other.shape:
        return "different", f"{mine.shape} here, {other.shape} there"
    if numpy.array_equal(mine, other, equal_nan=mine.dtype.kind == "f"):
        return "same", ""
    apart = numpy.abs(mine.astype("f8") - other.astype("f8"))
    return "different", f"{numpy.count_nonzero(apart)} of {apart.size} values, by up to {apart.max():g}"


def verdicts():
    with tempfile.TemporaryDirectory() as folder:
        raw = pathlib.Path(folder) / "raw"
        return {name: verdict(FILES / name, header, raw) for name, header in images().items()}


def test_what_was_the_same_as_pydicoms_pixels_stays_the_same():
    expected = json.loads(EXPECTED.read_text())
    found = verdicts()
    assert len(found) > 90
    for name, (kind, why) in found.items():
        if name in expected:
            assert kind == expected[name], f"{name}: {kind}, {why}"


if __name__ == "__main__":
    found = verdicts()
    if "--write" in sys.argv:
        EXPECTED.write_text(json.dumps({name: kind for name, (kind, _) in found.items()}, indent=1) + "\n")
    print(collections.Counter(kind for kind, _ in found.values()))
    for name, (kind, why) in found.items():
        if kind != "same":
            print(f"| `{name}` | {kind} | {why} |")
