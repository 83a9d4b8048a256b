#!/usr/bin/env python3
"""Make one small mistake after another in a copy of the core, and see whether the simulated stores miss what is right.

    mutate.py [--check] [--only NAME…] [--search SEEDS] [--threads N] [--keep]

Each mutant is an edit of the sources (mutants.py): its search text must stand exactly once in the core, or this ends loudly. All of them are built
into one program, each behind a number that the environment chooses; those that touch the same text are built one after another. A mutant is found
by the seed that stands with it, or by a search of so many seeds, or, where it takes a rarer order of things than any store meets, by a test of the
core; what nothing finds must say why nothing can.
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mutants import MUTANTS  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = ROOT / ".build-mutants"
TESTS = "GatewayCoreTests"
NAMES = ("Moments", "GatewayModel", "GatewayCore", "GatewaySimulation", "simulate")

SWITCH = """internal import Glibc

/// Which of the mutants runs; 0: none.
let activeMutant: Int = getenv("MUTANT").map { Int(atoi($0)) } ?? 0

@inline(__always) func isMutant(_ number: Int) -> Bool { activeMutant == number }
"""


@dataclasses.dataclass
class Placed:
    number: int
    mutant: object
    old: str
    new: str
    isStatement: bool
    file: pathlib.Path
    start: int
    end: int


def fail(words):
    print(words, file=sys.stderr)
    sys.exit(2)


def folder(name):
    found = [path for path in (ROOT / "Sources").rglob(name) if path.is_dir()]
    return found[0] if found else None


def place(mutants):
    """Where each edit is to be made, in the sources as they are."""
    sources = {}
    for name in ("GatewayCore", "GatewayModel"):
        if folder(name):
            sources |= {path: path.read_text() for path in sorted(folder(name).rglob("*.swift"))}
    placed, wrong = [], []
    for number, mutant in enumerate(mutants, start=1):
        for within, old, new, isStatement in ((mutant.within, mutant.old, mutant.new, mutant.statements), *((*edit, False) for edit in mutant.also)):
            hits = [(path, text) for path, text in sources.items() for _ in range(text.count(within))]
            if len(hits) != 1 or within.count(old) != 1:
                times = len(hits) if len(hits) != 1 else within.count(old)
                wrong.append(f"{mutant.name}: its text stands {times} times, not once:\n    {within!r}")
                continue
            path, text = hits[0]
            start = text.index(within) + within.index(old)
            placed.append(Placed(number, mutant, old, new, isStatement, path, start, start + len(old)))
    if wrong:
        fail("\n".join(wrong) + f"\n{len(wrong)} of {len(mutants)} mutants do not fit the sources.")
    return placed


def rounds(placed):
    """Edits that touch the same text go into programs of their own."""
    groups = []
    for number in dict.fromkeys(item.number for item in placed):
        own = [item for item in placed if item.number == number]
        for group in groups:
            if not any(a.file == b.file and a.start < b.end and b.start < a.end for a in group for b in own):
                group.extend(own)
                break
        else:
            groups.append(own)
    return groups


def written(item):
    """The edit behind its number."""
    number, old, new = item.number, item.old, item.new
    isStatement = item.isStatement or new in ("()", "_ = $0") or old == "break" or re.search(r"[^=!<>]=[^=>]", old)
    if not isStatement:
        return f"(isMutant({number}) ? ({new}) : ({old}))"
    if new in ("", "()"):
        return f"if !isMutant({number}) {{\n{old}\n}}"
    return f"if isMutant({number}) {{\n{new}\n}} else {{\n{old}\n}}"


def build(group, number):
    place_of = SCRATCH / f"copy-{number}"
    shutil.rmtree(place_of, ignore_errors=True)
    manifest = [
        "// swift-tools-version: 6.2", "import PackageDescription",
        "let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature(\"ExistentialAny\"), "
        ".enableUpcomingFeature(\"MemberImportVisibility\")]",
        "let package = Package(name: \"mutants\", dependencies: "
        "[.package(url: \"https://github.com/apple/swift-argument-parser\", from: \"1.8.2\")], targets: [",
    ]
    known = []
    for name in NAMES:
        source = folder(name)
        if source is None:
            continue
        shutil.copytree(source, place_of / "Sources" / name)
        needs = ", ".join([f'"{other}"' for other in known])
        if name == "simulate":
            needs += ', .product(name: "ArgumentParser", package: "swift-argument-parser")'
        kind = "executableTarget" if name == "simulate" else "target"
        manifest.append(f'    .{kind}(name: "{name}", dependencies: [{needs}], swiftSettings: settings),')
        known.append(name)
        if name in ("GatewayCore", "GatewayModel"):
            (place_of / "Sources" / name / "ActiveMutant.swift").write_text(SWITCH)
    shutil.copytree(ROOT / "Tests" / TESTS, place_of / "Tests" / TESTS)
    needs = ", ".join(f'"{other}"' for other in known if other != "simulate")
    manifest.append(f'    .testTarget(name: "{TESTS}", dependencies: [{needs}], swiftSettings: settings),')
    (place_of / "Package.swift").write_text("\n".join(manifest + ["])", ""]))
    for path in {item.file for item in group}:
        text = path.read_text()
        for item in sorted((item for item in group if item.file == path), key=lambda item: -item.start):
            text = text[: item.start] + written(item) + text[item.end :]
        name = next(name for name in NAMES if folder(name) and path.is_relative_to(folder(name)))
        (place_of / "Sources" / name / path.relative_to(folder(name))).write_text(text)
    began = time.monotonic()
    done = subprocess.run(
        ["swift", "build", "-c", "release", "--product", "simulate", "--scratch-path", str(SCRATCH / f"build-{number}")],
        cwd=place_of, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "error:" in line]
        fail("The mutants do not compile:\n" + "\n".join(lines[:20]) + "\n" + done.stdout[-2000:])
    print(f"program {number}: {len({item.number for item in group})} mutants, built in {time.monotonic() - began:.0f} s", flush=True)
    return SCRATCH / f"build-{number}" / "release" / "simulate"


def swift_test(number, *more, **options):
    return subprocess.run(
        ["swift", *more, "--scratch-path", str(SCRATCH / f"build-tests-{number}")], cwd=SCRATCH / f"copy-{number}", text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def tested(turn, number, built):
    """What the core's own tests say: the first that fails, or nothing."""
    if turn not in built:
        began = time.monotonic()
        done = swift_test(turn, "build", "--build-tests")
        if done.returncode:
            fail("The tests do not compile with the mutants:\n" + done.stdout[-2000:])
        print(f"the tests of program {turn}: built in {time.monotonic() - began:.0f} s", flush=True)
        built.add(turn)
        if told := tested(turn, 0, built):
            fail(f"The tests fail without any mutant: {told[1]}")
    try:
        done = swift_test(
            turn, "test", "--skip-build", "--disable-xctest", "--filter", f"^{TESTS}\\.", env=os.environ | {"MUTANT": str(number)}, timeout=300)
    except subprocess.TimeoutExpired:
        return "test", "they do not end"
    failed = re.search(r"^✘ Test (.*?) (?:recorded an issue|failed|with \d+ test cases)", done.stdout, re.MULTILINE)
    if failed:
        return "test", failed[1]
    return ("test", f"they ended with {done.returncode}") if done.returncode else None


