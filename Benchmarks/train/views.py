"""Slices out of a mapped array, and views of them made for a whole batch at once by torch's own operations."""
import math

import numpy
import torch
import torch.nn.functional as F

CELLS = 4


def between(count, low, high):
    return torch.empty(count).uniform_(low, high)


class Slices:
    """An uncompressed array on disk, read by the page: nothing that PyTorch's users have is faster."""

    def __init__(self, folder):
        self.images = numpy.load(f"{folder}/images.npy", mmap_mode="r")  # N×H×W int16
        self.labels = numpy.load(f"{folder}/labels.npy", mmap_mode="r")  # N×H×W uint8
        device = torch.zeros(()).device  # where tensors are made by default
        self.volumes = torch.from_numpy(numpy.load(f"{folder}/volumes.npy").astype(numpy.int64)).to(device)
        self.positions = torch.from_numpy(numpy.load(f"{folder}/positions.npy").astype(numpy.float32)).to(device)
        self.scale = float(numpy.load(f"{folder}/scale.npy"))

    def batches(self, size):
        while True:
            order = numpy.random.permutation(len(self.images))
            for start in range(0, len(order) - size + 1, size):
                yield numpy.sort(order[start:start + size])

    def read(self, which):
        stored = torch.from_numpy(self.images[which]).to(self.volumes.device)
        return (stored.float() * self.scale)[:, None]


class Geometry:
    """From the pixels of a view to those of its slice, for each of a batch: an affine map after a smooth displacement."""

    def __init__(self, count, view, slice_, area, elastic, shear=0.0):
        self.size = view
        self.view, self.slice = torch.tensor(view).float(), torch.tensor(slice_).float()  # (width, height)
        pixels = between(count, *area) * self.slice.prod()
        ratio = between(count, math.log(0.75), math.log(4 / 3)).exp() * self.view[0] / self.view[1]
        sides = torch.stack([(pixels * ratio).sqrt(), (pixels / ratio).sqrt()], 1)
        room = (self.slice * max(1, area[1] ** 0.5) / sides).amin(1, keepdim=True)
        sides = sides * room.clamp(max=1)
        turn = between(count, -15, 15).deg2rad()
        slant = between(count, -shear, shear).deg2rad().tan() if shear else torch.zeros(count)
        c, s, step = turn.cos(), turn.sin(), sides / self.view
        x = torch.stack([c, s], 1) * step[:, :1]
        y = torch.stack([slant * c - s, slant * s + c], 1) * step[:, 1:]
        self.matrix = torch.stack([x, y], 2)  # B×2×2
        centre = sides / 2 + (self.slice - sides) * torch.rand(count, 2) - 0.5
        self.origin = centre - (self.matrix @ ((self.view - 1) / 2))
        reach = 0.06 * self.view / CELLS
        controls = (torch.rand(count, 2, CELLS + 3, CELLS + 3) * 2 - 1) * reach.view(1, 2, 1, 1)
        controls *= (torch.rand(count) < elastic).view(-1, 1, 1, 1)
        self.field = F.interpolate(controls, size=view[::-1], mode="bicubic", align_corners=True)  # B×2×H×W

    def displaced(self, points):
        at = ((2 * points + 1) / self.view - 1)[:, None]
        found = F.grid_sample(self.field, at, padding_mode="border", align_corners=False)
        return found[:, :, 0].transpose(1, 2)  # B×N×2

    def to_slice(self, points):
        return (points + self.displaced(points)) @ self.matrix.transpose(1, 2) + self.origin[:, None]

    def to_view(self, points):
        target = (points - self.origin[:, None]) @ torch.linalg.inv(self.matrix).transpose(1, 2)
        found = target
        for _ in range(4):
            found = target - self.displaced(found)
        return found

    def inside(self, points, size):
        return ((points >= 0) & (points <= size - 1)).all(-1)

    def grid(self):
        w, h = self.size
        pixels = torch.stack(torch.meshgrid(torch.arange(w), torch.arange(h), indexing="xy"), -1).float()
        moved = (pixels + self.field.permute(0, 2, 3, 1)).view(len(self.field), -1, 2)
        points = moved @ self.matrix.transpose(1, 2) + self.origin[:, None]
        return ((2 * points + 1) / self.slice - 1).view(-1, h, w, 2)


