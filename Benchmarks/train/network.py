"""Lamina's networks, losses and steps in PyTorch, under the same names; runs on 1.13 and later."""
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, input, output, stride):
        super().__init__()
        self.conv = nn.Conv2d(input, output, 3, stride, 1)
        self.norm = nn.InstanceNorm2d(output, affine=True)
        self.act = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)))


class Stack(nn.Module):
    def __init__(self, input, output, stride=1):
        super().__init__()
        self.convs = nn.Sequential(Block(input, output, stride), Block(output, output, 1))

    def forward(self, x):
        return self.convs(x)


class Encoder(nn.Module):
    def __init__(self, channels, features):
        super().__init__()
        inputs = [channels] + features[:-1]
        self.stages = nn.ModuleList(
            nn.Sequential(Stack(i, o, 1 if n == 0 else 2)) for n, (i, o) in enumerate(zip(inputs, features)))

    def forward(self, x):
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Decoder(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        pairs = list(zip(features[:0:-1], features[-2::-1]))
        self.transpconvs = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, 2) for i, o in pairs)
        self.stages = nn.ModuleList(Stack(2 * o, o) for _, o in pairs)
        self.seg_layers = nn.ModuleList(nn.Conv2d(o, classes, 1) for _, o in pairs)

    def forward(self, maps):
        x = maps[-1]
        for n, (up, stage) in enumerate(zip(self.transpconvs, self.stages)):
            x = stage(torch.cat([up(x), maps[-2 - n]], 1))
        return self.seg_layers[-1](x)


class UNet(nn.Module):
    def __init__(self, channels, features, classes):
        super().__init__()
        self.encoder, self.decoder = Encoder(channels, features), Decoder(features, classes)

    def forward(self, x):
        return self.decoder(self.encoder(x))


class InverseSquareRoot(torch.autograd.Function):
    """W = S^-1/2, with a derivative that divides by no gap of eigenvalues."""

    @staticmethod
    def forward(context, matrix):
        values, vectors = torch.linalg.eigh(matrix)
        roots = values.sqrt()
        context.save_for_backward(roots, vectors)
        return (vectors / roots.unsqueeze(-2)) @ vectors.mT

    @staticmethod
    def backward(context, gradient):
        roots, vectors = context.saved_tensors
        rows, columns = roots.unsqueeze(-1), roots.unsqueeze(-2)
        inner = vectors.mT @ (0.5 * (gradient + gradient.mT)) @ vectors / (rows * columns * (rows + columns))
        return -vectors @ inner @ vectors.mT


