"""Names in the character sets of DICOM, as pydicom writes and reads them, and text that would steer a terminal."""
import json
import pathlib
import re

import numpy
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import generate_uid

from conftest import lamina

# Terms of PS3.3 C.12.1.1.2 that pydicom can write (of ISO 2022 IR 58 it forgets the escapes), with and without code
# extensions, names in several groups.
WRITTEN = [
    ("ISO_IR 100", "Buc^Jérôme"), ("ISO_IR 101", "Wałęsa^Łucja"), ("ISO_IR 109", "Ĉapelo^ħ"), ("ISO_IR 110", "Jānis^Ķēniņš"),
    ("ISO_IR 144", "Люкceмбypг^Ё"), ("ISO_IR 127", "قباني^لنزار"), ("ISO_IR 126", "Διονυσιος^Ά"), ("ISO_IR 138", "שרון^דבורה"),
    ("ISO_IR 148", "Şahin^İğde"), ("ISO_IR 166", "ภาษา^ไทย"), ("ISO_IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
    ("ISO_IR 192", "Wang^XiaoDong=王^小東=𠮷^é"), ("GB18030", "Wang^XiaoDong=王^小东=ſ^€"), ("GBK", "Wang^XiaoDong=王^小东"),
    (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
    (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    (["", "ISO 2022 IR 159"], "Yamada^Tarou=丂^丄"), (["ISO 2022 IR 100", "ISO 2022 IR 144"], "Jérôme=Люк"),
]
THEIRS = sorted(pathlib.Path(pydicom.__file__).parent.glob("data/charset_files/*.dcm"))


def series(folder, patient, fill):
    """Two slices; `fill` adds to each what is tried."""
    folder.mkdir(parents=True)
    study, uid = generate_uid(), generate_uid()
    for z in range(2):
        slice = Dataset()
        slice.file_meta = FileMetaDataset()
        slice.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        slice.SOPClassUID = slice.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        slice.SOPInstanceUID = slice.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        slice.StudyInstanceUID, slice.SeriesInstanceUID, slice.Modality = study, uid, "MR"
        slice.PatientID, slice.InstanceNumber, slice.ImageType = patient, z + 1, ["ORIGINAL", "PRIMARY"]
        slice.Rows = slice.Columns = 4
        slice.SamplesPerPixel, slice.PhotometricInterpretation = 1, "MONOCHROME2"
        slice.BitsAllocated, slice.BitsStored, slice.HighBit, slice.PixelRepresentation = 16, 16, 15, 0
        slice.PixelSpacing, slice.ImageOrientationPatient = [1, 1], [1, 0, 0, 0, 1, 0]
        slice.ImagePositionPatient = [0, 0, z]
        slice.PixelData = numpy.full(16, z, "<u2").tobytes()
        fill(slice)
        slice.save_as(folder / f"{z}.dcm", enforce_file_format=True)


def listed(store):
    """What is listed of every patient, by Patient ID."""
    entries = json.loads(lamina("list", store, "--json").stdout)["entries"]
    return {entry["identity"]["patient"]: entry["identity"] for entry in entries}


def groups(name):
    """A name without the empty groups at its end, which may be left out (PS3.5 6.2.1)."""
    return name.rstrip("=^")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """The name of each patient as pydicom has it, and the cohort."""
    scans, expected = tmp_path_factory.mktemp("named") / "scans", {}
    for place, (sets, name) in enumerate(WRITTEN):
        def fill(slice):
            slice.SpecificCharacterSet = sets
            slice.PatientName = name
            if sets != "ISO_IR 13":  # which pydicom can write in names only
                slice.SeriesDescription = name
        series(scans / str(place), f"W{place}", fill)
        expected[f"W{place}"] = str(pydicom.dcmread(scans / str(place) / "0.dcm").PatientName)
        assert expected[f"W{place}"] == name, "pydicom cannot write it"
    for path in THEIRS:
        written = pydicom.dcmread(path)
        if "PatientName" not in written:
            continue
        def copy(slice):  # the bytes as they are
            slice[0x00080005] = written.get_item(0x00080005)
            slice[0x00100010] = written.get_item(0x00100010)
        series(scans / path.stem, path.stem, copy)
        expected[path.stem] = str(pydicom.dcmread(path).PatientName)
    store = tmp_path_factory.mktemp("store") / "c.zarr"
    lamina("ingest", scans, "--into", store, "--quiet")
    return expected, listed(store)


def test_names_are_those_that_pydicom_writes_and_reads(names):
    expected, ours = names
    assert len(expected) >= len(WRITTEN) + 14
    assert {patient: groups(one["patientName"]) for patient, one in ours.items()} == {
        patient: groups(name) for patient, name in expected.items()}


def test_descriptions_are_decoded_as_names_are(names):
    _, ours = names
    for place, (sets, name) in enumerate(WRITTEN):
        assert sets == "ISO_IR 13" or ours[f"W{place}"]["seriesDescription"] == name


STEERING = {
    "escape": "red\x1b[31mtext\x1b]0;title\x07", "c1": "a\x9b31mb\x85c\x90d", "bidi": "a\u202eb\u202cc\u2066d\u2069e", "lines": "a\nb\r\tc",
    "delete": "a\x7f\x08b",
}


def test_text_of_a_file_cannot_steer_a_terminal(tmp_path):
    for patient, text in STEERING.items():
        def fill(slice):
            slice.SpecificCharacterSet = "ISO_IR 192"
            slice.SeriesDescription = slice.ProtocolName = slice.PatientName = text
        series(tmp_path / "scans" / patient, patient, fill)
    said = lamina("ingest", tmp_path / "scans", "--into", tmp_path / "c.zarr").stderr
    table = lamina("list", tmp_path / "c.zarr").stdout
    raw = lamina("list", tmp_path / "c.zarr", "--json").stdout
    for shown in (said, table, raw):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown), repr(shown)
    assert len(table.splitlines()) == 1 + len(STEERING), "a line that a file has written"
    assert "\t" not in table and "a\ufffdb" in table
    # What a program parses is what the file says.
    assert {patient: one["protocolName"] for patient, one in listed(tmp_path / "c.zarr").items()} == STEERING
