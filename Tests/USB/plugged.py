#!/usr/bin/env python3
"""Measures from the plug to the list: how long after the kernel's event a client of readerd hears of the device. Usage: plugged.py READERD [--runs N]

The bus is emulated (bench.py), the daemon, its libusb and its socket are real. Ends with 1 when the 95th percentile is over the project's limit.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_MS = 50
SETTINGS = """
location = "1"
state_directory = "{here}/state"
backend.base_url = "https://localhost:1"
backend.token_file = "{here}/token"
socket.path = "{here}/s"
lan.sweep = false
"""


def connected(path, process):
    end = time.monotonic() + 30
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"nobody listens at {path}; exit {process.poll()}")
            time.sleep(0.01)


def order(path, process, *words):
    with connected(path, process) as connection:
        connection.sendall((" ".join(words) + "\n").encode())
        answer = connection.makefile().read().strip()
    if not answer or answer.startswith("failed"):
        raise SystemExit(f"the bench: {answer}")
    return answer


class Devices:
    """The stream of device events, line by line."""

    def __init__(self, path, process):
        self.connection = connected(path, process)
        self.connection.sendall(b"GET /v1/events?topics=devices HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.lines = self.connection.makefile("rb")
        if b" 200 " not in self.lines.readline():
            raise SystemExit("the daemon does not give its events")

    def next(self, kind):
        """The time at which the next event of this kind was here, in nanoseconds."""
        for line in self.lines:
            at = time.monotonic_ns()
            if line.startswith(b"{") and json.loads(line).get("type") == kind:
                return at
        raise SystemExit("the events ended")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("--runs", type=int, default=200)
    options = arguments.parse_args()
    took = []
    with tempfile.TemporaryDirectory(prefix="readerd-usb-") as here:
        os.mkdir(f"{here}/state")
        Path(here, "token").write_text("none\n")
        os.chmod(f"{here}/token", 0o600)
        Path(here, "readerd.toml").write_text(SETTINGS.format(here=here))
        script = Path(__file__).resolve().parent / "bench.py"
        environment = {**os.environ, "TMPDIR": here}
        bench = subprocess.Popen(["umockdev-wrapper", "/usr/bin/python3", "-B", script, f"{here}/b"], env=environment)
        daemon = None
        try:
            pairs = dict(line.split("=", 1) for line in order(f"{here}/b", bench, "environment").splitlines())
            log = open(f"{here}/log", "wb")
            daemon = subprocess.Popen([options.readerd, "--config", f"{here}/readerd.toml"], env={**os.environ, **pairs}, stdout=log, stderr=log)
            devices = Devices(f"{here}/s", daemon)
            for number in range(options.runs):
                kind, serial = ("link", f"S{number}") if number % 2 else ("keyboard", "")
                _, began = order(f"{here}/b", bench, "plug", "1-1", kind, "-", serial).split()
                took.append((devices.next("added") - int(began)) / 1e6)
                order(f"{here}/b", bench, "unplug", "1-1")
                devices.next("removed")
        finally:
            if daemon is not None and daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait(30)
            if bench.poll() is None:
                bench.terminate()
                bench.wait(30)
    took.sort()
    high = took[int(len(took) * 0.95)]
    print(f"plug to listed           median {statistics.median(took):.1f} ms (min {took[0]:.1f}, 95 % {high:.1f}, max {took[-1]:.1f}, {len(took)} "
          f"plugs); limit {LIMIT_MS} ms")
    return 1 if high > LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main())
