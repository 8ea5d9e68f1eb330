"""Files that kill, hang or flood other readers, among good ones, through worker processes: each costs itself alone."""
import json
import time
import zlib

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from conftest import lamina
from test_faults import nested_sequences

EXPLICIT, DEFLATED, BASELINE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.50"


def meta(syntax):
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    element = b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value
    return bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0" + len(element).to_bytes(4, "little") + element


def image(path, stream, side=64):
    """A slice whose one frame is this stream, called JPEG baseline."""
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "2.25.7"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.PatientID = "2.25.8", "2.25.9", "H"
    header.Modality, header.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    header.ImagePositionPatient, header.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    header.PixelSpacing, header.SamplesPerPixel, header.PhotometricInterpretation = [1, 1], 1, "MONOCHROME2"
    header.Rows = header.Columns = side
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation = 7, 0
    header.PixelData = encapsulate([stream])
    header["PixelData"].is_undefined_length = True
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = BASELINE
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    pydicom.dcmwrite(path, header, enforce_file_format=True)


def frame_header(side):
    size = side.to_bytes(2, "big")
    return b"\xff\xc0\0\x0b\x08" + size + size + b"\x01\x01\x11\0"


def nesting(path):
    path.write_bytes(nested_sequences(20_000))


def deflate_bomb(path):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(squeeze.compress(bytes(1 << 24)) for _ in range(16)) + squeeze.flush()
    path.write_bytes(meta(DEFLATED) + data)


def gzip_bomb(path):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = squeeze.compress(meta(EXPLICIT))
    path.write_bytes(start + b"".join(squeeze.compress(bytes(1 << 24)) for _ in range(16)) + squeeze.flush())


def marker_loop(path):
    image(path, b"\xff\xd8\xff\x01" + frame_header(64) + bytes(2000))


def marker_loop_behind_the_frame(path):
    image(path, b"\xff\xd8" + frame_header(64) + b"\xff\x01" * 500 + b"\xff\xd9")


def huge_jpeg(path):
    image(path, b"\xff\xd8" + frame_header(40_000) + bytes(8000), side=40_000)


@pytest.mark.parametrize(
    "plant, name, code", [
        (nesting, "a.dcm", "limit"), (deflate_bomb, "a.dcm", "limit"), (gzip_bomb, "a.dcm.gz", "limit"),
        (marker_loop, "a.dcm", "pixels"), (marker_loop_behind_the_frame, "a.dcm", "decoding"),
        (huge_jpeg, "a.dcm", "limit"),
    ])
def test_a_hostile_file_costs_itself_alone(plant, name, code, phantom, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    plant(folder / name)
    (folder / "good").symlink_to(sorted((phantom / "dicom").iterdir())[0])
    start = time.monotonic()
    lamina("ingest", folder, "--into", tmp_path / "c.zarr", "--set", "ingest.singleSlices=true", code=3)
    assert time.monotonic() - start < 60
    report = json.loads((tmp_path / "c.zarr" / "report.json").read_text())
    assert [entry["code"] for entry in report["refused"]] == [code]
    assert report["volumes"]
