"""Writes oracle.json: what MedPy says of masks that both sides draw from the same numbers.

    pip install medpy numpy && python oracle.py

A mask is a list of ellipsoids [label, cx, cy, cz, wx, wy, wz, r]: every voxel with
(wx(x-cx))^2 + (wy(y-cy))^2 + (wz(z-cz))^2 <= r gets the label, later ones over earlier ones.
"""

import json
from pathlib import Path

import numpy as np
from medpy.metric import binary

CASES = [
    dict(name="isotropic neighbours", size=[20, 24, 18], spacing=[1, 1, 1],
         mask=[[1, 9, 11, 8, 2, 2, 3, 200], [2, 13, 15, 9, 3, 2, 2, 90]],
         reference=[[1, 10, 12, 8, 2, 2, 3, 210], [2, 12, 15, 10, 2, 2, 2, 70]]),
    dict(name="thick slices", size=[24, 22, 7], spacing=[0.7, 0.8, 5],
         mask=[[1, 12, 10, 3, 1, 1, 3, 50], [2, 5, 5, 1, 1, 1, 2, 9]],
         reference=[[1, 10, 11, 3, 1, 2, 2, 60], [2, 6, 4, 2, 1, 1, 2, 12]]),
    dict(name="cut by the edge", size=[12, 12, 12], spacing=[1.5, 0.9, 2.25],
         mask=[[1, 0, 0, 0, 1, 1, 1, 49], [2, 11, 11, 11, 1, 1, 1, 30]],
         reference=[[1, 1, 0, 2, 1, 1, 1, 36], [2, 11, 9, 11, 1, 1, 1, 30]]),
    dict(name="far apart with islands", size=[40, 16, 16], spacing=[0.5, 2, 1],
         mask=[[1, 4, 8, 8, 1, 1, 1, 9], [1, 36, 3, 3, 1, 1, 1, 2], [2, 20, 8, 8, 1, 1, 1, 0]],
         reference=[[1, 30, 8, 8, 1, 1, 1, 16], [2, 24, 4, 12, 1, 1, 1, 1]]),
    dict(name="the same mask", size=[10, 10, 10], spacing=[1, 2, 3],
         mask=[[1, 5, 5, 5, 1, 1, 1, 12], [2, 2, 2, 2, 1, 1, 1, 3]],
         reference=[[1, 5, 5, 5, 1, 1, 1, 12], [2, 2, 2, 2, 1, 1, 1, 3]]),
    dict(name="one slice", size=[30, 30, 1], spacing=[0.4, 0.6, 3],
         mask=[[1, 12, 14, 0, 1, 1, 1, 60], [2, 22, 22, 0, 1, 1, 1, 10]],
         reference=[[1, 14, 14, 0, 1, 2, 1, 80], [2, 21, 24, 0, 1, 1, 1, 14]]),
]


def draw(size, ellipsoids):
    x, y, z = np.meshgrid(*[np.arange(n) for n in size], indexing="ij")
    labels = np.zeros(size, np.uint8)
    for label, cx, cy, cz, wx, wy, wz, r in ellipsoids:
        labels[(wx * (x - cx)) ** 2 + (wy * (y - cy)) ** 2 + (wz * (z - cz)) ** 2 <= r] = label
    return labels


for case in CASES:
    mask, reference = (draw(case["size"], case[k]) for k in ("mask", "reference"))
    spacing = case["spacing"]
    case["classes"] = [
        dict(label=label,
             dice=binary.dc(mask == label, reference == label),
             hd95=binary.hd95(mask == label, reference == label, spacing),
             hausdorff=binary.hd(mask == label, reference == label, spacing),
             assd=binary.assd(mask == label, reference == label, spacing),
             volumeError=float((mask == label).sum() - int((reference == label).sum()))
             * float(np.prod(spacing)) / 1000)
        for label in (1, 2)
    ]

text = json.dumps(CASES, indent=None, sort_keys=True).replace("}, {\"classes", "},\n {\"classes")
Path(__file__).with_suffix(".json").write_text(text + "\n")
