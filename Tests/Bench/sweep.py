#!/usr/bin/env python3
"""Measures how long a release build of readerd takes to look through a /24 with 3 readers and 200 addresses that stay silent, in network namespaces
that it makes and removes, and holds it against `nmap -p4443` in the same namespace, turn by turn. Usage: sweep.py READERD READERSIM [--runs N]

Silence comes in two kinds: nobody has the address, and somebody has it and lets every packet fall. It ends with 1 when a median is over 1.5 s, or
over nmap's. Needs root, iproute2 and nmap.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import ask, stop

LIMIT_S = 1.5
NETWORK = "10.78.0"
READERS = [f"{NETWORK}.{number}" for number in (20, 130, 240)]
SILENT = [f"{NETWORK}.{number}" for number in range(31, 231) if number != 130] + [f"{NETWORK}.231"]
FOUND = "/tcp open"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def wait_for(what, condition, process, limit=60):
    end = time.monotonic() + limit
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"{what} did not happen; the program ended with {process.poll()}")
        time.sleep(0.05)


def answers(path):
    try:
        return ask(path, "GET", "/v1/info") is not None
    except OSError:
        return False


def sweep(path):
    began = time.perf_counter()
    report = ask(path, "POST", "/v1/discovery", {"transports": ["lan"]}, {"Accept": "application/json"})
    took = time.perf_counter() - began
    found = sorted(device["address"] for device in report["devices"])
    if found != sorted(READERS):
        raise SystemExit(f"readerd found {found}, not {READERS}")
    return took


def nmap(space):
    began = time.perf_counter()
    outcome = subprocess.run(
        ["ip", "netns", "exec", space, "nmap", "-n", "-p4443", f"{NETWORK}.0/24"], capture_output=True, text=True, check=True)
    took = time.perf_counter() - began
    if outcome.stdout.count(FOUND) < len(READERS):
        raise SystemExit(f"nmap did not find the readers: {outcome.stdout[-800:]}")
    return took


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("readersim", type=Path)
    arguments.add_argument("--runs", type=int, default=7)
    options = arguments.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("network namespaces need root")
    for program in ("ip", "nmap"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: install the Debian packages iproute2 and nmap")
    store_space, box_space = f"rdbench{os.getpid()}s", f"rdbench{os.getpid()}b"
    passed = True
    with tempfile.TemporaryDirectory(prefix="readerd-sweep-") as directory:
        started = []
        try:
            for space in (store_space, box_space):
                ip("netns", "add", space)
            ip("-n", store_space, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", box_space)
            for address in [f"{NETWORK}.1", *READERS]:
                ip("-n", store_space, "address", "add", f"{address}/24", "dev", "eth0")
            ip("-n", box_space, "address", "add", f"{NETWORK}.2/24", "dev", "eth0")
            for space in (store_space, box_space):
                ip("-n", space, "link", "set", "lo", "up")
                ip("-n", space, "link", "set", "eth0", "up")
            here = Path(directory)
            places = [word for address in READERS for word in ("--reader-address", address)]
            store = subprocess.Popen(
                ["ip", "netns", "exec", store_space, options.readersim, "run", "--directory", here, "--address", f"{NETWORK}.1", *places,
                 "--readers", "2", "--unregistered", "1"],
                stdout=(here / "store.log").open("wb"), stderr=subprocess.STDOUT)
            started.append(store)
            wait_for("the simulated store's opening", lambda: b"ready" in (here / "store.log").read_bytes(), store)
            daemon = subprocess.Popen(
                ["ip", "netns", "exec", box_space, options.readerd, "--config", here / "readerd.toml", "--set", "usb.enabled=false"],
                stdout=(here / "readerd.log").open("wb"), stderr=subprocess.STDOUT)
            started.append(daemon)
            path = str(here / "checkout.sock")
            wait_for("readerd's start", lambda: answers(path), daemon)
            for kind in ("nobody has 200 addresses", "200 addresses let every packet fall"):
                if kind.startswith("200"):
                    for number, address in enumerate(SILENT):
                        ip("-n", box_space, "neigh", "replace", address, "lladdr", f"02:00:00:00:01:{number:02x}", "dev", "eth0", "nud", "permanent")
                ours, theirs = [], []
                for _ in range(options.runs):
                    ours.append(sweep(path))
                    theirs.append(nmap(box_space))
                mine, other = statistics.median(ours), statistics.median(theirs)
                good = mine <= LIMIT_S and mine <= other
                passed = passed and good
                print(
                    f"{'ok  ' if good else 'FAIL'} {kind}: readerd {mine:.2f} s ({min(ours):.2f} to {max(ours):.2f}), "
                    f"nmap {other:.2f} s ({min(theirs):.2f} to {max(theirs):.2f}), medians of {options.runs}", flush=True)
        finally:
            for process in reversed(started):
                if process.poll() is None:
                    stop(process)
            for space in (store_space, box_space):
                subprocess.run(["ip", "netns", "del", space], stderr=subprocess.DEVNULL)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
