"""`lamina evaluate` on real masks against distances by SimpleITK, overlap by numpy."""
import json

import nibabel
import numpy as np
import SimpleITK as sitk

from conftest import lamina


def surface(mask):
    """Voxels of a mask with a face neighbour outside it, as MedPy has it."""
    image = sitk.GetImageFromArray(np.pad(mask, 1).astype(np.uint8))
    inner = sitk.BinaryErode(image, [1, 1, 1], sitk.sitkCross, 0, 1)
    return mask & ~(sitk.GetArrayFromImage(inner)[1:-1, 1:-1, 1:-1] > 0)


def distances(one, other, spacing):
    """From the surface voxels of one mask to the nearest of another, mm."""
    image = sitk.GetImageFromArray(surface(other).astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing[::-1]])
    signed = sitk.SignedMaurerDistanceMap(image, False, False, True)
    return np.maximum(sitk.GetArrayFromImage(signed), 0)[surface(one)].astype(float)


def expected(mask, truth, label, spacing):
    one, other = mask == label, truth == label
    both = np.concatenate([distances(one, other, spacing), distances(other, one, spacing)])
    voxel = float(np.prod(spacing)) / 1000
    return {
        "dice": 2 * (one & other).sum() / (one.sum() + other.sum()),
        "hd95": np.percentile(both, 95),
        "assd": both.mean(),
        "volumeError": (float(one.sum()) - float(other.sum())) * voxel,
    }


def test_scores_of_real_masks_are_those_of_strangers(data, tmp_path):
    masks, truths = tmp_path / "masks", tmp_path / "truths"
    masks.mkdir(), truths.mkdir()
    files = sorted((data / "hippocampus" / "labelsTr").glob("hippocampus_*.nii.gz"))[:12]
    wanted = {}
    for number, file in enumerate(files):
        truth = np.asarray(nibabel.load(file).dataobj).astype(np.uint8)
        mask = np.roll(truth, [(1, -2, 0), (0, 1, 3), (-1, 0, 1)][number % 3], (0, 1, 2))
        spacing = [(1, 1, 1), (0.7, 1.25, 3), (2.5, 0.5, 0.9)][number % 3]
        affine = np.diag([*spacing, 1.0])
        name = f"case{number:02}"
        nibabel.save(nibabel.Nifti1Image(mask, affine), masks / f"{name}.nii.gz")
        nibabel.save(nibabel.Nifti1Image(truth, affine), truths / f"{name}.nii.gz")
        wanted[name] = {label: expected(mask, truth, label, spacing) for label in (1, 2)}
    found = json.loads(lamina("evaluate", masks, truths, "--json").stdout)
    assert [case["name"] for case in found["cases"]] == sorted(wanted)
    for case in found["cases"]:
        assert [scores["label"] for scores in case["classes"]] == [1, 2]
        for scores in case["classes"]:
            for key, value in wanted[case["name"]][scores["label"]].items():
                # SimpleITK's distances and NIfTI's spacing are float32.
                assert abs(scores[key] - value) < 1e-5 * max(1, abs(value)), (case["name"], key)
