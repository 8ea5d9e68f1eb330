"""`lamina evaluate` on real masks against distances by SimpleITK, overlap by numpy."""
import json

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

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


def cleaned(mask, voxel, largest, least):
    """What stays of a mask: of each class scipy's components, by corners, that are the largest or large enough."""
    result = np.zeros_like(mask)
    for label in np.unique(mask[mask > 0]):
        parts, count = ndimage.label(mask == label, np.ones((3, 3, 3)))
        sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
        assert (sizes == sizes.max()).sum() == 1, "the largest part must be one"
        stays = np.array([size * voxel >= least.get(int(label), 0) for size in sizes])
        stays &= (sizes == sizes.max()) | (not largest)
        result[np.isin(parts, 1 + np.flatnonzero(stays))] = label
    return result


@pytest.mark.parametrize("flags, largest, least", [
    (["--keep-largest"], True, {}),
    (["--minimum-volume", "30"], False, {1: 30, 2: 30, 3: 30}),
    (["--minimum-volume", "1=60", "--minimum-volume", "3=11.5"], False, {1: 60, 3: 11.5}),
    (["--keep-largest", "--minimum-volume", "2=1e6"], True, {2: 1e6}),
])
def test_parts_that_go_are_those_that_scipy_finds(tmp_path, flags, largest, least):
    masks, truths = tmp_path / "masks", tmp_path / "truths"
    masks.mkdir(), truths.mkdir()
    removed = 0
    for number in range(4):
        random = np.random.default_rng(number)
        noise = [ndimage.gaussian_filter(random.normal(size=(37, 41, 23)), 1.1) for _ in range(3)]
        field = np.stack([*[n / n.std() for n in noise], np.full(noise[0].shape, 1.3)])
        mask = np.array([1, 2, 3, 0], np.uint8)[field.argmax(0)]
        spacing = [(1, 1, 1), (0.5, 2, 3), (1.5, 0.75, 2), (0.25, 0.5, 4)][number]
        kept = cleaned(mask, np.prod(spacing), largest, least)
        removed += (kept != mask).sum()
        affine = np.diag([*spacing, 1.0])
        nibabel.save(nibabel.Nifti1Image(mask, affine), masks / f"case{number}.nii.gz")
        nibabel.save(nibabel.Nifti1Image(kept, affine), truths / f"case{number}.nii.gz")
    assert removed > 1000
    found = json.loads(lamina("evaluate", masks, truths, "--json", *flags).stdout)
    assert len(found["cases"]) == 4
    for case in found["cases"]:
        for scores in case["classes"]:
            assert scores["volumeError"] == 0 and scores["dice"] in (1, None), (case["name"], scores)
