"""Crop pairs beside their peers: views of 192×192 from slices of 256×256, one thread, in one run.

    swift build -c release --product bench-crops
    python Benchmarks/crops/crops.py [ROUNDS]     # needs cc; numpy, and what of the peers is to be measured

Swift and C make the same drawn views of the same slices (drawn by Swift, read by C); the peers draw their
own by the same recipe, in kind: each library has its own meaning of contrast, blur and noise, and those of
torchvision, MONAI and albumentations are spared the elastic field, which alone would take most of their
time. Prints views a CPU second, medians of rounds in turn, and the median of the ratios within each round.
"""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / ".build/release/bench-crops"
SIDE, VIEW, SECONDS = 256, 192, 1.0


def slices(path):
    counts = numpy.fromfile(path, numpy.int32, 2)
    return numpy.fromfile(path, numpy.int16, counts[0] * SIDE * SIDE, offset=8).reshape(-1, SIDE, SIDE)


def torchvision_peer(images):
    import torch
    from torchvision.transforms import v2
    torch.set_num_threads(1)
    chain = v2.Compose([
        v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
        v2.RandomResizedCrop(VIEW, (0.2, 1), (0.75, 1.3333), antialias=False),
        v2.RandomApply([v2.GaussianBlur(9, (0.4, 1.2))], 0.3),
        v2.RandomApply([v2.Lambda(lambda x: x.clamp(0, 1).pow(float(torch.empty(()).uniform_(0.7, 1.5))))], 0.5),
        v2.RandomApply([v2.ColorJitter(brightness=0.3, contrast=0.4)], 0.8),
        v2.RandomApply([v2.GaussianNoise(sigma=0.1)], 0.5),
    ])
    tensors = [torch.from_numpy(i)[None] for i in images]
    return lambda n: chain(tensors[n % len(tensors)])


def monai_peer(images):
    import torch
    from monai import transforms as m
    torch.set_num_threads(1)
    chain = m.Compose([
        m.RandAffine(prob=1, rotate_range=0.26, scale_range=0.3, translate_range=20, spatial_size=(VIEW, VIEW),
                     padding_mode="border"),
        m.RandGaussianSmooth((0.4, 1.2), (0.4, 1.2), prob=0.3),
        m.RandAdjustContrast(prob=0.5, gamma=(0.7, 1.5)),
        m.RandScaleIntensity(0.3, prob=0.8),
        m.RandShiftIntensity(0.1, prob=0.8),
        m.RandGaussianNoise(prob=0.5, std=0.1),
    ])
    tensors = [torch.from_numpy(i)[None] for i in images]
    return lambda n: chain(tensors[n % len(tensors)])


def albumentations_peer(images):
    import albumentations as a
    import cv2
    cv2.setNumThreads(1)
    chain = a.Compose([
        a.Affine(rotate=(-15, 15), p=1, border_mode=cv2.BORDER_REPLICATE),
        a.RandomResizedCrop((VIEW, VIEW), scale=(0.2, 1), ratio=(0.75, 1.3333), p=1),
        a.GaussianBlur(blur_limit=0, sigma_limit=(0.4, 1.2), p=0.3),
        a.RandomGamma((70, 150), p=0.5),
        a.RandomBrightnessContrast(0.3, 0.4, p=0.8),
        a.GaussNoise(std_range=(0.0, 0.15), p=0.5),
    ])
    return lambda n: chain(image=images[n % len(images)])


