"""The road from scans to masks through the executable: pretraining, fine-tuning, prediction, evaluation."""
import json
import shutil
import subprocess

import nibabel
import numpy
import pytest
import safetensors.numpy
import SimpleITK

from conftest import LAMINA, ROOT, lamina

SMALL = [
    "--set", "pretrain.steps=6", "--set", "pretrain.batch=8", "--set", "pretrain.features=[8, 16, 16]",
    "--set", "pretrain.crops.size=32", "--set", "pretrain.threads=1", "--set", "pretrain.saveEvery=3",
    "--set", "finetune.steps=12", "--set", "finetune.batch=4", "--set", "finetune.volumes=2",
    "--set", "finetune.threads=1",
]


@pytest.fixture(scope="session")
def road(phantom, tmp_path_factory):
    """A folder with everything that `lamina run` makes."""
    folder = tmp_path_factory.mktemp("road")
    done = lamina(
        "run", ROOT / "pipelines" / "demo.yaml", "--set", f"data={phantom / 'dicom'}", "--set",
        f"ingest.labels={phantom / 'labels'}", *SMALL, "--into", folder)
    assert "Dice" in done.stdout
    return folder


def test_masks_have_the_shape_and_affine_of_their_scans(road, tmp_path):
    lamina("export", road / "cohort.zarr", "--into", tmp_path, "--quiet")
    masks = sorted((road / "masks").glob("*.nii.gz"))
    assert masks
    for path in masks:
        mask, scan = nibabel.load(path), nibabel.load(tmp_path / path.name)
        assert mask.shape == scan.shape[:3]
        assert numpy.allclose(mask.affine, scan.affine, atol=1e-5)
        theirs, image = SimpleITK.ReadImage(str(path)), SimpleITK.ReadImage(str(tmp_path / path.name))
        assert theirs.GetSize() == image.GetSize()
        assert numpy.allclose(theirs.GetOrigin(), image.GetOrigin(), atol=1e-4)
        assert numpy.allclose(theirs.GetDirection(), image.GetDirection(), atol=1e-5)


def test_dice_is_what_numpy_counts(road):
    evaluation = json.loads((road / "evaluation.json").read_text())
    assert evaluation["cases"]
    for case in evaluation["cases"]:
        mask = numpy.asanyarray(nibabel.load(road / "masks" / f"{case['name']}.nii.gz").dataobj)
        truth = numpy.asanyarray(nibabel.load(road / "references" / f"{case['name']}.nii.gz").dataobj)
        for scores in case["classes"]:
            a, b = mask == scores["label"], truth == scores["label"]
            total = a.sum() + b.sum()
            assert scores["dice"] == pytest.approx(2 * (a & b).sum() / total if total else 1, abs=1e-12)


def test_a_stage_that_has_not_changed_is_not_run_again(road, phantom):
    done = lamina(
        "run", ROOT / "pipelines" / "demo.yaml", "--set", f"data={phantom / 'dicom'}", "--set",
        f"ingest.labels={phantom / 'labels'}", *SMALL, "--into", road)
    for stage in ["prepare", "pretrain", "finetune", "predict"]:
        assert f"{stage}: nothing has changed" in done.stderr


def test_a_pretraining_that_stopped_goes_on_to_the_same_bits(road, tmp_path):
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    command = ["pretrain", road / "slices.zarr", "--recipe", ROOT / "pipelines" / "demo.yaml", "--quiet"]
    lamina(*command, *SMALL, "--into", whole)
    checkpoint = "checkpoint-00000003.safetensors"
    halves.mkdir()
    shutil.copy(whole / checkpoint, halves / checkpoint)
    lamina(*command, *SMALL, "--into", halves, "--resume")
    last = "checkpoint-00000006.safetensors"
    a = safetensors.numpy.load_file(whole / last)
    b = safetensors.numpy.load_file(halves / last)
    assert a.keys() == b.keys() and len(a) > 20
    for name in a:
        assert a[name].tobytes() == b[name].tobytes(), name