def blurred(views, sigma):
    reach = torch.arange(-4, 5).float()
    kernel = torch.exp(-0.5 * (reach / sigma[:, None]) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    padded = F.pad(views.transpose(0, 1), (4, 4, 4, 4), mode="replicate")  # 1×B×H×W
    across = F.conv2d(padded, kernel[:, None, None, :], groups=len(views))
    return F.conv2d(across, kernel[:, None, :, None], groups=len(views)).transpose(0, 1)


def changed(views, slices, chances):
    """Blur, gamma, contrast and brightness, noise: each in its share of the views, in units of the slice's spread."""
    flat = slices.flatten(1)
    low, high = (v.view(-1, 1, 1, 1) for v in flat.aminmax(dim=1))
    mean, spread = flat.mean(1).view(-1, 1, 1, 1), flat.std(1).view(-1, 1, 1, 1)
    count, range_ = len(views), (high - low).clamp(min=1e-6)
    chosen = {name: (torch.rand(count) < chance).nonzero()[:, 0] for name, chance in chances.items()}
    if len(some := chosen["blur"]):
        views[some] = blurred(views[some], between(len(some), 0.4, 1.2))
    if len(some := chosen.get("low", [])):
        small = F.interpolate(views[some], scale_factor=1 / float(between(1, 1, 2)), mode="nearest")
        views[some] = F.interpolate(small, size=views.shape[2:], mode="bilinear", align_corners=False)
    if len(some := chosen["gamma"]):
        gamma = between(len(some), math.log(0.7), math.log(1.5)).exp().view(-1, 1, 1, 1)
        share = ((views[some] - low[some]) / range_[some]).clamp(0, 1)
        views[some] = share.pow(gamma) * range_[some] + low[some]
    on = (torch.rand(count) < chances["contrast"]).view(-1, 1, 1, 1)
    contrast = torch.where(on, between(count, math.log(0.7), math.log(1.4)).exp().view(-1, 1, 1, 1), torch.ones(()))
    brightness = torch.where(on, between(count, -0.3, 0.3).view(-1, 1, 1, 1), torch.zeros(()))
    views = views.sub_(mean).mul_(contrast).add_(mean + brightness * spread)
    if len(some := chosen["noise"]):
        sigma = between(len(some), 0, 0.15).view(-1, 1, 1, 1) * spread[some]
        views[some] += torch.randn(views[some].shape) * sigma
    return views


def regions(query, key, count=24, points=3, side=0.125):
    """R regions of s×s points that both views see, where a quarter of as many candidates as are drawn will do."""
    b, drawn = len(query.origin), 4 * count
    scale = (torch.linalg.det(query.matrix) * torch.linalg.det(key.matrix)).abs() ** 0.25
    length = side * query.view[0] * scale  # B
    centres = query.to_slice(torch.rand(b, drawn, 2) * (query.view - 1))
    steps = (torch.arange(points) + 0.5) / points - 0.5
    offsets = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1).view(1, 1, -1, 2) * length.view(-1, 1, 1, 1)
    spread = (centres[:, :, None] + offsets).view(b, -1, 2)
    q, k = query.to_view(spread), key.to_view(spread)
    fits = query.inside(spread, query.slice) & query.inside(q, query.view) & key.inside(k, key.view)
    fits = fits.view(b, drawn, -1).all(2)
    taken = fits.float().sub(torch.arange(drawn) * 1e-4).topk(count, 1).indices  # the first that fit
    valid = fits.gather(1, taken).all(1)

    def grid(seen, view):
        seen = ((2 * seen + 1) / view - 1).view(b, drawn, -1)
        seen = seen.gather(1, taken[:, :, None].expand(-1, -1, seen.shape[2]))
        return seen.view(b, count * points, points, 2)

    kept = centres.gather(1, taken[:, :, None].expand(-1, -1, 2))
    apart = (kept[:, :, None] - kept[:, None]).abs() < length.view(-1, 1, 1, 1)
    overlap = apart.all(-1) & ~torch.eye(count, dtype=torch.bool)
    return grid(q, query.view), grid(k, key.view), overlap, valid


def pair_batch(data, which, size):
    slices = data.read(which)
    h, w = slices.shape[2:]
    views, made = [], []
    for _ in range(2):
        geometry = Geometry(len(which), (size, size), (w, h), (0.2, 1), 0.5)
        view = F.grid_sample(slices, geometry.grid(), padding_mode="border", align_corners=False)
        views.append(changed(view, slices, {"blur": 0.3, "gamma": 0.5, "contrast": 0.8, "noise": 0.5}))
        made.append(geometry)
    query_points, key_points, overlap, valid = regions(*made)
    return {
        "queries": views[0], "keys": views[1], "queryPoints": query_points, "keyPoints": key_points,
        "overlap": overlap, "valid": valid, "tags": (data.volumes[which], data.positions[which])}


def labelled_batch(data, which):
    slices = data.read(which)
    h, w = slices.shape[2:]
    geometry = Geometry(len(which), (w, h), (w, h), (0.6, 1.4), 0.3, shear=5)
    grid = geometry.grid()
    view = F.grid_sample(slices, grid, padding_mode="border", align_corners=False)
    chances = {"blur": 0.1, "low": 0.15, "gamma": 0.3, "contrast": 0.5, "noise": 0.15}
    labels = torch.from_numpy(data.labels[which]).to(slices.device).float()[:, None]
    seen = F.grid_sample(labels - 255, grid, mode="nearest", padding_mode="zeros", align_corners=False) + 255
    return {"images": changed(view, slices, chances), "labels": seen[:, 0].long()}
