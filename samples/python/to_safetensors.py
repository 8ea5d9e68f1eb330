"""Turns PyTorch's pickled weights into a .safetensors file for `lamina pretrain --init` and `lamina finetune --init`.

    pip install torch safetensors
    python to_safetensors.py checkpoint_final.pth --into start.safetensors

Takes a state dict, or a checkpoint with one under `network_weights` (nnU-Net), `state_dict` or `model`. A tensor that
has several names, as nnU-Net's do, is written under each.
"""
import argparse

import torch
from safetensors.torch import save_file


def weights(loaded):
    """The tensors of a state dict or of a checkpoint that holds one."""
    for key in ("network_weights", "state_dict", "model"):
        if key in loaded:
            return weights(loaded[key])
    # A copy each: safetensors refuses names that share memory.
    return {name: value.detach().clone().contiguous() for name, value in loaded.items() if torch.is_tensor(value)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="the .pth")
    parser.add_argument("--into", required=True, help="the .safetensors to write")
    parser.add_argument(
        "--trust", action="store_true",
        help="unpickle all of it, which runs whatever code is in it: nnU-Net's own checkpoints need this")
    arguments = parser.parse_args()
    loaded = torch.load(arguments.checkpoint, map_location="cpu", weights_only=not arguments.trust)
    save_file(weights(loaded), arguments.into)


if __name__ == "__main__":
    main()
