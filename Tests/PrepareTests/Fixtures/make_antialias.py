"""What PyTorch's antialiased bilinear interpolation makes of a plane at a coarser spacing.

usage: make_antialias.py > antialias.json      (needs numpy and torch)
"""
import json
import numpy as np
import torch
import torch.nn.functional as F

plane = np.random.default_rng(3).integers(0, 1000, (15, 24)).astype(np.float32)
smaller = F.interpolate(torch.from_numpy(plane)[None, None], size=(6, 8), mode="bilinear", antialias=True)
print(json.dumps({
    "width": 24, "height": 15, "plane": plane.ravel().tolist(), "newWidth": 8, "newHeight": 6,
    "found": [round(float(v), 4) for v in smaller.ravel()]}))
