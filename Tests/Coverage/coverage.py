#!/usr/bin/env python3
"""Print how much of the core the simulated stores run through, file by file, and say where that is too little.

    coverage.py [--seeds N] [--looks N] [--explore EVENTS] [--lines FILE]

What no promise names is a finding too: a line of the core that no store reaches is either needed by nothing, or met by nothing.
"""

import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = ROOT / ".build-coverage"
# Of a file's lines, in percent; what is about the money has the higher bar, by words of its path.
LEAST, LEAST_OF_MONEY = 80.0, 95.0
MONEY = (
    "Carts/", "Machines/PaymentMachine", "GatewayMachine+Payments", "GatewayMachine+PaymentActions", "GatewayMachine+Intents",
    "GatewayMachine+KeyedEntry", "GatewayMachine+Carts", "Parts/Acceptance", "Parts/Outbox", "Parts/CartShelf", "Parts/AttemptShelf",
)
# Files that cannot reach their bar, each with the reason: {"GatewayMachine+Name.swift": "why"}. What can be reached does not belong here.
EXCEPTIONS = {}


def run(*command, **more):
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=True, text=True, **more)


def tool(name):
    """The compiler's own: another one's reads other files."""
    told = json.loads(run("swift", "-print-target-info", stdout=subprocess.PIPE).stdout)
    beside = pathlib.Path(told["paths"]["runtimeResourcePath"]).parents[1] / "bin" / name
    return beside if beside.exists() else name


def measure(arguments):
    run("swift", "build", "-c", "release", "--product", "simulate", "--scratch-path", SCRATCH, "-Xswiftc", "-profile-generate",
        "-Xswiftc", "-profile-coverage-mapping")
    program = SCRATCH / "release" / "simulate"
    raw = [SCRATCH / "stores.profraw", SCRATCH / "looking.profraw", SCRATCH / "explored.profraw"]
    runs = (["--seeds", arguments.seeds], ["--seeds", arguments.looks, "--looks"], ["--explore-cart", arguments.explore])
    for more, profile in zip(runs, raw):
        run(program, *more, env={"LLVM_PROFILE_FILE": str(profile), "PATH": "/usr/bin:/bin"})
    merged = SCRATCH / "stores.profdata"
    run(tool("llvm-profdata"), "merge", "-o", merged, *raw)
    return program, merged


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--looks", type=int, default=2_000, help="so many more, whose agents look for readers")
    parser.add_argument("--explore", type=int, default=7, help="and one cart with two attempts, in every order to so many events")
    parser.add_argument("--lines", metavar="FILE", help="show the lines of the files whose paths have this in them")
    arguments = parser.parse_args()
    program, merged = measure(arguments)
    cov = tool("llvm-cov")
    if arguments.lines:
        files = [path for path in (ROOT / "Sources").rglob("*.swift") if arguments.lines in str(path)]
        run(cov, "show", program, "-instr-profile", merged, *files)
        return 0
    told = json.loads(run(cov, "export", "-summary-only", "-instr-profile", merged, program, stdout=subprocess.PIPE).stdout)
    rows = []
    for entry in told["data"][0]["files"]:
        path = pathlib.Path(entry["filename"]).resolve()
        if not path.is_relative_to(ROOT / "Sources"):
            continue
        name = str(path.relative_to(ROOT / "Sources"))
        # The simulation runs what is said to it, and the core's vocabulary decides nothing.
        if not name.startswith("Core/GatewayCore/"):
            continue
        lines = entry["summary"]["lines"]
        if lines["count"]:
            rows.append((name, lines["covered"], lines["count"], 100.0 * lines["covered"] / lines["count"]))
    if not rows:
        print("No file of the core was measured.", file=sys.stderr)
        return 1
    wanting, excepted = [], set()
    for name, covered, count, percent in sorted(rows, key=lambda row: row[3]):
        least = LEAST_OF_MONEY if any(word in name for word in MONEY) else LEAST
        reason = EXCEPTIONS.get(pathlib.PurePath(name).name)
        isLow = percent < least
        if isLow and reason:
            excepted.add(pathlib.PurePath(name).name)
        elif isLow:
            wanting.append(name)
        words = f"   at least {least:.0f} %: {reason or 'TOO LITTLE'}" if isLow else ""
        print(f"{percent:6.1f} %  {covered:5d} of {count:5d} lines  {name}{words}")
    # An exception that nothing needs any more would hide the next loss.
    idle = sorted(set(EXCEPTIONS) - excepted)
    for name in idle:
        print(f"{name} stands among the exceptions and needs none: take it out.", file=sys.stderr)
    covered, count = sum(row[1] for row in rows), sum(row[2] for row in rows)
    print(f"{100.0 * covered / count:6.1f} %  {covered:5d} of {count:5d} lines  of {len(rows)} files of the core; {len(wanting)} with too little")
    return 1 if wanting or idle else 0


if __name__ == "__main__":
    sys.exit(main())