def opencv_peer(images):
    """Fused by hand: one warp, powers and noise by numpy and OpenCV on the view only."""
    import cv2
    cv2.setNumThreads(1)
    rng = numpy.random.default_rng(1)
    ys, xs = numpy.mgrid[0:VIEW, 0:VIEW].astype(numpy.float32)

    def make(n):
        image = images[n % len(images)]
        angle = rng.uniform(-0.26, 0.26)
        side = SIDE * numpy.sqrt(rng.uniform(0.2, 1)) / VIEW
        c, s = numpy.cos(angle) * side, numpy.sin(angle) * side
        centre = 128 + (256 - side * VIEW) * (rng.random(2) - 0.5)
        matrix = numpy.float32([[c, -s, 0], [s, c, 0]])
        matrix[:, 2] = centre - matrix[:, :2] @ numpy.float32([95.5, 95.5])
        if rng.random() < 0.5:
            moves = [cv2.resize(rng.uniform(-3, 3, (7, 7)).astype(numpy.float32), (VIEW, VIEW), interpolation=cv2.INTER_CUBIC)
                     for _ in range(2)]
            u, v = xs + moves[0], ys + moves[1]
            view = cv2.remap(image, matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2],
                             matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2], cv2.INTER_LINEAR,
                             borderMode=cv2.BORDER_REPLICATE)
        else:
            view = cv2.warpAffine(image, matrix, (VIEW, VIEW), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                  borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.3:
            view = cv2.GaussianBlur(view, (9, 9), rng.uniform(0.4, 1.2))
        if rng.random() < 0.5:
            view = cv2.pow(numpy.clip(view, 0, 1), rng.uniform(0.7, 1.5))
        if rng.random() < 0.8:
            view = cv2.addWeighted(view, rng.uniform(0.7, 1.4), view, 0, rng.uniform(-0.1, 0.1))
        if rng.random() < 0.5:
            view = view + rng.standard_normal((VIEW, VIEW), numpy.float32) * numpy.float32(rng.uniform(0, 0.03))
        return view

    return make


def rate(make):
    make(0)
    begin, done = time.process_time(), 0
    while time.process_time() - begin < SECONDS:
        for _ in range(8):
            make(done)
            done += 1
    return done / (time.process_time() - begin)


def program(*command):
    return float(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.split()[0])


def main(rounds):
    with tempfile.TemporaryDirectory() as scratch:
        views, loop = f"{scratch}/views", f"{scratch}/crops"
        subprocess.run([PROGRAM, "write", views], check=True)
        subprocess.run(["gcc", "-O3", "-march=native", "-ffast-math", "-o", loop, HERE / "crops.c", "-lm"], check=True)
        images = [((s - s.min()) / float(s.max() - s.min())).astype(numpy.float32) for s in slices(views).astype(numpy.float32)]
        runs = {
            "C, fused by hand": lambda: program(loop, views, SECONDS),
            "Lamina, x86-64-v3": lambda: program(PROGRAM, "apply", views, SECONDS, "v3"),
            "Lamina, x86-64-v3, drawing included": lambda: program(PROGRAM, "draw", views, SECONDS, "v3"),
            "Lamina, x86-64 (no AVX)": lambda: program(PROGRAM, "apply", views, SECONDS, "baseline"),
        }
        peers = {"OpenCV + numpy, fused by hand": opencv_peer, "albumentations": albumentations_peer,
                 "torchvision v2": torchvision_peer, "MONAI": monai_peer}
        for name, peer in peers.items():
            try:
                make = peer(images)
                make(0)
                runs[name] = lambda make=make: rate(make)
            except Exception as error:
                print(f"{name}: not measured ({type(error).__name__}: {error})", flush=True)
        results = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                results[name].append(run())
                print(f"{name}: {results[name][-1]:.0f}", file=sys.stderr, flush=True)
    ours = results["Lamina, x86-64-v3, drawing included"]
    bound = results["C, fused by hand"]
    print("| | views/CPU-s | least … most | of the C loop | Lamina's, drawing included, is × |\n|---|---|---|---|---|")
    for name, values in results.items():
        of = statistics.median(v / c for v, c in zip(values, bound))
        times = statistics.median(o / v for o, v in zip(ours, values))
        print(f"| {name} | {statistics.median(values):.0f} | {min(values):.0f} … {max(values):.0f} | {of:.2f} | {times:.1f} |")


main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
