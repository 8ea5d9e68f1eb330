"""A study in which everything that can hold a name holds a canary: none may fly out of the ledger."""
import base64
import gzip
import json
import os
import pathlib
import re
import shutil
import tarfile
import zipfile

import nibabel
import numcodecs
import numpy
import pydicom
import pytest
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence

from conftest import ROOT, lamina
from test_road import SMALL

WORD = "CANARYBIRD"
DATE = "19170307"
UID = "2.25.31415926535897932384"
CYRILLIC = "КАНАРЕЙКА"
# What becomes of it where the character set is not looked at.
MOJIBAKE = CYRILLIC.encode("iso-8859-5").decode("latin-1")
# What the image itself needs; everything else that is text is planted.
NEEDED = {
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality", "StudyInstanceUID",
    "SeriesInstanceUID", "FrameOfReferenceUID", "PhotometricInterpretation", "PatientID", "BurnedInAnnotation",
    "ConversionType", "ComplexImageComponent", "StackID", "PixelPresentation", "VolumetricProperties",
}
LONGEST = {"SH": 16, "CS": 16, "AE": 16, "LO": 64, "PN": 64, "LT": 200, "ST": 200, "UT": 200, "UC": 200, "UR": 60}


def planted(dataset, depth=0):
    """Fills every text, date and UID of the dictionary that the data set does not have."""
    for tag, (vr, vm, _, _, keyword) in DicomDictionary.items():
        if not keyword or keyword in NEEDED or tag >> 16 in (0, 2, 0x5200) or keyword in dataset:
            continue
        if vr in LONGEST:
            value = f"{WORD} {keyword}"[: LONGEST[vr]]
            value = value.upper().replace("-", "_") if vr == "CS" else value
        elif vr in ("DA", "DT"):
            value = DATE + ("111213" if vr == "DT" else "")
        elif vr == "UI":
            value = UID + ".9"
        elif vr == "SQ" and depth == 0 and keyword not in ("IconImageSequence", "ModalityLUTSequence"):
            if tag >> 16 not in (0x8, 0x10, 0x32, 0x38, 0x40, 0x400):
                continue
            item = Dataset()
            item.PatientID = item.PatientName = item.CodeMeaning = WORD
            item.ReferencedSOPInstanceUID = UID + ".8"
            value = Sequence([item])
        else:
            continue
        setattr(dataset, keyword, value)
    return dataset


def study(folder, number, modality="MR", charset="ISO_IR 192", name=f"{WORD}^MARIA", cut=False):
    folder.mkdir(parents=True)
    for z in range(3):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{UID}.{number}.3.{z}"
        dataset.SpecificCharacterSet = charset
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M"]
        dataset.Modality = modality
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{UID}.{number}.1", f"{UID}.{number}.2"
        dataset.FrameOfReferenceUID = UID + ".7"
        dataset.PatientID, dataset.PatientName = f"{WORD}{number}", name
        dataset.ManufacturerModelName = f"Prisma {WORD} HOSPITAL"
        dataset.ConvolutionKernel = WORD
        dataset.BodyPartExamined = WORD
        dataset.ScanningSequence = "GR"
        dataset.Rows = dataset.Columns = 8
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
        dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 2
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 2 * z], [1, 0, 0, 0, 1, 0]
        dataset.InstanceNumber = z + 1
        planted(dataset)
        block = dataset.private_block(0x0009, f"{WORD} CREATOR", create=True)
        block.add_new(0x10, "LO", WORD)
        block.add_new(0x11, "UN", WORD.encode())
        icon = Dataset()
        icon.Rows, icon.Columns, icon.BitsAllocated, icon.BitsStored, icon.HighBit = 2, 8, 8, 8, 7
        icon.SamplesPerPixel, icon.PhotometricInterpretation, icon.PixelRepresentation = 1, "MONOCHROME2", 0
        icon.PixelData = (WORD + "      ").encode()
        dataset.IconImageSequence = Sequence([icon])
        dataset.add_new(0x60000010, "US", 8)
        dataset.add_new(0x60000011, "US", 8)
        dataset.add_new(0x60000022, "LO", WORD)
        dataset.add_new(0x60001500, "LO", WORD)
        dataset.add_new(0x60003000, "OW", WORD.encode())
        dataset.PixelData = numpy.arange(64, dtype="<u2").tobytes()
        path = folder / f"{WORD}-{z}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        if cut:
            path.write_bytes(path.read_bytes()[:-40])
    return folder


