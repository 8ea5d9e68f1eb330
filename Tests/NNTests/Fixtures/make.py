"""Makes optimizers.safetensors and layers.safetensors beside this file with PyTorch's own optimisers and layers.

    pip install safetensors torch
    python make.py
"""
import os

import torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(3)


def optimizers():
    start, gradients = torch.randn(3, 4), torch.randn(5, 3, 4)
    tensors = {"start": start, "gradients": gradients}
    made = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.05),
    }
    for name, make in made.items():
        x = start.clone().requires_grad_()
        optimizer = make([x])
        for gradient in gradients:
            x.grad = gradient.clone()
            optimizer.step()
        tensors[name] = x.detach()
    save_file(tensors, os.path.join(here, "optimizers.safetensors"))


def layers():
    x = torch.randn(4, 6, 5, 5)
    tensors = {"x": x}
    norm = torch.nn.BatchNorm2d(6)
    norm(x)
    tensors["batch.training"] = norm(x * 2 + 1).detach()
    tensors.update({f"batch.state.{k}": v for k, v in norm.state_dict().items()})
    tensors["batch.evaluation"] = norm.eval()(x).detach()
    tensors["instance"] = torch.nn.InstanceNorm2d(6, affine=True)(x).detach()
    transposed = torch.nn.ConvTranspose2d(6, 2, 2, 2)
    tensors["transposed"] = transposed(x).detach()
    tensors.update({f"transposed.state.{k}": v for k, v in transposed.state_dict().items()})
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(here, "layers.safetensors"))


if __name__ == "__main__":
    optimizers()
    layers()
