"""Weights for others and from others: torchvision's ResNets, nnU-Net's PlainConvUNet, MONAI's networks under PyTorch.

Run by the Python that has Debian's PyTorch (.venv-torch); every comparison is of the maps of a whole network.
"""
import copy
import json
import sys
import types

import pytest
import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file, save_file, save_model

from conftest import ROOT, lamina

sys.path.insert(0, str(ROOT / "samples" / "python"))
import load_weights  # noqa: E402
import nnunet_checkpoint  # noqa: E402
import to_safetensors  # noqa: E402

TINY = {"kind": "unet", "inputChannels": 1, "features": [8, 12, 16], "strides": [1, 2, 2], "convolutions": 2}
SMALL = ["--threads", 1, "--quiet", "--set", "pretrain.batch=8"]


@pytest.fixture(scope="module")
def canvas(cohort, tmp_path_factory):
    """A slice store whose sides are multiples of 32, as a ResNet wants them."""
    store = tmp_path_factory.mktemp("canvas") / "slices.zarr"
    lamina("prepare", cohort, "--into", store, "--set", "prepare.canvas=[64, 64]", "--quiet")
    return store


def shaken(net):
    """The network with first values that no two layers share, norms and running statistics included."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        for name, buffer in net.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 2)
    return net.eval()


def resnet(depth):
    return shaken(getattr(torchvision.models, f"resnet{depth}")(weights=None))


def unet(classes=3):
    return shaken(nnunet_checkpoint.network(TINY, classes))


def exported(source, names, folder):
    """A file under the names of others, and Lamina's own maps beside it."""
    weights, check = folder / f"{names}.safetensors", folder / f"{names}-check.safetensors"
    lamina("export-weights", source, "--as", names, "--into", weights, "--check", check, "--quiet")
    return weights, load_file(check)


def assert_same(found, check):
    assert len(found) == sum(name.startswith("map.") for name in check)
    assert load_weights.farthest(found, check) < 1e-4


@torch.no_grad()
@pytest.mark.parametrize("depth", [18, 50])
def test_a_resnet_of_pytorch_gives_the_same_maps_here_and_back_there(depth, tmp_path):
    theirs = resnet(depth)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pth")
    sys.argv = ["", str(tmp_path / "theirs.pth"), "--into", str(tmp_path / "theirs.safetensors")]
    to_safetensors.main()
    weights, check = exported(tmp_path / "theirs.safetensors", "torchvision", tmp_path)
    assert_same(load_weights.resnet_maps(theirs, check["image"]), check)
    ours = load_weights.torchvision_resnet(weights).eval()
    assert_same(load_weights.resnet_maps(ours, check["image"]), check)
    assert_same(load_weights.resnet_maps(load_weights.monai_resnet(weights).eval(), check["image"]), check)


@torch.no_grad()
@pytest.mark.parametrize("keep", ["every name", "one name a tensor"])
def test_a_unet_of_nnunet_gives_the_same_maps_and_logits_here_and_back_there(keep, tmp_path):
    theirs, file = unet(), tmp_path / "theirs.safetensors"
    if keep == "every name":
        save_file(to_safetensors.weights({"network_weights": theirs.state_dict()}), file)
    else:
        save_model(theirs, file)  # keeps the aliases and drops the names that we write
    weights, check = exported(file, "nnunet", tmp_path)
    assert_same(theirs.encoder(check["image"]), check)
    ours = nnunet_checkpoint.network(TINY, 3).eval()
    ours.load_state_dict(load_file(weights), strict=True)
    assert_same(ours.encoder(check["image"]), check)
    for depth, logits in enumerate(ours(check["image"])):
        assert (logits - check[f"logits.{depth}"]).abs().max() < 1e-4 * check[f"logits.{depth}"].abs().max()
    assert_same(load_weights.dynunet_maps(load_weights.monai_dynunet(weights, 5).eval(), check["image"]), check)


@torch.no_grad()
def test_a_pretrained_unet_goes_into_nnunet_by_its_own_loader(canvas, tmp_path):
    run = tmp_path / "run"
    lamina(
        "pretrain", canvas, "--into", run, "--set", "pretrain.features=[8, 12, 16]", "--set", "pretrain.steps=3", "--set",
        "pretrain.crops.size=32", *SMALL)
    weights, check = exported(run, "nnunet", tmp_path)
    plans = tmp_path / "nnUNetPlans.json"
    plans.write_text(json.dumps({"configurations": {"2d": {"patch_size": [50, 64]}}}))
    sys.argv = ["", str(weights), "--into", str(tmp_path / "encoder.pth"), "--plans", str(plans)]
    nnunet_checkpoint.main()
    added = json.loads(plans.read_text())["configurations"]["2d_lamina"]
    assert added["inherits_from"] == "2d" and added["patch_size"] == [52, 64]

    theirs = from_plans(added["architecture"], classes=7)
    before = copy.deepcopy(theirs.state_dict())
    loader()(theirs, tmp_path / "encoder.pth")
    assert_same(theirs.eval().encoder(check["image"]), check)
    heads = [name for name in before if ".seg_layers." in name]
    assert heads and all(torch.equal(before[name], theirs.state_dict()[name]) for name in heads)


def from_plans(architecture, classes):
    """The network that nnU-Net's plans describe."""
    imported = architecture["_kw_requires_import"]
    arguments = {
        key: eval(value) if key in imported and value else value for key, value in architecture["arch_kwargs"].items()}
    module, name = architecture["network_class_name"].rsplit(".", 1)
    return getattr(sys.modules[module], name)(input_channels=1, num_classes=classes, deep_supervision=True, **arguments)


