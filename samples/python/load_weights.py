"""Loads exported weights into torchvision's and MONAI's networks, and compares with what Lamina makes of an image.

    pip install torch torchvision monai safetensors
    lamina export-weights RUN --as nnunet --into encoder.safetensors --check check.safetensors
    python load_weights.py encoder.safetensors check.safetensors

Import the functions to fine-tune: each returns a torch.nn.Module, all of whose encoder has the exported weights.
"""
import json
import sys

import torch
from safetensors import safe_open


def read(path):
    """The tensors of a safetensors file and what it says of its architecture."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        architecture = json.loads((file.metadata() or {}).get("architecture", "{}"))
    return tensors, architecture


def torchvision_resnet(path):
    """Torchvision's ResNet with the file's stem and without a classifier: images to pooled features."""
    import torchvision

    tensors, architecture = read(path)
    net = getattr(torchvision.models, architecture["kind"])(weights=None)
    width, channels = tensors["conv1.weight"].shape[:2]
    net.conv1 = torch.nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
    net.fc = torch.nn.Identity()
    net.load_state_dict(tensors)
    return net


def monai_resnet(path):
    """MONAI's ResNet for two dimensions, which has torchvision's names: images to pooled features."""
    from monai.networks import nets

    tensors, architecture = read(path)
    net = getattr(nets, architecture["kind"])(
        spatial_dims=2, n_input_channels=tensors["conv1.weight"].shape[1], conv1_t_size=7, conv1_t_stride=2,
        shortcut_type="B", feed_forward=False, bias_downsample=False)
    net.load_state_dict(tensors)
    return net


def monai_dynunet(path, classes):
    """MONAI's DynUNet around an exported U-Net encoder (--as nnunet): images to logits of so many classes.

    Its convolutions have no bias; before an instance norm a bias changes nothing. The decoder is to be trained.
    """
    from monai.networks.nets import DynUNet

    tensors, architecture = read(path)
    features, strides = architecture["features"], architecture["strides"]
    if architecture["convolutions"] != 2:
        raise SystemExit(f"{path}: DynUNet has two convolutions a stage, the encoder {architecture['convolutions']}.")
    net = DynUNet(
        2, architecture["inputChannels"], classes, kernel_size=[3] * len(features), strides=strides,
        upsample_kernel_size=strides[1:], filters=features, norm_name=("INSTANCE", {"affine": True}))
    blocks = [net.input_block, *net.downsamples, net.bottleneck]
    with torch.no_grad():
        for stage, block in enumerate(blocks):
            for index in (0, 1):
                name = f"encoder.stages.{stage}.0.convs.{index}"
                getattr(block, f"conv{index + 1}").conv.weight.copy_(tensors[f"{name}.conv.weight"])
                norm = getattr(block, f"norm{index + 1}")
                norm.weight.copy_(tensors[f"{name}.norm.weight"])
                norm.bias.copy_(tensors[f"{name}.norm.bias"])
    return net


def resnet_maps(net, image):
    """The maps of stem and layers, shallow to deep, as Lamina counts them; torchvision's and MONAI's networks."""
    x = torch.relu(net.bn1(net.conv1(image)))
    maps = [x]
    x = net.maxpool(x)
    for layer in (net.layer1, net.layer2, net.layer3, net.layer4):
        x = layer(x)
        maps.append(x)
    return maps


def dynunet_maps(net, image):
    """The maps of the encoder's stages, shallow to deep."""
    maps = [net.input_block(image)]
    for block in [*net.downsamples, net.bottleneck]:
        maps.append(block(maps[-1]))
    return maps


def farthest(maps, check):
    """The largest difference of any map, in units of that map's largest value."""
    shares = [(mine - check[f"map.{stage}"]).abs().max() / check[f"map.{stage}"].abs().max()
              for stage, mine in enumerate(maps)]
    return float(max(shares))


@torch.no_grad()
def main(weights, check):
    expected, _ = read(check)
    _, architecture = read(weights)
    if architecture["kind"] == "unet":
        found = {"MONAI's DynUNet": dynunet_maps(monai_dynunet(weights, 2).eval(), expected["image"])}
    else:
        found = {
            "torchvision": resnet_maps(torchvision_resnet(weights).eval(), expected["image"]),
            "MONAI": resnet_maps(monai_resnet(weights).eval(), expected["image"]),
        }
    for name, maps in found.items():
        print(f"{name}: {len(maps)} maps, farthest from Lamina's by {farthest(maps, expected):.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
