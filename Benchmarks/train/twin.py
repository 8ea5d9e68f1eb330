"""Lamina's training in PyTorch: prints the seconds of so many steps, and what they cost.

    python twin.py pretrain|step|finetune SETTINGS.json

SETTINGS.json is written by train.py, which runs this beside Lamina. `step` learns from one batch of Lamina's own
again and again, beginning with Lamina's weights, so that its first losses are Lamina's. On a CPU one thread computes and
its CPU seconds count; on a GPU seconds by the clock, views being made on the GPU.
"""
import json
import struct
import sys
import time

import torch

import network  # noqa: E402
import views  # noqa: E402


def safetensors(path):
    kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "U8": torch.uint8, "BOOL": torch.bool}
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    view = memoryview(data)
    return {
        name: torch.frombuffer(view[slice(*e["data_offsets"])], dtype=kinds[e["dtype"]]).reshape(e["shape"])
        for name, e in header.items()}


def lamina_batch(tensors):
    names = ["queries", "keys", "queryPoints", "keyPoints"]
    batch = {name: tensors["batch." + name] for name in names}
    batch["overlap"], batch["valid"] = tensors["batch.overlap"] != 0, tensors["batch.valid"] != 0
    batch["tags"] = tensors["batch.volumes"], tensors["batch.positions"]
    return batch


def own(tensors, prefix, network):
    """Lamina's tensors of one network; the counters of batches are no part of the comparison."""
    found = {n[len(prefix):]: t for n, t in tensors.items() if n.startswith(prefix)}
    missing, unexpected = network.load_state_dict(found, strict=False)
    left = [n for n in missing if not n.endswith("num_batches_tracked")] + unexpected
    if left:
        sys.exit(f"the networks differ: {left}")


def seconds(device):
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.monotonic()


def on(device, batch):
    move = lambda each: tuple(t.to(device) for t in each) if isinstance(each, tuple) else each.to(device)  # noqa: E731
    return {name: move(each) for name, each in batch.items()}


def main(task, given):
    torch.manual_seed(1)
    device = given["device"]
    if device == "cpu":
        torch.set_num_threads(1)
    else:
        torch.set_default_device(device)
        torch.backends.cudnn.benchmark = True
    bf16, last = given["precision"] == "bf16", given["channelsLast"]
    if task == "finetune":
        data = views.Slices(given["slices"])
        model = network.Segmenter(given, given["classes"], bf16, last)
        source = (views.labelled_batch(data, which) for which in data.batches(given["batch"]))
    else:
        model = network.MoCo(given, given["queue"], bf16, last)
        if task == "step":
            tensors = safetensors(given["tensors"])
            for each in (model.query, model.key):
                own(tensors, "query.", each)
            batch = on(device, lamina_batch(tensors))
            source = iter(lambda: batch, None)
        else:
            data = views.Slices(given["slices"])
            source = (views.pair_batch(data, which, given["size"]) for which in data.batches(given["batch"]))
        while model.filled < len(model.queue):
            model.fill(next(source))
    first, begin = None, None
    for step in range(given["steps"]):
        if step == given["warm"]:
            begin = seconds(device)
        losses = model.step(next(source))
        first = first or losses
    took = seconds(device) - begin
    print(json.dumps({
        "torch": torch.__version__, "images": (given["steps"] - given["warm"]) * given["batch"],
        "seconds": took, "first": first, "last": losses}))


main(sys.argv[1], json.load(open(sys.argv[2])))