def stores(program, number, arguments, limit):
    """What the stores say: the first broken seed and the sentence, or nothing."""
    try:
        done = subprocess.run(
            [program, *map(str, arguments)], env=os.environ | {"MUTANT": str(number)}, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=limit)
    except subprocess.TimeoutExpired:
        return "-", "it does not end"
    if done.returncode == 0:
        return None
    if explored := re.search(r"^broken: (.*)$", done.stdout, re.MULTILINE):
        return "every", explored[1]
    told = re.search(r"^seed (\d+), step \d+: (.*)$", done.stdout, re.MULTILINE)
    # A machine that traps is found as well, but never quietly.
    return (told[1], told[2]) if told else ("-", f"it ended with {done.returncode}: {done.stdout[-200:].strip()}")


def search(program, number, mutant, chosen):
    """The first store of so many that breaks with the mistake and not without it."""
    first = 1
    while first <= chosen.search:
        told = stores(
            program, number, ["--from", first, "--seeds", chosen.search + 1 - first, "--threads", chosen.threads, *mutant.options], 1_200)
        if told is None or told[0] == "-" or not stores(program, 0, ["--seed", told[0], *mutant.options], 60):
            return told
        first = int(told[0]) + 1
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of those that are wanted")
    parser.add_argument("--check", action="store_true", help="only say whether every mutant's text stands exactly once in the core")
    parser.add_argument("--search", type=int, default=20_000, help="seeds to search where the one that is named does not find it")
    parser.add_argument("--explore", type=int, default=8, help="events to which every order of two attempts of one cart is tried before")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--keep", action="store_true", help="keep the copies")
    chosen = parser.parse_args()
    names = [mutant.name for mutant in MUTANTS]
    if len(set(names)) != len(names):
        fail("two mutants have one name")
    placed = place(MUTANTS)
    if chosen.check:
        print(f"{len(MUTANTS)} mutants fit the sources.")
        return 0
    if chosen.only:
        placed = [item for item in placed if any(part in item.mutant.name for part in chosen.only)]
    began = time.monotonic()
    found, moved, equivalent, missed, built = 0, [], [], [], set()
    for turn, group in enumerate(rounds([item for item in placed if not item.mutant.equivalent]), start=1):
        program = build(group, turn)
        if told := stores(program, 0, ["--seeds", 1_000, "--threads", chosen.threads], 600):
            print(f"The stores break without any mutant (seed {told[0]}): {told[1]}", flush=True)
        for item in {item.number: item for item in group}.values():
            mutant, told = item.mutant, None
            if mutant.seed is not None:
                told = stores(program, item.number, ["--seed", mutant.seed, *mutant.options], 60)
                told = told and (str(mutant.seed), told[1])
            if mutant.test:
                told = tested(turn, item.number, built)
            if told is None and mutant.seed is None:
                # Clauses that need a rare order of things: every order of two attempts of one cart.
                told = stores(program, item.number, ["--explore-cart", chosen.explore], 600)
            if told is None:
                told = search(program, item.number, mutant, chosen)
                if told and mutant.seed is not None:
                    moved.append(f"{mutant.name}: not seed {mutant.seed} finds it any more, but {told[0]}")
            if told is None and not mutant.test:
                told = tested(turn, item.number, built)
            if told:
                found += 1
                print(f"found    {mutant.name:<58} {'' if told[0] == 'test' else 'seed '}{told[0]:>6}: {told[1][:110]}", flush=True)
            else:
                missed.append(mutant.name)
                print(f"MISSED   {mutant.name:<58} {chosen.search} seeds", flush=True)
    for item in {item.number: item for item in placed}.values():
        if item.mutant.equivalent:
            equivalent.append(item.mutant.name)
            print(f"the same {item.mutant.name:<58} {item.mutant.equivalent}")
    if not chosen.keep:
        for path in SCRATCH.glob("copy-*"):
            shutil.rmtree(path)
    for words in moved:
        print(words)
    minutes = (time.monotonic() - began) / 60
    print(f"{len({item.number for item in placed})} mutants: {found} found, {len(equivalent)} equivalent, {len(missed)} missed; {minutes:.0f} minutes")
    if missed:
        print("Missed: " + ", ".join(missed), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