def nifti(path, shape=(5, 6, 7)):
    image = nibabel.Nifti1Image(numpy.arange(numpy.prod(shape), dtype="i2").reshape(shape), numpy.diag([1, 1, 2, 1]))
    for field, size in (("descrip", 80), ("aux_file", 24), ("intent_name", 16), ("db_name", 18), ("data_type", 10)):
        image.header[field] = (WORD * 8)[:size].encode()
    image.header["intent_p1"] = numpy.frombuffer(WORD[:4].encode(), "<f4")[0]
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", WORD.encode()))
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)
    return path


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    root = tmp_path_factory.mktemp("disk") / f"{WORD}-disk"
    study(root / f"{WORD}-one", 1)
    study(root / f"{WORD}-two", 2, charset="ISO_IR 144", name=CYRILLIC)
    study(root / f"{WORD}-ultrasound", 3, modality="US")
    study(root / f"{WORD}-cut", 4, cut=True)
    nifti(root / f"{WORD}-n" / f"{WORD}-scan.nii.gz")
    (root / f"{WORD}-cut.nii.gz").write_bytes(nifti(root / "x" / f"{WORD}.nii.gz").read_bytes()[:90])
    (root / f"{WORD}-text.dcm").write_text(WORD)
    zeros = nibabel.Nifti1Image(numpy.zeros((512, 512, 600), "i2"), numpy.eye(4))
    zeros.header["descrip"] = WORD.encode()
    nibabel.save(zeros, root / f"{WORD}-crash.nii.gz")  # more than a worker of this test may have
    packed = study(root / "p" / f"{WORD}-five", 5)
    with zipfile.ZipFile(root / f"{WORD}.zip", "w") as archive:
        for path in sorted(packed.iterdir()):
            archive.write(path, f"{WORD}-zip/{path.name}")
    shutil.rmtree(root / "p")
    with tarfile.open(root / f"{WORD}.tar.gz", "w:gz") as archive:
        archive.add(nifti(root / "q" / f"{WORD}-tar.nii"), f"{WORD}/sub-{WORD}/{WORD}.nii")
        archive.add(root / f"{WORD}-text.dcm", f"../{WORD}")
        link = tarfile.TarInfo(f"{WORD}-link")
        link.type, link.linkname = tarfile.SYMTYPE, f"/{WORD}"
        archive.addfile(link)
    shutil.rmtree(root / "q")
    return root


@pytest.fixture(scope="module")
def made(disk, tmp_path_factory):
    """Everything that leaves: the store, an export, slices, and what the commands said."""
    out = tmp_path_factory.mktemp("out")
    said = [lamina(
        "ingest", disk, "--into", out / "c.zarr", "--quiet", "--set", f"ingest.limits.memoryBytes={256 << 20}", code=3
    ).stderr]
    ledger = out / "c.ledger.sqlite"
    assert ledger.stat().st_mode & 0o777 == 0o600
    listed = lamina("list", out / "c.zarr", "--json").stdout
    assert WORD in listed and CYRILLIC in listed, "the ledger does not know what was planted"
    kept = tmp_path_factory.mktemp("ledger")
    for path in out.glob("c.ledger*"):
        shutil.move(path, kept)
    said.append(lamina("list", out / "c.zarr", "--json").stdout)
    for command in (["export", out / "c.zarr", "--into", out / "nifti"], ["prepare", out / "c.zarr", "--into", out / "s.zarr"]):
        done = lamina(*command)
        said += [done.stdout, done.stderr]
    for command in (["inspect", out / "s.zarr", "--json"], ["verify", out / "c.zarr"], ["inspect", out / "c.zarr"]):
        done = lamina(*command)
        said += [done.stdout, done.stderr]
    return out, said