def loader():
    """nnU-Net's own function; PyTorch 1.13 lacks a module that it names."""
    if not hasattr(torch, "_dynamo"):
        sys.modules["torch._dynamo"] = types.ModuleType("torch._dynamo")
        sys.modules["torch._dynamo"].OptimizedModule = type("OptimizedModule", (), {})
    from nnunetv2.run.load_pretrained_weights import load_pretrained_weights

    return load_pretrained_weights


@torch.no_grad()
@pytest.mark.parametrize("place", ["tail", "last-norm"])
def test_a_pretrained_resnet_goes_into_torchvision_with_its_whitening_folded(place, canvas, tmp_path):
    run = tmp_path / "run"
    lamina(
        "pretrain", canvas, "--into", run, "--set", "pretrain.architecture=resnet18", "--set", "pretrain.steps=2", "--set",
        f"pretrain.decorrelation.place={place}", "--set", "pretrain.decorrelation.width=4", "--set",
        "pretrain.crops.size=64", *SMALL)
    weights, check = exported(run, "torchvision", tmp_path)
    ours = load_weights.torchvision_resnet(weights).eval()
    assert ours.conv1.in_channels == 1
    assert_same(load_weights.resnet_maps(ours, check["image"]), check)


@torch.no_grad()
def test_a_finetuned_unet_gives_nnunet_its_logits(canvas, tmp_path):
    lamina(
        "finetune", canvas, "--mode", "scratch", "--into", tmp_path / "run", "--threads", 1, "--quiet", "--set",
        "finetune.features=[8, 12, 16]", "--set", "finetune.steps=4", "--set", "finetune.batch=4")
    weights, check = exported(tmp_path / "run", "nnunet", tmp_path)
    theirs, _ = nnunet_checkpoint.pretrained(weights)
    theirs.eval()
    assert_same(theirs.encoder(check["image"]), check)
    for depth, logits in enumerate(theirs(check["image"])):
        assert (logits - check[f"logits.{depth}"]).abs().max() < 1e-4 * check[f"logits.{depth}"].abs().max()
    with safe_open(weights, "pt") as file:
        assert "volumes" not in file.metadata() and "recipe" not in file.metadata()


def test_what_an_export_cannot_do_is_said_in_a_sentence(tmp_path):
    save_file(resnet(18).state_dict(), tmp_path / "r.safetensors")
    done = lamina("export-weights", tmp_path / "r.safetensors", "--as", "nnunet", "--into", tmp_path / "o", code=1)
    assert "--as torchvision" in done.stderr and not (tmp_path / "o").exists()
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    done = lamina("export-weights", tmp_path / "a.safetensors", "--as", "nnunet", "--into", tmp_path / "o", code=1)
    assert "names are neither" in done.stderr
    lamina("export-weights", tmp_path / "a.safetensors", "--as", "onnx", "--into", tmp_path / "o", code=2)


@torch.no_grad()
def test_a_probe_starts_from_a_resnet_of_pytorch_whose_colours_become_grey(canvas, tmp_path):
    theirs = resnet(18)
    save_file(theirs.half().state_dict(), tmp_path / "theirs.safetensors")
    lamina(
        "finetune", canvas, "--init", tmp_path / "theirs.safetensors", "--mode", "linear", "--into", tmp_path / "run",
        "--threads", 1, "--quiet", "--set", "finetune.steps=2", "--set", "finetune.batch=4")
    _, check = exported(tmp_path / "run", "torchvision", tmp_path)
    assert check["image"].shape[1] == 1
    assert_same(load_weights.resnet_maps(theirs.float(), check["image"].repeat(1, 3, 1, 1)), check)


@torch.no_grad()
def test_pretraining_and_finetuning_start_from_a_unet_of_nnunet(canvas, tmp_path):
    theirs = unet()
    save_model(theirs, tmp_path / "theirs.safetensors")
    still = ["--init", tmp_path / "theirs.safetensors", "--threads", 1, "--quiet"]
    done = lamina(
        "pretrain", canvas, "--into", tmp_path / "a", *still[:-1], "--set", "pretrain.features=[8, 12, 16]", "--set",
        "pretrain.steps=2", "--set", "pretrain.lr=1.0e-30", "--set", "pretrain.batch=8", "--set", "pretrain.crops.size=32")
    assert "48 tensors" not in done.stderr and "24 tensors of a unet; left out: decoder" in done.stderr
    lamina(
        "finetune", canvas, "--into", tmp_path / "b", *still, "--set", "finetune.steps=2", "--set", "finetune.lr=1.0e-30",
        "--set", "finetune.weightDecay=0", "--set", "finetune.batch=4")
    for run in ("a", "b"):
        _, check = exported(tmp_path / run, "nnunet", tmp_path)
        assert_same(theirs.encoder(check["image"]), check)


def test_weights_that_do_not_fit_are_refused_with_both_shapes_and_what_to_set(canvas, tmp_path):
    save_model(unet(), tmp_path / "theirs.safetensors")
    start = ["pretrain", canvas, "--init", tmp_path / "theirs.safetensors", "--into", tmp_path / "run", "--quiet"]
    done = lamina(*start, code=1)
    assert "set pretrain.features='[8, 12, 16]'" in done.stderr
    assert "32×1×3×3" in done.stderr and "8×1×3×3" in done.stderr
    done = lamina(*start, "--set", "pretrain.architecture=resnet18", code=1)
    assert "set pretrain.architecture=unet" in done.stderr
    done = lamina("finetune", canvas, "--into", tmp_path / "run", code=2)
    assert "--init FILE" in done.stderr
