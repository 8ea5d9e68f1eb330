"""Lamina's training beside the same in PyTorch, in turn, in one run: images a CPU-second, one thread each, or, on a
GPU, images a second by the clock.

    swift build -c release
    python train.py LAMINA DATA SCRATCH --torch PYTHON [--torch PYTHON …] [--rounds N] [--only NAME,…] [--device cuda] [--modes bf16-last,…]

LAMINA is a release build of the executable with bench-train beside it, DATA a Decathlon folder (Task04_Hippocampus), SCRATCH a
folder for stores and runs, PYTHON an interpreter with torch and numpy: the newest there is, and the one whose LibTorch
Lamina is linked to. Needs numpy and zarr itself.

`step` learns from one batch again and again, from the same weights on both sides, so that both must begin with the same losses;
`pretrain` and `finetune` read, draw and augment on the fly. CPU seconds are user and system time of all threads of
a process, between two steps, start and warm-up left out. On a GPU both sides make their views there. PyTorch's best mode of a precision is the faster of its
memory formats. Every figure is the median of the rounds, ratios are medians of the rounds' own.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PREPARE = {"plane": "sagittal", "split": {"train": 0.7, "validation": 0.05, "test": 0.25, "seed": 1}}
SIZES = {
    "small": {"canvas": [48, 64], "features": [16, 32, 64, 128, 128], "size": 48, "batch": 64, "queue": 3840},
    "large": {"canvas": [192, 192], "spacing": [0.3, 0.3], "features": [32, 64, 128, 256, 512], "size": 192,
              "batch": 32, "queue": 256},
}
STEPS = {("small", "step"): 24, ("small", "pretrain"): 24, ("small", "finetune"): 44,
         ("large", "step"): 3, ("large", "pretrain"): 3, ("large", "finetune"): 24}
MODES = {f"{precision}-{name}": (precision, last) for precision in ("fp32", "bf16")
         for name, last in (("first", False), ("last", True))}
TICKS = os.sysconf("SC_CLK_TCK")


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def steps_of(name, task, device):
    """A GPU is some hundred times as fast as one core, and waits for its first kernels to be loaded and chosen."""
    if device == "cpu":
        return STEPS[name, task]
    return 240 if name == "small" else 90


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=environment())
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def export(store, folder):
    """The training slices as plain arrays, which PyTorch's side maps."""
    import numpy
    import zarr
    folder.mkdir(exist_ok=True)
    group = zarr.open_group(str(store), mode="r")
    about = group.attrs["lamina"]
    index = (store / "slices.index").read_bytes()
    kind = numpy.dtype([("volume", "<u4"), ("z", "<u4"), ("position", "<f4"), ("rest", "V36")])
    records = numpy.frombuffer(index, kind, about["slices"], len(index) - kind.itemsize * about["slices"])
    parts = [line.split("\t")[2] for line in (store / "split.tsv").read_text().splitlines()[1:]]
    chosen = numpy.array([parts[volume] == "train" for volume in records["volume"]])
    numpy.save(folder / "images.npy", group["image"][:][chosen][:, 0])
    numpy.save(folder / "labels.npy", group["label"][:][chosen])
    numpy.save(folder / "volumes.npy", records["volume"][chosen])
    numpy.save(folder / "positions.npy", records["position"][chosen])
    numpy.save(folder / "scale.npy", about["scaleFactor"])


def prepared(lamina, data, scratch, name):
    """A slice store of the data at this size, and the same as arrays; made once."""
    size, store, arrays = SIZES[name], scratch / f"{name}.zarr", scratch / f"{name}-arrays"
    if not store.exists():
        cohort = scratch / "cohort.zarr"
        if not cohort.exists():
            run(lamina, "ingest", data, "--into", cohort, "--quiet")
        recipe = scratch / f"{name}-prepare.yaml"
        recipe.write_text(json.dumps({"prepare": {**PREPARE, **{k: size[k] for k in ("canvas", "spacing") if k in size}}}))
        run(lamina, "prepare", cohort, "--into", store, "--recipe", recipe, "--quiet")
    if not arrays.exists():
        export(store, arrays)
    about = json.loads((store / "zarr.json").read_text())["attributes"]["lamina"]
    return store, arrays, len(about["labelNames"])


