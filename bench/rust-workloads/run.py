#!/usr/bin/env python3
"""Builds the workloads once per allocator, runs them interleaved, and prints best and median times."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tomllib

BENCH = pathlib.Path(__file__).resolve().parent.parent

# The allocator, the cargo feature that selects it, the crate whose version is reported.
ALLOCATORS = [
    ("oximalloc", "oximalloc", "oximalloc"),
    ("mimalloc-v3", "mimalloc-v3", "mimalloc"),
    ("mimalloc-v2", "mimalloc-v2", "mimalloc"),
    ("snmalloc", "snmalloc", "snmalloc-rs"),
    ("jemalloc", "jemalloc", "tikv-jemallocator"),
    ("rusty_alloc", "rusty-alloc", "rusty_alloc-api"),
    ("system", "", None),
]
OURS = "oximalloc"


def binary(allocator):
    return BENCH / "target" / allocator / "release" / "rust-workloads"


def build(allocator, feature):
    """Builds one binary; says whether that went well. A stale one never stays behind."""
    command = ["cargo", "build", "--quiet", "--release", "--locked", "-j1", "--package", "rust-workloads"]
    command += ["--features", feature, "--target-dir", f"target/{allocator}"]
    # snmalloc's own build by `cc` forgets it.
    flags = {f"{kind}FLAGS": f"{os.environ.get(f'{kind}FLAGS', '')} -DNDEBUG" for kind in ("C", "CXX")}
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, env=os.environ | flags)
    if done.returncode != 0:
        binary(allocator).unlink(missing_ok=True)
        print(f"{allocator} does not build:\n{done.stderr[-2000:]}", file=sys.stderr)
    return done.returncode == 0


def output(allocator, *arguments):
    done = subprocess.run([binary(allocator), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{allocator} {' '.join(arguments)}: exit {done.returncode} {done.stderr.strip()}", file=sys.stderr)
        return None
    return done.stdout.strip()


def versions(allocators):
    locked = tomllib.loads((BENCH / "Cargo.lock").read_text())["package"]
    number = {package["name"]: package["version"] for package in locked}
    for name, _, crate in allocators:
        said = output(name, "version")
        crate = f"{crate} {number.get(crate)}" if crate else "the system's"
        yield name, f"{crate} ({said})" if said else crate


def measure(names, workloads, runs):
    """Milliseconds by workload and allocator. Each run is a process; the order turns, so that none is always first."""
    times = {work: {name: [] for name in names} for work in workloads}
    for turn in range(runs):
        shift = turn % len(names)
        for work in workloads:
            for name in names[shift:] + names[:shift]:
                said = output(name, "run", work)
                if said is not None:
                    times[work][name].append(float(said))
    return times


def table(names, workloads, times):
    rivals = [name for name in names if name != OURS]
    rows = [["workload", *names, f"{OURS} / best rival"], ["---"] * (len(names) + 2)]
    for work, what in workloads.items():
        best = {name: min(samples) for name, samples in times[work].items() if samples}
        row = [what]
        for name in names:
            samples = times[work][name]
            row.append(f"{best[name]:.1f} / {statistics.median(samples):.1f}" if samples else "failed")
        rival = min((name for name in rivals if name in best), key=best.get, default=None)
        row.append(f"{best[OURS] / best[rival]:.2f} ({rival})" if rival and OURS in best else "")
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main():
    known = [name for name, _, _ in ALLOCATORS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=5, help="runs of each workload (default 5)")
    parser.add_argument("-a", "--allocators", nargs="+", choices=known, default=known, metavar="NAME", help=", ".join(known))
    parser.add_argument("-w", "--workloads", nargs="+", metavar="NAME", help="only these workloads")
    parser.add_argument("--no-build", action="store_true", help="use the binaries of an earlier build")
    parser.add_argument("--json", type=pathlib.Path, help="also write every time to this file")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("at least one run")

    wanted = [entry for entry in ALLOCATORS if entry[0] in options.allocators]
    usable = [entry for entry in wanted if (binary(entry[0]).exists() if options.no_build else build(*entry[:2]))]
    missing = [entry[0] for entry in wanted if entry not in usable]
    if not usable:
        sys.exit("nothing was built")
    names = [entry[0] for entry in usable]
    listed = dict(line.split("\t") for line in output(names[0], "list").splitlines())
    if unknown := set(options.workloads or []) - listed.keys():
        parser.error(f"unknown workloads: {', '.join(sorted(unknown))}; there are {', '.join(listed)}")
    workloads = {work: what for work, what in listed.items() if not options.workloads or work in options.workloads}

    times = measure(names, workloads, options.runs)
    about = dict(versions(usable))
    print(f"Milliseconds, best / median of {options.runs} runs, each in a process of its own.\n")
    print(table(names, workloads, times))
    print("\nVersions: " + "; ".join(f"{name}: {said}" for name, said in about.items()) + ".")
    if missing:
        print("Not built: " + ", ".join(missing) + ".")
    if options.json:
        options.json.write_text(json.dumps({"versions": about, "milliseconds": times}, indent=1) + "\n")
    failed = any(not samples for work in times.values() for samples in work.values())
    sys.exit(1 if missing or failed else 0)


if __name__ == "__main__":
    main()