def layers(data):
    """The bytes, and what is packed in them."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    for match in re.finditer(rb"[A-Za-z0-9+/]{40,}={0,2}", data):
        text = match.group()
        yield base64.b64decode(text[: len(text) // 4 * 4])
    for match in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), data):
        try:
            yield bytes(numcodecs.zstd.decompress(data[match.start():]))
        except Exception:  # these four bytes by chance, or another frame behind it
            pass


def canaries(data):
    words = [WORD, CYRILLIC, MOJIBAKE, DATE, UID, "MARIA", "HOSPITAL"]
    forms = {word.encode(code) for word in words for code in ("utf-8", "utf-16-le", "utf-16-be")}
    forms |= {CYRILLIC.encode("iso-8859-5"), WORD.lower().encode(), base64.b64encode(WORD.encode())[:12]}
    return [form for layer in layers(data) for form in forms if form in layer]


def test_the_search_finds_canaries_where_they_are():
    assert canaries(b"x" + WORD.encode())
    assert canaries(gzip.compress(WORD.encode()))
    assert canaries(base64.b64encode(b"----" * 12 + WORD.encode() + b"---"))
    assert canaries(b"xx" + numcodecs.zstd.compress(WORD.encode("utf-16-le")))


def test_what_is_sound_was_taken_and_the_rest_refused_for_its_reason(made):
    out, _ = made
    report = json.loads((out / "c.zarr" / "report.json").read_text())
    assert len(report["volumes"]) == 6  # two series, one in the zip; a file, its copy's folder, one in the tar
    codes = {reason["code"] for reason in report["reasons"]}
    assert {"burned-in", "not-dicom", "truncated", "archive-entry", "worker-crashed"} <= codes
    assert codes & {"pixels", "malformed"}, "the cut series is refused"


def test_no_canary_is_in_what_leaves(made):
    out, said = made
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) > 30 and any(path.suffix == ".gz" for path in files)
    for path in files:
        assert not canaries(str(path.relative_to(out)).encode()), path
        assert not canaries(path.read_bytes()), (path, canaries(path.read_bytes()))
    for text in said:
        assert not canaries(text.encode()), text


def test_exported_nifti_holds_no_text(made):
    out, _ = made
    for path in (out / "nifti").glob("*.nii.gz"):
        header = nibabel.load(path).header
        for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type"):
            assert not bytes(header[field].tobytes()).strip(b"\0"), (path, field)
        assert not header.extensions


def test_nothing_that_was_unpacked_is_left(made):
    out, _ = made
    assert not list(out.glob("*.unpacked"))


@pytest.fixture(scope="module")
def trained(phantom, disk, tmp_path_factory):
    """The whole road on patients whose every name, folder and file holds a canary, and masks of a file full of them."""
    root, out = tmp_path_factory.mktemp("named") / WORD, tmp_path_factory.mktemp("trained")
    table = ["mask\tseries_instance_uid"]
    for number, line in enumerate((phantom / "labels" / "labels.tsv").read_text().splitlines()[1:]):
        mask, series = line.split("\t")
        shutil.copytree(phantom / "dicom" / mask.removesuffix(".nii.gz"), root / "scans" / f"{WORD}-{number}")
        (root / "masks").mkdir(exist_ok=True)
        shutil.copy(phantom / "labels" / mask, root / "masks" / f"{WORD}-{number}.nii.gz")
        table.append(f"{WORD}-{number}.nii.gz\t{series}")
    (root / "masks" / "labels.tsv").write_text("\n".join(table) + "\n")
    shutil.copy(phantom / "labels" / "labels.json", root / "masks")
    for path in sorted((root / "scans").rglob("*.dcm")):
        dataset = pydicom.dcmread(path)
        for keyword in ("PatientID", "PatientName", "SeriesDescription", "StudyDescription", "InstitutionName", "ProtocolName"):
            old = str(dataset.get(keyword, ""))
            setattr(dataset, keyword, f"{WORD} {old}")
        dataset.StudyDate = dataset.SeriesDate = dataset.PatientBirthDate = DATE
        dataset.save_as(path.with_name(f"{WORD}-{path.name}"))
        path.unlink()
    done = lamina(
        "run", ROOT / "pipelines" / "demo.yaml", "--set", f"data={root / 'scans'}", "--set",
        f"ingest.labels={root / 'masks'}", *SMALL, "--into", out, "--quiet")
    said = [done.stdout, done.stderr]
    for command in (["inspect", out / "pretrain"], ["inspect", out / "finetune"], ["spectrum", out / "pretrain", out / "slices.zarr"]):
        done = lamina(*command)
        said += [done.stdout, done.stderr]
    lamina("predict", disk / f"{WORD}-n", "--model", out / "finetune", "--into", out / "file", "--quiet")
    return out, said


def test_no_canary_is_in_runs_prepared_stores_and_masks(trained):
    out, said = trained
    kinds = set()
    for path in out.rglob("*"):
        if not path.is_file() or path.name.startswith("cohort.ledger"):
            continue
        kinds.add("".join(path.suffixes[-2:]) or path.name)
        # A mask of a file is called as the file is; the cohort's are called by pseudonyms.
        assert path.parent.name == "file" or not canaries(str(path.relative_to(out)).encode()), path
        assert not canaries(path.read_bytes()), (path, canaries(path.read_bytes()))
    assert {".safetensors", ".jsonl", ".yaml", ".json", ".nii.gz"} <= {"." + kind.split(".", 1)[-1] for kind in kinds}, kinds
    for text in said:
        assert not canaries(text.encode()), text


def test_masks_hold_no_text(trained):
    out, _ = trained
    masks = [*(out / "masks").glob("*.nii.gz"), *(out / "file").glob("*.nii.gz")]
    assert len(masks) > 1
    for path in masks:
        header = nibabel.load(path).header
        for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type"):
            assert not bytes(header[field].tobytes()).strip(b"\0"), (path, field)
        assert not header.extensions
