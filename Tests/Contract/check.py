#!/usr/bin/env python3
"""Holds the running daemon against its OpenAPI document, with tools that know nothing of it.

Starts a simulated store and the real daemon, fetches the document over the socket, validates it (openapi-spec-validator), lets
schemathesis make requests of every route and judge the answers, takes payments with clients that others' generators make of it, and searches everything
that was logged, journaled and answered for the store's secrets. Usage: check.py BIN_DIRECTORY [--examples N] [--seed N] [--clients]
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from clients import check as try_clients

MARKER = "contractcheckmarker"
# The answers of these hand a secret to the checkout: that is what they are for.
SECRET_ROUTES = ("/v1/intents/", "/v1/connection-tokens")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, method, route, body=None):
    connection = UnixConnection(path)
    data = None if body is None else json.dumps(body)
    connection.request(method, route, data, {"Content-Type": "application/json"} if data else {})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, raw


class Relay:
    """A TCP port on loopback that leads to the Unix socket; keeps what was answered."""

    def __init__(self, path):
        self.path = path
        self.seen = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                inner.connect(self.path)
            except OSError:
                client.close()
                continue
            exchange = {"sent": bytearray(), "got": bytearray()}
            self.seen.append(exchange)
            threading.Thread(target=self.pump, args=(client, inner, exchange["sent"]), daemon=True).start()
            threading.Thread(target=self.pump, args=(inner, client, exchange["got"], exchange["sent"]), daemon=True).start()

    def pump(self, source, target, kept, sent=None):
        """Passes bytes on. `sent` is there on the way back: what was asked for by then."""
        try:
            while True:
                if sent is not None:
                    source.settimeout(0.5 if self.is_endless(sent, kept) else None)
                try:
                    data = source.recv(65536)
                except TimeoutError:
                    # The stream rests between two of its lines: here it may end.
                    target.sendall(b"0\r\n\r\n")
                    return
                if not data:
                    return
                kept += data
                target.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    @staticmethod
    def is_endless(sent, got):
        """Whether the answer under way is the stream of all events, which no client waits out. The relay ends it as the agent would."""
        asked = bytes(sent)[: bytes(sent).rfind(b" HTTP/1.1\r\n")].rsplit(b"\n", 1)[-1]
        head = bytes(got)[bytes(got).rfind(b"HTTP/1.1 ") :].lower()
        return asked.split(b"?")[0] == b"GET /v1/events" and b"transfer-encoding: chunked" in head


def wait_for(what, condition, process=None, limit=30):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return
        if process is not None and process.poll() is not None:
            raise SystemExit(f"{what}: the program ended with {process.returncode}")
        time.sleep(0.05)
    raise SystemExit(f"{what}: not within {limit} s")


def answers(path):
    try:
        ask(path, "GET", "/v1/info")
        return True
    except OSError:
        return False


def search(name, data, findings):
    if MARKER.encode() in data:
        at = data.index(MARKER.encode())
        findings.append(f"{name} holds a secret, near byte {at}")


def apart():
    """How to start a program in a network of its own, and how to start one beside it; None where that is not permitted.

    A daemon that is told at random to look for readers in this network or that must not reach anybody's."""
    begin = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]
    if subprocess.run([*begin, "true"], capture_output=True).returncode != 0:
        return None
    return begin, lambda process: ["nsenter", f"--net=/proc/{process.pid}/ns/net"]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("programs", type=Path)
    arguments.add_argument("--examples", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    arguments.add_argument("--clients", action="store_true", help="only the generated clients")
    options = arguments.parse_args()
    results = []

    def result(name, passed, detail=""):
        results.append(passed)
        print(f"{'ok  ' if passed else 'FAIL'} {name}{': ' + detail if detail else ''}", flush=True)

    with tempfile.TemporaryDirectory(prefix="readerd-contract-") as directory:
        here = Path(directory)
        path = str(here / "checkout.sock")
        started = []
        try:
            alone = apart()
            store = subprocess.Popen(
                [*(alone[0] if alone else []), options.programs / "readersim", "run", "--directory", here, "--readers", "1", "--port", "0", "--card-after", "20",
                 "--issuer-after", "20", "--order-after", "5", "--secrets-prefix", MARKER],
                stdout=(here / "store.log").open("wb"), stderr=subprocess.STDOUT)
            started.append(store)
            wait_for("the simulated store", lambda: b"ready" in (here / "store.log").read_bytes(), store)
            log = here / "readerd.log"
            daemon = subprocess.Popen(
                [*(alone[1](store) if alone else []), options.programs / "readerd", "--config", here / "readerd.toml", "--set", "payment.timeout_s=5", "--set", "log.level=trace"],
                stdout=log.open("wb"), stderr=subprocess.STDOUT)
            started.append(daemon)
            wait_for("readerd", lambda: answers(path), daemon)

            status, raw = ask(path, "GET", "/v1/openapi.json")
            document = json.loads(raw)
            (here / "openapi.json").write_bytes(raw)
            result("the document is served", status == 200, f"{len(document.get('paths', {}))} paths")
            validated = subprocess.run(
                [sys.executable, "-m", "openapi_spec_validator", here / "openapi.json"], capture_output=True, text=True)
            result("the document is a valid OpenAPI 3.1 document", validated.returncode == 0, (validated.stdout + validated.stderr).strip()[-400:])

            status, raw = ask(path, "PUT", "/v1/payments/contract-1?wait=30", {"cart": "contract-1", "amount": "12.00"})
            result("a payment goes through before", status == 201 and json.loads(raw)["state"] == "succeeded", raw.decode()[:200] if status != 201 else "")

            try_clients(Path(sys.executable).parent, here / "openapi.json", here, path, result)
            if options.clients:
                print(f"{results.count(True)} passed, {results.count(False)} failed")
                return 0 if all(results) else 1

            # `unshare` and `nsenter` have become the programs themselves.
            relay = Relay(path)
            left_out = [] if alone else ["--exclude-path", "/v1/discovery"]
            if left_out:
                print("not tried: /v1/discovery, for no network of its own can be made here (run as root, with iproute2)", flush=True)
            print(f"schemathesis with seed {options.seed}", flush=True)
            outcome = subprocess.run(
                [Path(sys.executable).parent / "schemathesis", "--config-file", Path(__file__).parent / "schemathesis.toml", "run", here / "openapi.json", "--url", f"http://127.0.0.1:{relay.port}",
                 "--checks", "all",
                 *left_out,
                 "--phases", "examples,coverage,fuzzing", "--max-examples", str(options.examples), "--seed", str(options.seed),
                 "--request-timeout", "60", "--suppress-health-check", "all", "--warnings", "off", "--no-color"],
                cwd=here, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1500)
            if outcome.returncode != 0:
                print(outcome.stdout[-12000:])
            summary = [line for line in outcome.stdout.splitlines() if line.strip()]
            result("schemathesis finds nothing", outcome.returncode == 0, summary[-1] if summary else "it said nothing")

            asked = b"".join(bytes(exchange["sent"]) for exchange in relay.seen)
            missing = [
                f"{method.upper()} {route}" for route, methods in document["paths"].items() for method in methods
                if route not in left_out and f"{method.upper()} {route.split('{')[0]}".encode() not in asked
            ]
            result("every route was asked", not missing, ", ".join(missing))
            result("the daemon still runs", daemon.poll() is None and answers(path))
            findings = []
            for exchange in relay.seen:
                # A connection that ever asked for a secret may have been given one.
                if any(route.encode() in exchange["sent"] for route in SECRET_ROUTES):
                    continue
                search("an answer", bytes(exchange["got"]), findings)
            for name in ("cmdline", "environ"):
                search(f"/proc/PID/{name}", Path(f"/proc/{daemon.pid}/{name}").read_bytes(), findings)
            daemon.send_signal(signal.SIGTERM)
            try:
                code = daemon.wait(60)
            except subprocess.TimeoutExpired:
                code = None
            result("it stops when asked", code == 0, "" if code == 0 else f"exit status {code}")
            search("the log", log.read_bytes(), findings)
            for file in sorted((here / "state").iterdir()):
                search(f"state/{file.name}", file.read_bytes(), findings)
            result("no secret in log, journal, answers or process listing", not findings, "; ".join(findings[:5]))
            if not all(results):
                print("the end of the log:\n" + log.read_text(errors="replace")[-3000:])
        finally:
            for process in reversed(started):
                if process.poll() is None:
                    process.terminate()
                    try:
                        process.wait(20)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
