#!/usr/bin/env python3
"""Rebuilds models/face-detect-1/weights.cnw from the public PyPI wheel yuface 2023.5.1.

    python3 training/face_detect_weights.py [--wheel FILE] [--output FILE]

Without --wheel, pip downloads it. Python's standard library is enough. The wheel carries libfacedetection v0.0.3 with
the network YuNet-s compiled in, BatchNorm folded. Its weights are float arrays behind exported ELF symbols, and one
exported table names them layer by layer:

    struct ConvInfo { int channels, num_filters; bool is_depthwise, is_pointwise, with_relu; float *weight, *bias; }

Every input and output is checked by its SHA-256, so the same bytes come out everywhere.
"""

import argparse
import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

REQUIREMENT = "yuface==2023.5.1"
LIBRARY = "yuface/libfacedetection.so.v0.0.3"
LIBRARY_SHA256 = "7fc3c140b563f449ce7cb5bd102ece650681e5bfeffc87efe79272be1932c4f4"
OUTPUT_SHA256 = "eb8938355a90a293a4ec5e2128d8e040e2dedcc8b93d45d36929f66ea2fb3947"

METADATA = {
    "id": "face-detect-1",
    "source": "PyPI yuface 2023.5.1, libfacedetection.so.v0.0.3",
    "licence": "BSD-3-Clause, Copyright (c) 2023-2025, Shiqi Yu",
}
LAYERS = 53
DTYPE_F16 = 1


class Elf:
    """The symbols, pointers and bytes of a little-endian 64-bit ELF file."""

    SECTION_RELA, SECTION_DYNSYM = 4, 11
    SEGMENT_LOAD = 1
    RELOCATION_R_X86_64_64 = 1

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            sys.exit("the library is no little-endian 64-bit ELF file")
        self.data = data
        segments_at, sections_at = struct.unpack_from("<QQ", data, 32)
        segment_size, segments, section_size, sections = struct.unpack_from("<4H", data, 54)
        self.segments = []
        for index in range(segments):
            kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, segments_at + index * segment_size)
            if kind == self.SEGMENT_LOAD:
                self.segments.append((address, offset, size))
        headers = [
            struct.unpack_from("<IIQQQQI", data, sections_at + index * section_size) for index in range(sections)
        ]
        names = []
        self.symbols = {}
        for _, kind, _, _, offset, size, link in headers:
            if kind == self.SECTION_DYNSYM:
                texts = headers[link][4]
                for at in range(offset, offset + size, 24):
                    name_at, _, _, section, address, length = struct.unpack_from("<IBBHQQ", data, at)
                    name = data[texts + name_at : data.index(b"\0", texts + name_at)].decode()
                    names.append(name)
                    if section:
                        self.symbols[name] = (address, length)
        self.pointers = {}
        for _, kind, _, _, offset, size, _ in headers:
            if kind == self.SECTION_RELA:
                for at in range(offset, offset + size, 24):
                    place, info, _ = struct.unpack_from("<QQq", data, at)
                    if info & 0xFFFFFFFF == self.RELOCATION_R_X86_64_64:
                        self.pointers[place] = names[info >> 32]

    def bytes_at(self, address, length):
        for start, offset, size in self.segments:
            if start <= address and address + length <= start + size:
                return self.data[offset + address - start :][:length]
        sys.exit(f"the library has no bytes at {address:#x}")

    def floats(self, name):
        address, length = self.symbols[name]
        return struct.unpack(f"<{length // 4}f", self.bytes_at(address, length))


def tensor_name(symbol):
    """backbone__model1_dp2_dw_weight -> backbone.1.dp2.dw, bbox_head__multi_level_cls__2_dw_weight -> head.2.cls.dw"""
    name = symbol.removesuffix("_weight")
    if name == "backbone__model0_pw":
        return "backbone.0.conv"
    if name.startswith("bbox_head__multi_level_"):
        head, level, kind = name.removeprefix("bbox_head__multi_level_").replace("__", "_").split("_")
        return f"head.{level}.{head}.{kind}"
    name = name.replace("neck__lateral_convs__", "neck_").replace("backbone__model", "backbone_")
    return name.replace("_", ".")


def read_tensors(library):
    """Every tensor as name -> (shape, values), weights in OIHW."""
    elf = Elf(library)
    tensors = {}
    table, length = elf.symbols["param_pConvInfo"]
    for entry in range(table, table + length, 32):
        inputs, outputs, is_depthwise = struct.unpack("<ii?", elf.bytes_at(entry, 9))
        symbol = elf.pointers[entry + 16]
        name = tensor_name(symbol)
        stored = elf.floats(symbol)
        if name == "backbone.0.conv":
            # 16 rows of 32: kernel row, kernel column and blue, green, red make 27, then five zeros.
            shape = (16, 3, 3, 3)
            values = [stored[o * 32 + k * 3 + i] for o in range(16) for i in range(3) for k in range(9)]
        elif is_depthwise:
            # Kernel position by channel.
            shape = (outputs, 1, 3, 3)
            values = [stored[k * outputs + o] for o in range(outputs) for k in range(9)]
        else:
            shape = (outputs, inputs, 1, 1)
            values = stored
        tensors[f"{name}.weight"] = (shape, values)
        tensors[f"{name}.bias"] = ((outputs,), elf.floats(elf.pointers[entry + 24]))
    if len(tensors) != 2 * LAYERS:
        sys.exit(f"the library has {len(tensors)} tensors, not {2 * LAYERS}")
    return tensors


def container(tensors):
    """The tensors as a weights container (format: src/weights/format.rs), in half precision."""

    def text(length_format, value):
        return struct.pack(length_format, len(value.encode())) + value.encode()

    body = struct.pack("<H", len(METADATA))
    for key, value in METADATA.items():
        body += text("<H", key) + text("<I", value)
    body += struct.pack("<H", len(tensors))
    for name, (shape, values) in sorted(tensors.items()):
        body += text("<H", name) + struct.pack(f"<BB{len(shape)}I", DTYPE_F16, len(shape), *shape)
        body += struct.pack(f"<{len(values)}e", *values)
    return b"CNW\x1a" + struct.pack("<II", 1, zlib.crc32(body)) + body


def check(what, data, expected):
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        sys.exit(f"{what}: SHA-256 is {found}, not {expected}")


def download(folder):
    """The wheel of any one platform: all x86-64 Linux wheels carry the same library."""
    options = ["--no-deps", "--only-binary=:all:", "--platform=manylinux2014_x86_64", "--python-version=3.11"]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, "--dest", folder, REQUIREMENT], check=True)
    return next(pathlib.Path(folder).glob("*.whl"))


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheel", type=pathlib.Path, help="a wheel of yuface 2023.5.1 for x86-64 Linux")
    parser.add_argument("--output", type=pathlib.Path, default=root / "models/face-detect-1/weights.cnw")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(options.wheel or download(folder)) as wheel:
            library = wheel.read(LIBRARY)
    check(LIBRARY, library, LIBRARY_SHA256)
    weights = container(read_tensors(library))
    check("the weights", weights, OUTPUT_SHA256)
    options.output.write_bytes(weights)
    print(f"{options.output}: {len(weights)} bytes, SHA-256 {OUTPUT_SHA256}")


if __name__ == "__main__":
    main()
