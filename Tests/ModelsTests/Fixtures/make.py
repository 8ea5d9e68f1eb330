"""Makes unet.safetensors, resnet18.safetensors and resnet50.safetensors beside this file.

    pip install dynamic-network-architectures safetensors torch torchvision
    python make.py

unet: weights of a tiny PlainConvUNet of dynamic-network-architectures, each tensor once (the aliases that its state dict
repeats left out), an image, and what the network makes of it with deep supervision.
resnetN: torchvision's network with weights from the formula of `pattern` instead of 40 MB of numbers; names and shapes
in the metadata, and some of what it makes of an image.
"""
import json
import os

import torch
import torchvision
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))


def write(name, tensors, metadata=None):
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(here, name), metadata)


def pattern(shape, ordinal):
    """Numbers in −0.5...0.5 that any language computes exactly."""
    count = 1
    for size in shape:
        count *= size
    i = torch.arange(count, dtype=torch.float64)
    x = i * 7919 + ordinal * 104729
    return ((x - torch.floor(x / 2003) * 2003) / 2003 - 0.5).reshape(shape)


def unet():
    torch.manual_seed(1)
    net = PlainConvUNet(
        input_channels=1, n_stages=3, features_per_stage=[4, 6, 8], conv_op=torch.nn.Conv2d, kernel_sizes=3,
        strides=[1, 2, 2], n_conv_per_stage=2, num_classes=3, n_conv_per_stage_decoder=2, conv_bias=True,
        norm_op=torch.nn.InstanceNorm2d, norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU, nonlin_kwargs={"inplace": True}, deep_supervision=True)
    for parameter in net.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    once = {k: v for k, v in net.state_dict().items()
            if "all_modules" not in k and not k.startswith("decoder.encoder.")}
    image = torch.randn(2, 1, 16, 16)
    with torch.no_grad():
        logits = net(image)
        maps = net.encoder(image)
    tensors = {f"weights.{k}": v for k, v in once.items()}
    tensors["image"] = image
    tensors.update({f"logits.{i}": v for i, v in enumerate(logits)})
    tensors.update({f"map.{i}": v for i, v in enumerate(maps)})
    write("unet.safetensors", tensors)


def resnet(depth):
    net = getattr(torchvision.models, f"resnet{depth}")(weights=None).eval()
    state = {k: v for k, v in net.state_dict().items() if not k.startswith("fc.")}
    for ordinal, (name, value) in enumerate(state.items()):
        if name.endswith("num_batches_tracked"):
            continue
        numbers = pattern(value.shape, ordinal)
        if value.dim() == 4:
            numbers = numbers * (12 / (value[0].numel())) ** 0.5
        elif name.endswith("running_var") or name.endswith("weight"):
            numbers = numbers + 1
        value.copy_(numbers)
    image = pattern((2, 3, 64, 64), 999).float()
    with torch.no_grad():
        x = net.relu(net.bn1(net.conv1(image)))
        means = [x.mean(dim=(2, 3))]
        x = net.maxpool(x)
        for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
            x = layer(x)
            means.append(x.mean(dim=(2, 3)))
    tensors = {f"means.{i}": v for i, v in enumerate(means)}
    tensors["last"] = x[:, :64]
    names = json.dumps([[k, list(v.shape)] for k, v in state.items()], separators=(",", ":"))
    write(f"resnet{depth}.safetensors", tensors, {"names": names})


if __name__ == "__main__":
    unet()
    resnet(18)
    resnet(50)
