"""Makes python.safetensors beside this file: `pip install safetensors torch`, then `python make.py`."""
import os

import torch
from safetensors.torch import save_file

save_file(
    {"a": torch.arange(6, dtype=torch.int64).reshape(2, 3), "h": torch.tensor([1.5, -2]).bfloat16(),
     "b": torch.tensor([True, False, True])},
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "python.safetensors"), {"made": "by python"})
