"""What SimpleITK finds at the pixels of a canvas laid over a small oblique scan.

usage: make_oblique.py > oblique.json      (needs numpy and SimpleITK)
The scan is sagittal, turned by about 15 degrees, its stored axes running S, A, R. The canvas is laid
out here in millimetres, without looking at Lamina: centre on centre, columns to the back, rows to
the feet, slices to the left; an odd pixel left over goes to the right and the bottom.
"""
import json
import numpy as np
import SimpleITK as sitk

rng = np.random.default_rng(7)
size, spacing = np.array([11, 9, 4]), np.array([1.1, 0.9, 3.0])
a, b = np.radians(15), np.radians(-8)
turn = (np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
        @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]))
direction = turn @ np.array([[0, 0, -1.0], [0, -1.0, 0], [1.0, 0, 0]])  # columns: to S, A, R in LPS
origin = np.array([12.5, -30.0, 44.0])
voxels = rng.integers(-500, 500, size[::-1]).astype(np.float32)

image = sitk.GetImageFromArray(voxels)
image.SetSpacing(spacing.tolist())
image.SetDirection(direction.ravel().tolist())
image.SetOrigin(origin.tolist())

pixel, height, width = {"rows": 0.7, "columns": 0.5}, 16, 20
wanted = [np.array([0, 1, 0]), np.array([0, 0, -1]), np.array([1, 0, 0])]  # columns, rows, slices
axes = [int(np.argmax(np.abs(direction.T @ w))) for w in wanted]
runs = [direction[:, x] * np.sign(direction[:, x] @ w) for x, w in zip(axes, wanted)]
steps = [pixel["columns"], pixel["rows"], spacing[axes[2]]]
content = [int(round(size[x] * spacing[x] / s)) for x, s in zip(axes, steps)]
offset = [int(np.floor((c - n) / 2)) for c, n in zip([width, height], content)] + [0]
centre = origin + direction @ (spacing * (size - 1) / 2)
corner = centre - sum(r * s * ((n - 1) / 2 + o) for r, s, n, o in zip(runs, steps, content, offset))

sampler = sitk.ResampleImageFilter()
sampler.SetInterpolator(sitk.sitkLinear)
sampler.SetDefaultPixelValue(-32768)
sampler.SetSize([width, height, int(size[axes[2]])])
sampler.SetOutputSpacing([float(s) for s in steps])
sampler.SetOutputDirection(np.stack(runs, 1).ravel().tolist())
sampler.SetOutputOrigin(corner.tolist())
found = sitk.GetArrayFromImage(sampler.Execute(image))

print(json.dumps({
    "size": size.tolist(), "columns": (direction * spacing).T.tolist(), "origin": origin.tolist(),
    "voxels": voxels.ravel().tolist(), "spacing": [pixel["rows"], pixel["columns"]],
    "canvas": [height, width], "corner": corner.tolist(),
    "found": [round(float(v), 4) for v in found.ravel()]}))
