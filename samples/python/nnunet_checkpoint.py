"""Turns weights that `lamina export-weights --as nnunet` wrote into the .pth that nnU-Net v2 takes with -pretrained_weights.

    pip install torch safetensors dynamic-network-architectures
    python nnunet_checkpoint.py encoder-nnunet.safetensors --into encoder.pth --plans nnUNetPlans.json

nnU-Net wants every tensor of its network but the segmentation layers, under every name that its state dict has, in
`network_weights`. A pretrained encoder has no decoder: the decoder gets the first values that nnU-Net would give it.
With --plans the network's sizes are added to the plans as a configuration of their own, since nnU-Net plans others.
"""
import argparse
import json
import pathlib

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from safetensors import safe_open

CLASS = "dynamic_network_architectures.architectures.unet.PlainConvUNet"
IMPORTED = ["conv_op", "norm_op", "dropout_op", "nonlin"]


def read(path):
    """The tensors of a safetensors file and what it says of its architecture."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        architecture = json.loads(file.metadata()["architecture"])
    if architecture["kind"] != "unet":
        raise SystemExit(f"{path}: holds a {architecture['kind']}, and nnU-Net's plain U-Net has another encoder.")
    return tensors, architecture


def plan(architecture):
    """The network as nnU-Net's plans say it."""
    stages, convolutions = len(architecture["features"]), architecture["convolutions"]
    return {
        "n_stages": stages,
        "features_per_stage": architecture["features"],
        "conv_op": "torch.nn.modules.conv.Conv2d",
        "kernel_sizes": [[3, 3]] * stages,
        "strides": [[stride, stride] for stride in architecture["strides"]],
        "n_conv_per_stage": [convolutions] * stages,
        "n_conv_per_stage_decoder": [convolutions] * (stages - 1),
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm2d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }


def network(architecture, classes=2):
    """nnU-Net's network of these sizes, with first values of its own."""
    arguments = plan(architecture)
    arguments.update(
        conv_op=torch.nn.Conv2d, norm_op=torch.nn.InstanceNorm2d, nonlin=torch.nn.LeakyReLU, deep_supervision=True)
    unet = PlainConvUNet(input_channels=architecture["inputChannels"], num_classes=classes, **arguments)
    unet.apply(PlainConvUNet.initialize)
    return unet


def pretrained(path):
    """The network with the weights of a file in it: all of the encoder and, where the file has one, of the decoder."""
    tensors, architecture = read(path)
    head = tensors.get("decoder.seg_layers.0.weight")
    unet = network(architecture, 2 if head is None else head.shape[0])
    result = unet.load_state_dict(tensors, strict=False)
    missing = [name for name in result.missing_keys if name.startswith("encoder.") or head is not None]
    if missing or result.unexpected_keys:
        raise SystemExit(f"{path}: does not fit: missing {missing[:3]}, unexpected {result.unexpected_keys[:3]}.")
    return unet, architecture


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", help="what lamina export-weights --as nnunet wrote")
    parser.add_argument("--into", required=True, help="the .pth to write")
    parser.add_argument("--plans", type=pathlib.Path, help="nnUNetPlans.json: a configuration is added to it")
    parser.add_argument("--like", default="2d", help="the configuration of the plans that the new one inherits from")
    parser.add_argument("--name", default="2d_lamina", help="the name of the new configuration")
    arguments = parser.parse_args()

    unet, architecture = pretrained(arguments.weights)
    torch.save({"network_weights": unet.state_dict()}, arguments.into)
    if arguments.plans is None:
        return
    plans = json.loads(arguments.plans.read_text())
    depth = 1
    for stride in architecture["strides"]:
        depth *= stride
    patch = plans["configurations"][arguments.like]["patch_size"]
    plans["configurations"][arguments.name] = {
        "inherits_from": arguments.like,
        "patch_size": [(side + depth - 1) // depth * depth for side in patch],
        "architecture": {
            "network_class_name": CLASS, "arch_kwargs": plan(architecture), "_kw_requires_import": IMPORTED},
    }
    arguments.plans.write_text(json.dumps(plans, indent=4))
    print(f"nnUNetv2_train DATASET {arguments.name} 0 -p {arguments.plans.stem} -pretrained_weights {arguments.into}")


if __name__ == "__main__":
    main()
