#!/usr/bin/env python3
"""Counts the instructions of one free and one malloc with callgrind: from C through a preloaded library, and inlined
in Rust.

A count is the difference between a long and a short run, divided by the difference in pairs, so that start and end
drop out. For C, what the calling program itself spends (its loop and its two jumps into the library) is told apart.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).resolve().parent.parent
OUT = BENCH / "target" / "pairs"
SIZES = (16, 64, 512)
RINGS = (64, 1)
SHORT, LONG = 100_000, 300_000


def costs(profile):
    """Instructions by object file, from callgrind's output. What a call costs is its callee's, not its caller's."""
    names, spent, current, skip = {}, collections.Counter(), "?", False
    for line in profile.read_text().splitlines():
        if line.startswith("ob="):
            number, name = re.match(r"ob=(\(\d+\))(?: (.*))?", line).groups()
            current = names.setdefault(number, name)
        elif line.startswith("cob=") and (named := re.match(r"cob=(\(\d+\)) (.*)", line)):
            names[named[1]] = named[2]
        elif line.startswith("calls="):
            skip = True
        elif cost := re.match(r"[+*-]?\d* (\d+)$", line):
            spent[current] += 0 if skip else int(cost[1])
            skip = False
    return spent


def count(command, preload=None):
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "profile"
        environment = dict(os.environ, **({"LD_PRELOAD": str(preload)} if preload else {}))
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--quiet"]
        done = subprocess.run([*valgrind, *map(str, command)], env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return costs(profile)


def per_pair(program, size, ring, preload=None):
    """Instructions of a pair: all, and those in the calling program's own file."""
    short, long = (count([*program, size, ring, pairs], preload) for pairs in (SHORT, LONG))
    whole = (long.total() - short.total()) / (LONG - SHORT)
    own = (long[str(program[0])] - short[str(program[0])]) / (LONG - SHORT)
    return whole, own


def compile_pair():
    OUT.mkdir(parents=True, exist_ok=True)
    program = OUT / "pair"
    source = BENCH / "pairs" / "pair.c"
    subprocess.run(["gcc", "-O2", "-fno-builtin", "-o", program, source], check=True)
    return program


def reference(version):
    """The reference as a shared object, from the C files that the crate libmimalloc-sys carries."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--all-features"]
    packages = json.loads(subprocess.run(command, cwd=BENCH, check=True, capture_output=True).stdout)["packages"]
    crate = next(package for package in packages if package["name"] == "libmimalloc-sys")
    folder = pathlib.Path(crate["manifest_path"]).parent / "c_src" / "mimalloc" / version
    library = OUT / f"reference-{version}.so"
    flags = "-O3 -shared -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-builtin-malloc -w".split()
    defines = "-DNDEBUG -DMI_BUILD_RELEASE -DMI_MALLOC_OVERRIDE -DMI_SHARED_LIB -DMI_SHARED_LIB_EXPORT".split()
    includes = [f"-I{folder}/include", f"-I{folder}/src"]
    sources = [folder / "src" / "static.c"]
    subprocess.run(["gcc", *flags, *defines, *includes, "-o", library, *sources, "-lpthread"], check=True)
    return library


def row(label, program, preload=None, split=True):
    cells, own = [label], 0
    for size, ring in itertools.product(SIZES, RINGS):
        try:
            whole, own = per_pair(program, size, ring, preload)
            cells.append(f"{whole:.1f}")
        except RuntimeError as error:
            print(f"{label}, {size} bytes, ring of {ring}: {error}", file=sys.stderr)
            cells.append("failed")
    cells.append(f"{own:.1f}" if split else "")
    print(f"| {' | '.join(cells)} |", flush=True)
    return "failed" not in cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = BENCH.parent / "target" / "release" / "libmimalloc.so"
    parser.add_argument("libraries", nargs="*", type=pathlib.Path, default=[default], help=f"default {default.name}")
    parser.add_argument("--reference", action="store_true", help="also mimalloc v3 and v2, to see that the counts fit")
    parser.add_argument("--rust", nargs="*", metavar="NAME", default=["oximalloc"], help="binaries of rust-workloads")
    options = parser.parse_args()

    program = compile_pair()
    libraries = [(path.name, path.resolve()) for path in options.libraries]
    if options.reference:
        libraries += [(f"mimalloc {version}", reference(version)) for version in ("v3", "v2")]
    print("Instructions of one free and malloc (size / ring); \"program\" is the caller's part of them.\n")
    heads = [f"{size} / {ring}" for size, ring in itertools.product(SIZES, RINGS)]
    print(f"| | {' | '.join(heads)} | program |\n|{' --- |' * (len(heads) + 2)}")
    fine = True
    for label, path in libraries:
        if path.is_file():
            fine &= row(f"C, {label}", [program], path)
        else:
            print(f"{path} is not there: build it first", file=sys.stderr)
            fine = False
    fine &= row("C, the system's", [program])
    for name in options.rust:
        binary = BENCH / "target" / name / "release" / "rust-workloads"
        if binary.is_file():
            fine &= row(f"Rust, {name}", [binary, "pair"], split=False)
        else:
            print(f"{binary} is not there: run rust-workloads/run.py first", file=sys.stderr)
            fine = False
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