class Case:
    """One size, task, precision and memory format, on both sides."""

    def __init__(self, given, name, task, precision, last, prepared):
        self.given, self.name, self.task, self.size = given, name, task, SIZES[name]
        self.store, arrays, classes = prepared
        self.precision, self.last = precision, last
        self.steps = steps_of(name, task, given.device)
        self.warm = max(1, self.steps // 6) if task == "step" else max(1, self.steps // 4)
        self.batch = 16 if task == "finetune" else self.size["batch"]
        self.tensors = given.scratch / "batch.safetensors"
        self.settings = given.scratch / "settings.json"
        self.twin_settings = {
            "features": self.size["features"], "size": self.size["size"], "batch": self.batch,
            "queue": self.size["queue"], "window": 4, "keyMomentum": 0.99, "lr": 3e-3, "steps": self.steps,
            "warm": self.warm, "precision": precision, "channelsLast": last, "tensors": str(self.tensors),
            "slices": str(arrays), "classes": classes, "device": given.device}

    def recipe(self):
        shared = {"precision": self.precision, "channelsLast": self.last, "steps": self.steps,
                  "threads": 1 if self.given.device == "cpu" else 0}
        if self.task == "finetune":
            return {**shared, "mode": "scratch", "features": self.size["features"], "batch": 16, "validateEvery": 0,
                    "keep": "last"}
        return {
            **shared, "features": self.size["features"], "batch": self.batch, "queue": self.size["queue"],
            "window": 4, "keyMomentum": 0.99, "optimiser": "adamw", "lr": 3e-3, "spectrumEvery": 0, "saveEvery": 0,
            "logEvery": self.warm, "views": "cpu" if self.given.device == "cpu" else "device", "crops": {"size": self.size["size"], "regions": {"count": 24}}}

    def twin(self, python):
        self.settings.write_text(json.dumps(self.twin_settings))
        return json.loads(run(python, HERE / "twin.py", self.task, self.settings))

    def lamina(self):
        recipe = self.given.scratch / "recipe.yaml"
        if self.task == "step":
            recipe.write_text(json.dumps(self.recipe()))
            program = self.given.lamina.with_name("bench-train")
            return json.loads(run(program, self.store, recipe, self.steps, self.warm, self.tensors,
                                  self.given.device))
        recipe.write_text(json.dumps({self.task: self.recipe()}))
        return self.watched([self.given.lamina, self.task, self.store, "--recipe", recipe, "--device",
                             self.given.device, "--quiet", "--into"])

    def watched(self, command):
        """A run whose seconds are taken when its log says that a step is done."""
        folder = self.given.scratch / "run"
        shutil.rmtree(folder, ignore_errors=True)
        process = subprocess.Popen(
            [str(c) for c in [*command, folder]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())
        seen = []
        while process.poll() is None:
            try:
                lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
                lines = [line for line in lines if "loss" in line]  # not those of the validation
                fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                lines = []
            if lines and (not seen or lines[-1]["step"] > seen[-1][0]):
                used = (int(fields[11]) + int(fields[12])) / TICKS
                seen.append((lines[-1]["step"], used if self.given.device == "cpu" else time.monotonic()))
            time.sleep(0.01)
        if process.returncode or len(seen) < 2:
            raise SystemExit(f"{command} ended with {process.returncode}:\n{process.stdout.read().decode()[-2000:]}")
        (first, begin), (last, end) = seen[0], seen[-1]
        return {"images": (last - first) * self.batch, "seconds": end - begin}


def rate(result):
    return result["images"] / result["seconds"]


def measured(given, name, task, store):
    """Rates by precision, side and memory format: a list with a figure a round."""
    rates = {}
    for _ in range(given.rounds):
        for precision, last in given.modes:
            case = Case(given, name, task, precision, last, store)
            ours = case.lamina()
            rates.setdefault((precision, "Lamina", last), []).append(rate(ours))
            for python in given.torch:
                theirs = case.twin(python)
                rates.setdefault((precision, theirs["torch"], last), []).append(rate(theirs))
                if task == "step" and abs(theirs["first"][0] - ours["first"]["loss"]) > 0.02:
                    raise SystemExit(f"not the same step: {theirs['first']} and {ours['first']}")
    return rates


def report(name, task, rates):
    versions = sorted({side for _, side, _ in rates if side != "Lamina"}, reverse=True)
    for precision in dict.fromkeys(p for p, _, _ in rates):
        formats = [last for last in (False, True) if (precision, "Lamina", last) in rates]
        best = lambda side: [max(f) for f in zip(*(rates[precision, side, last] for last in formats))]  # noqa: E731
        for side in ["Lamina"] + versions:
            cells = [f"{statistics.median(rates[precision, side, last]):.1f}" if last in formats else "–"
                     for last in (False, True)]
            against = [" ", " "]
            if side != "Lamina":
                ratio = lambda ours, theirs: statistics.median(o / t for o, t in zip(ours, theirs))  # noqa: E731
                least = min(ratio(rates[precision, "Lamina", last], rates[precision, side, last]) for last in formats)
                against = [f"{ratio(best('Lamina'), best(side)):.2f}", f"{least:.2f}"]
            side = side if side == "Lamina" else f"PyTorch {side}"
            print("|", " | ".join([f"{name} {task}", precision, side, *cells, *against]), "|", flush=True)


def modes(names):
    unknown = [name for name in names.split(",") if name not in MODES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: give some of {', '.join(MODES)}")
    return [MODES[name] for name in names.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lamina", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("scratch", type=pathlib.Path)
    parser.add_argument("--torch", action="append", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--modes", type=modes, default=",".join(MODES), help=f"some of {', '.join(MODES)}")
    parser.add_argument("--only", default="small step,small pretrain,small finetune,large step,large pretrain,large finetune")
    given = parser.parse_args()
    given.scratch.mkdir(parents=True, exist_ok=True)
    print("| | precision | | channels first | channels last | Lamina's best of its best | least, format by format |")
    print("|---|---|---|---|---|---|---|")
    for what in given.only.split(","):
        name, task = what.split()
        report(name, task, measured(given, name, task, prepared(given.lamina, given.data, given.scratch, name)))


if __name__ == "__main__":
    main()