class Whitening(nn.Module):
    def __init__(self, channels, width, shrinkage=0.01, epsilon=1e-5, momentum=0.1):
        super().__init__()
        self.width = max(w for w in range(1, min(width, channels) + 1) if channels % w == 0)
        self.shrinkage, self.epsilon, self.momentum = shrinkage, epsilon, momentum
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer(
            "running_covariance", torch.eye(self.width, dtype=torch.float64).repeat(channels // self.width, 1, 1))
        self.register_buffer("identity", torch.eye(self.width, dtype=torch.float64), persistent=False)

    def forward(self, x):
        channels, groups = x.shape[1], x.shape[1] // self.width
        rows = x.transpose(0, 1).reshape(groups, self.width, -1).double()
        mean = rows.mean(2, keepdim=True)
        rows = rows - mean
        covariance = rows @ rows.mT / rows.shape[2]
        with torch.no_grad():
            self.running_mean.lerp_(mean.flatten().float(), self.momentum)
            self.running_covariance.lerp_(covariance, self.momentum)
        scale = covariance.diagonal(dim1=-2, dim2=-1).mean(1).view(-1, 1, 1)
        ridge = scale * (self.shrinkage + self.epsilon) + 1e-12
        w = InverseSquareRoot.apply(covariance * (1 - self.shrinkage) + self.identity * ridge).float()
        centred = x - mean.float().view(1, channels, 1, 1)
        return F.conv2d(centred, w.reshape(channels, self.width, 1, 1), groups=groups)


class ContrastNetwork(nn.Module):
    def __init__(self, features, size, channels=1, dimensions=128):
        super().__init__()
        self.encoder = Encoder(channels, features)
        self.level = max([n for n in range(len(features)) if -(-size // 2**n) >= 8] or [0])
        width, local = features[-1], features[self.level]
        self.whitening = Whitening(width, 64)
        self.projector = nn.ModuleDict({
            "0": nn.Linear(width, width), "2": nn.Linear(width, dimensions),
            "norm": nn.BatchNorm1d(dimensions, affine=False)})
        self.regions = nn.ModuleDict({"0": nn.Conv2d(local, local, 1), "2": nn.Conv2d(local, dimensions, 1)})

    def forward(self, images, points, bf16):
        with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
            maps = self.encoder(images)
        pooled = self.whitening(maps[-1].float()).mean((2, 3))
        p = self.projector
        projected = F.normalize(p["norm"](p["2"](p["0"](pooled).relu())))
        b, side = len(points), points.shape[2]
        read = F.grid_sample(maps[self.level].float(), points, padding_mode="border", align_corners=False)
        means = read.view(b, read.shape[1], -1, side * side).mean(3, keepdim=True)
        local = self.regions["2"](self.regions["0"](means).relu()).squeeze(3).transpose(1, 2)
        return projected, F.normalize(local, dim=2)


def near(a, b, window):
    distance = (a[1][:, None] - b[1][None]).abs()
    return (a[0][:, None] == b[0][None]) & ((distance < window) | (distance == 0))


def contrast(q, k, negatives, masked, temperature):
    positive = (q * k).sum(1, keepdim=True)
    return torch.cat([positive, (q @ negatives.t()).masked_fill(masked, float("-inf"))], 1) / temperature


def top_one(logits):
    return (logits[:, 0] > logits[:, 1:].amax(1)).float().mean()


def local_loss(u, v, overlap, valid, temperature):
    own = torch.eye(u.shape[1], dtype=torch.bool)[None]
    valid = valid[:, None].expand(-1, u.shape[1])
    logits = torch.bmm(u, v.transpose(1, 2)) / temperature
    masked = (overlap | ~valid[:, None]) & ~own
    loss = logits.masked_fill(masked, float("-inf")).logsumexp(2) - logits.diagonal(dim1=1, dim2=2)
    return (loss * valid).sum() / valid.sum().clamp(min=1)


def adamw(parameters, rate, decay):
    newer = int(torch.__version__.split(".")[0]) >= 2
    return torch.optim.AdamW(parameters, rate, weight_decay=decay, **({"fused": True} if newer else {"foreach": True}))


class MoCo:
    """Momentum contrast with local contrast and whitening: what Lamina's `MoCo` does in a step."""

    def __init__(self, given, queue, bf16, channels_last):
        self.given, self.bf16 = given, bf16
        make = lambda: ContrastNetwork(given["features"], given["size"])  # noqa: E731
        self.query, self.key = make(), make()
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        for network in (self.query, self.key):
            network.to(memory_format=self.format)
        self.key.load_state_dict(self.query.state_dict())
        self.key.requires_grad_(False)
        self.pairs = [list(n.parameters()) for n in (self.key, self.query)]
        self.optimiser = adamw(self.query.parameters(), given["lr"], 1e-4)
        self.queue = torch.zeros(queue, 128)
        self.tags = torch.full((queue,), -1), torch.zeros(queue)
        self.pointer = self.filled = 0

    def enqueue(self, k, tags):
        place = slice(self.pointer, self.pointer + len(k))
        self.queue[place] = k
        for mine, new in zip(self.tags, tags):
            mine[place] = new
        self.pointer = place.stop % len(self.queue)
        self.filled = min(self.filled + len(k), len(self.queue))

    def keys(self, batch):
        with torch.no_grad():
            return self.key(batch["keys"].contiguous(memory_format=self.format), batch["keyPoints"], self.bf16)

    def fill(self, batch):
        self.enqueue(self.keys(batch)[0], batch["tags"])

    def step(self, batch):
        given, tags = self.given, batch["tags"]
        with torch.no_grad():
            torch._foreach_mul_(self.pairs[0], given["keyMomentum"])
            torch._foreach_add_(self.pairs[0], self.pairs[1], alpha=1 - given["keyMomentum"])
        k, v = self.keys(batch)
        q, u = self.query(batch["queries"].contiguous(memory_format=self.format), batch["queryPoints"], self.bf16)
        own = near(tags, tags, given["window"])
        masked = torch.cat([near(tags, self.tags, given["window"]), own], 1)
        logits = contrast(q, k, torch.cat([self.queue, k]), masked, 0.2)
        found = logits.logsumexp(1).sub(logits[:, 0]).mean()
        local = local_loss(u, v, batch["overlap"], batch["valid"], 0.2)
        loss = found + 0.5 * local
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        with torch.no_grad():
            wins = top_one(logits), top_one(contrast(q, k, k, own, 0.2))
        self.enqueue(k, tags)
        return [float(x.detach()) for x in (loss, found, local, *wins)]


class Segmenter:
    """What Lamina's fine-tuning does in a step: Dice and cross-entropy."""

    def __init__(self, given, classes, bf16, channels_last):
        self.classes, self.bf16 = classes, bf16
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.network = UNet(1, given["features"], classes).to(memory_format=self.format)
        self.optimiser = adamw(self.network.parameters(), 6e-3, 1e-2)

    def step(self, batch):
        images, target = batch["images"].contiguous(memory_format=self.format), batch["labels"]
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            scores = self.network(images)
        scores, valid = scores.float(), target != 255
        entropy = F.cross_entropy(scores, target, ignore_index=255)
        truth = F.one_hot(target.masked_fill(~valid, 0), self.classes).permute(0, 3, 1, 2) * valid[:, None]
        share = scores.softmax(1) * valid[:, None]
        extent = share.sum((0, 2, 3)) + truth.sum((0, 2, 3))
        dice = 1 - ((2 * (share * truth).sum((0, 2, 3)) + 1e-5) / (extent + 1e-5))[1:].mean()
        self.optimiser.zero_grad(set_to_none=True)
        (entropy + dice).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 12)
        self.optimiser.step()
        return [float(entropy.detach()), float(dice.detach())]