def test_an_encoder_opens_with_the_names_of_nnunet(road):
    weights = safetensors.numpy.load_file(road / "pretrain" / "encoder.safetensors")
    assert "encoder.stages.0.0.convs.0.conv.weight" in weights
    assert all(numpy.isfinite(value).all() for value in weights.values())


def test_predicting_a_file_equals_predicting_its_cohort(road, tmp_path):
    name = sorted((road / "masks").glob("*.nii.gz"))[0].name
    lamina("export", road / "cohort.zarr", "--into", tmp_path / "nifti", "--quiet")
    lamina(
        "predict", tmp_path / "nifti" / name, "--model", road / "finetune", "--into", tmp_path / "masks", "--quiet")
    ours = numpy.asanyarray(nibabel.load(tmp_path / "masks" / name).dataobj)
    theirs = numpy.asanyarray(nibabel.load(road / "masks" / name).dataobj)
    assert (ours == theirs).mean() > 0.999


def test_predict_takes_a_dicom_folder(road, phantom, tmp_path):
    folder = sorted((phantom / "dicom").iterdir())[0]
    lamina("predict", folder, "--model", road / "finetune", "--into", tmp_path, "--quiet")
    masks = list(tmp_path.glob("*.nii.gz"))
    assert len(masks) == 1 and nibabel.load(masks[0]).shape[2] > 1


def test_the_arms_differ_in_their_recipes_only(road, tmp_path):
    for arm in ["moco-v2", "local", "decorrelation", "local-decorrelation"]:
        done = lamina(
            "pretrain", road / "slices.zarr", "--recipe", ROOT / "pipelines" / f"{arm}.yaml", *SMALL, "--set",
            "pretrain.steps=2", "--into", tmp_path / arm, "--json", "--quiet")
        assert json.loads(done.stdout)["isComplete"]


def test_spectrum_speaks_in_words_and_in_json(road):
    words = lamina("spectrum", road / "pretrain", road / "slices.zarr").stdout
    assert "collapsed" in words and "ceiling" in words
    report = json.loads(lamina("spectrum", road / "pretrain", road / "slices.zarr", "--json").stdout)
    assert {tap["tap"] for tap in report["taps"]} == {"lastMap", "pooled", "projected"}


def test_without_libtorch_the_rest_works_and_training_says_what_it_wants(road, phantom, tmp_path):
    """The executable alone, away from its library, ingests, exports, prepares and evaluates."""
    alone = tmp_path / "lamina"
    shutil.copy(LAMINA, alone)

    def run(*arguments):
        return subprocess.run([alone, *map(str, arguments)], capture_output=True, text=True, timeout=300)

    assert run("ingest", phantom / "dicom", "--into", tmp_path / "c.zarr").returncode == 0
    assert run("export", tmp_path / "c.zarr", "--into", tmp_path / "nifti").returncode == 0
    assert run("prepare", tmp_path / "c.zarr", "--into", tmp_path / "s.zarr").returncode == 0
    assert run("evaluate", road / "masks", road / "references").returncode == 0
    done = run("pretrain", tmp_path / "s.zarr", "--into", tmp_path / "run")
    assert done.returncode == 1 and "LibTorch" in done.stderr
    needed = subprocess.run(["readelf", "-d", alone], capture_output=True, text=True, check=True).stdout
    assert "torch" not in needed


def test_wrong_use_is_exit_code_2_and_a_missing_file_is_1(tmp_path):
    assert "Usage" in lamina("prepare", code=2).stderr
    lamina("inspect", tmp_path / "nothing", code=1)
    done = lamina("run", ROOT / "pipelines" / "demo.yaml", "--set", "pretrain.stepz=3", code=2)
    assert "pretrain.stepz" in done.stderr and "steps" in done.stderr
