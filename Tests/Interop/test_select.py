"""What only the ledger knows is selected on, and a patient is forgotten everywhere."""
import json
import shutil

import pydicom
import pytest

from conftest import lamina


@pytest.fixture(scope="module")
def mixed(phantom, tmp_path_factory):
    """Two patients; one of them has a second series, the same slices under another description."""
    scans = tmp_path_factory.mktemp("mixed")
    for place, patient in enumerate(sorted((phantom / "dicom").iterdir())[:2]):
        for path in sorted(path for path in patient.rglob("*") if path.is_file()):
            dataset = pydicom.dcmread(path)
            for name, date in (("T1 mprage sag", "20200105"), ("FLAIR tra", "20210607"))[: 2 - place]:
                dataset.SeriesDescription, dataset.StudyDate = name, date
                dataset.SeriesInstanceUID = f"2.25.{place + 1}.{len(name)}"
                dataset.StudyInstanceUID = f"2.25.{place + 1}.{len(name)}.1"
                dataset.SOPInstanceUID = f"2.25.{place + 1}.{len(name)}.{dataset.InstanceNumber}"
                dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
                target = scans / f"{place}-{name[:2]}" / path.name
                target.parent.mkdir(exist_ok=True)
                dataset.save_as(target)
    store = tmp_path_factory.mktemp("store") / "c.zarr"
    lamina("ingest", scans, "--into", store, "--quiet")
    return store


def listed(store, *conditions):
    entries = json.loads(lamina("list", store, "--json", *conditions).stdout)["entries"]
    return {entry["volume"]["id"]: entry for entry in entries}


def test_t1_and_flair_are_told_apart_by_what_the_ledger_knows(mixed, tmp_path):
    everything = listed(mixed)
    flair = listed(mixed, "--where", "description~flair", "--where", "date>=2021")
    assert len(everything) == 3 and len(flair) == 1
    assert not listed(mixed, "--where", "date<=2019")
    assert len(listed(mixed, "--where", "description!~flair")) == 2
    lamina("prepare", mixed, "--into", tmp_path / "s.zarr", "--select", "description~flair", "--quiet")
    lines = (tmp_path / "s.zarr" / "split.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[0] for line in lines] == list(flair)
    done = lamina("prepare", mixed, "--into", tmp_path / "t.zarr", "--select", "description~pet", code=1)
    assert "no volume matches" in done.stderr
    assert "no condition" in lamina("list", mixed, "--where", "colour=red", code=1).stderr


def test_a_forgotten_patient_is_gone_and_what_used_them_is_named(mixed, tmp_path):
    store = tmp_path / "c.zarr"
    shutil.copytree(mixed, store)
    shutil.copy(str(mixed)[: -len(".zarr")] + ".ledger.sqlite", tmp_path / "c.ledger.sqlite")
    for select, name in (("description~flair", "with"), ("patient=" + other(store), "without")):
        lamina("prepare", store, "--into", tmp_path / "out" / f"{name}.zarr", "--select", select, "--quiet")
    lamina("export", store, "--into", tmp_path / "out" / "nifti", "--quiet")
    volume = next(iter(listed(store, "--where", "description~flair").values()))
    patient, identity = volume["volume"]["patient"], volume["identity"]["patient"]
    gone = json.loads(lamina("forget", patient, store, "--search", tmp_path / "out", "--json").stdout)
    assert len(gone["volumes"]) == 2
    uses = "\n".join(gone["uses"])
    assert "with.zarr: holds slices" in uses and "without.zarr" not in uses
    assert sum(".nii.gz" in line for line in gone["uses"]) >= 2
    assert len(listed(store)) == 1
    assert identity.encode() not in (tmp_path / "c.ledger.sqlite").read_bytes()
    assert patient not in (store / "report.json").read_text()
    lamina("verify", store)
    assert "no patient" in lamina("forget", patient, store, code=1).stderr


def other(store):
    """The pseudonym of the patient without a FLAIR."""
    flair = {entry["volume"]["patient"] for entry in listed(store, "--where", "description~flair").values()}
    return next(entry["volume"]["patient"] for entry in listed(store).values() if entry["volume"]["patient"] not in flair)
