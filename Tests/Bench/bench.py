#!/usr/bin/env python3
"""Measures a release build of readerd against a simulated store: start to accepting, memory when idle with one connected reader, and the time
that readerd itself adds to a payment. Usage: bench.py READERD READERSIM [--runs N]

It judges two figures by the project's own limits and ends with 1 when one is missed: anonymous memory (10 MB; 45 MB resident with the mapped
binary) and start (150 ms, the median).
"""

import argparse
import http.client
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ANONYMOUS_LIMIT_MB = 10
RESIDENT_LIMIT_MB = 45
START_LIMIT_MS = 150


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, route, body=None, fields={}):
    connection = UnixConnection(path)
    data = None if body is None else json.dumps(body)
    connection.request(method, route, data, {"Content-Type": "application/json", **fields} if data else fields)
    answer = json.loads(connection.getresponse().read() or b"null")
    connection.close()
    return answer


def memory(pid):
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "VmRSS")}


def start(program, settings, path, log):
    began = time.perf_counter()
    daemon = subprocess.Popen([program, "--config", settings], stdout=log, stderr=log)
    while True:
        probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            probe.connect(path)
            return daemon, (time.perf_counter() - began) * 1000
        except OSError:
            if daemon.poll() is not None or time.perf_counter() - began > 20:
                raise SystemExit(f"readerd did not start: {daemon.poll()}")
            time.sleep(0.0005)
        finally:
            probe.close()


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def spread(values, unit):
    return f"median {statistics.median(values):.1f} {unit} (min {min(values):.1f}, max {max(values):.1f}, {len(values)} runs)"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("readersim", type=Path)
    arguments.add_argument("--runs", type=int, default=10)
    options = arguments.parse_args()
    missed = []
    with tempfile.TemporaryDirectory(prefix="readerd-bench-") as directory:
        here = Path(directory)
        path = str(here / "checkout.sock")
        settings = here / "readerd.toml"
        store_log = here / "store.log"
        store = subprocess.Popen(
            [options.readersim, "run", "--directory", here, "--readers", "1", "--port", "0", "--card-after", "0", "--issuer-after", "0",
             "--order-after", "0"], stdout=store_log.open("wb"), stderr=subprocess.STDOUT)
        daemon = None
        try:
            end = time.monotonic() + 30
            while b"ready" not in store_log.read_bytes():
                if store.poll() is not None or time.monotonic() > end:
                    raise SystemExit("the simulated store did not open")
                time.sleep(0.02)
            log = (here / "readerd.log").open("wb")
            starts = []
            for _ in range(options.runs):
                daemon, took = start(options.readerd, settings, path, log)
                starts.append(took)
                stop(daemon)
            print(f"start to accepting       {spread(starts, 'ms')}; limit {START_LIMIT_MS} ms")
            if statistics.median(starts) > START_LIMIT_MS:
                missed.append("start")

            daemon, _ = start(options.readerd, settings, path, log)
            ask(path, "PUT", "/v1/carts/bench-0", {})
            end = time.monotonic() + 20
            while not any(reader["state"] == "ready" for reader in ask(path, "GET", "/v1/readers")["readers"]):
                if time.monotonic() > end:
                    raise SystemExit("the reader did not connect")
                time.sleep(0.05)
            time.sleep(5)
            idle = memory(daemon.pid)
            print(f"idle, one reader         {idle['RssAnon']:.1f} MB anonymous; limit {ANONYMOUS_LIMIT_MB} MB. "
                  f"{idle['VmRSS']:.1f} MB resident; limit {RESIDENT_LIMIT_MB} MB")
            if idle["RssAnon"] > ANONYMOUS_LIMIT_MB or idle["VmRSS"] > RESIDENT_LIMIT_MB:
                missed.append("memory")

            times = []
            for number in range(1, options.runs * 3 + 1):
                began = time.perf_counter()
                answer = ask(path, "PUT", f"/v1/payments/bench-{number}?wait=60", {"cart": f"bench-{number}", "amount": "12.00"})
                if answer["state"] != "succeeded":
                    raise SystemExit(f"a payment ended {answer['state']}: {answer['failure']}")
                times.append((time.perf_counter() - began) * 1000)
            print(f"a payment, nobody waits  {spread(times, 'ms')}; the card, the issuer and the order take no time here")
            after = memory(daemon.pid)
            print(f"after {len(times)} payments        {after['RssAnon']:.1f} MB anonymous, {after['VmRSS']:.1f} MB resident")
        finally:
            for process in (daemon, store):
                if process is not None and process.poll() is None:
                    stop(process)
    if missed:
        print(f"over the limit: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
