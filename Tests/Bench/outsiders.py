"""What attacks.py does from everywhere but the socket: the reader and the backend, the LAN, USB; and very many carts."""

import collections
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bench

ODD, STALLING, IMPOSTORS = "127.60.0", "127.61", "127.62.0"


class Outside:
    """What an attack from outside needs: where the store is, the daemon's socket, and how a fault is ordered."""

    def __init__(self, readersim, here, path):
        self.readersim, self.here, self.path = readersim, here, path
        self.store = json.loads((here / "store.json").read_text())

    def order(self, *words):
        done = subprocess.run([self.readersim, *words[:1], "--directory", self.here, *words[1:]], capture_output=True)
        if done.returncode != 0:
            raise SystemExit(f"readersim {words}: {done.stderr.decode()[-300:]}")

    def ask(self, method, route, body=None, accept="*/*"):
        """The status and the answer; neither when the connection ended."""
        connection = bench.UnixConnection(self.path)
        try:
            data = None if body is None else json.dumps(body)
            fields = {"Accept": accept} | ({"Content-Type": "application/json"} if data else {})
            connection.request(method, route, data, fields)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return type(error).__name__, None
        finally:
            connection.close()


# From the reader and the backend.

READER = [["close"], ["status", "--status", "500", "--body", "<html>"], ["silence"], ["act_then_silence"], ["lose_answer"], ["truncate"],
          ["garbage"], ["garbage_bytes"], ["huge"], ["answer", "--body", "{}"], ["answer", "--body", "[" * 40 + "]" * 40],
          ["rpc_error", "--code", "TIMEOUT"], ["app_error", "--code", "WHATEVER", "--message", "\u202e" * 5000]]
BACKEND = [["close"], ["status", "--status", "500", "--body", "x" * 100_000], ["status", "--status", "302"], ["silence"], ["lose_answer"],
           ["truncate"], ["garbage"], ["garbage_bytes"], ["huge"], ["answer", "--body", "{}"], ["answer", "--body", "[null]"],
           ["answer", "--body", "[" * 5000 + "]" * 5000]]


def ill_answers(outside, end):
    """25 ill answers: 13 of a reader, to each of a payment's calls, and 12 of the backend"""
    counts = collections.Counter()
    for number, fault in enumerate(READER):
        for call in ("collectPaymentMethod", "queryPaymentMethod", "confirmPayment"):
            outside.order("fault", f"reader.{call}", *fault, "--reader", "Reader 2")
            name = f"ill-{os.getpid()}-{number}-{call}"
            status, told = outside.ask("PUT", f"/v1/payments/{name}?wait=20",
                                       {"cart": name, "amount": "12.00", "reader": "Reader 2", "timeout_s": 10})
            counts[told.get("state") or told.get("code") if isinstance(told, dict) else status] += 1
            outside.order("clear", f"reader.{call}")
            if isinstance(told, dict) and told.get("state") == "unresolved":
                outside.ask("POST", f"/v1/payments/{name}/resolve", {"outcome": "failed", "note": "an attack of the bench"})
    for number, fault in enumerate(BACKEND):
        outside.order("fault", "backend.configuration", *fault)
        counts[outside.ask("GET", f"/v1/configuration?cart=ill-{os.getpid()}-{number}")[0]] += 1
        outside.order("clear", "backend.configuration")
    return counts


def carts(outside, end):
    """2,000 carts in a second, on a backend that takes 150 ms"""
    counts, lock = collections.Counter(), threading.Lock()
    began = time.monotonic()

    def open_some(first):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        sock.connect(outside.path)
        here = collections.Counter()
        for number in range(first, 2000, 8):
            time.sleep(max(0, began + number / 2000 - time.monotonic()))
            sock.sendall(f"PUT /v1/carts/rush-{os.getpid()}-{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            got = b""
            while b"\r\n\r\n" not in got:
                got += sock.recv(65536)
            head, body = got.split(b"\r\n\r\n", 1)
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            while len(body) < length:
                body += sock.recv(65536)
            here[int(head.split()[1])] += 1
        with lock:
            counts.update(here)

    threads = [threading.Thread(target=open_some, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts[f"in {time.monotonic() - began:.1f} s"] = 1
    while time.monotonic() < end:
        status = outside.ask("GET", "/v1/status")[1]
        for reason in (status or {}).get("reasons", []):
            counts[f"the status says {reason['code']}"] += 1
        time.sleep(0.5)
    return counts


# From the LAN.

def make_certificates(folder):
    """51 odd ones: 17 sorts, with three sorts of keys."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    suffix = "device.stripe-terminal-local-reader.net"
    sorts = [
        f"subjectAltName=DNS:*.odd.{suffix}", f"subjectAltName=DNS:127-60-0-2.odd.{suffix}", "subjectAltName=DNS:*", "subjectAltName=DNS:*.net",
        f"subjectAltName=DNS:*.*.{suffix}", "subjectAltName=IP:127.60.0.6", "subjectAltName=email:a@b.example",
        "subjectAltName=" + ",".join(f"DNS:n{number}.odd.{suffix}" for number in range(500)),
        f"subjectAltName=DNS:{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 60}", "extendedKeyUsage=clientAuth", "basicConstraints=critical,CA:TRUE",
        "1.2.3.4=critical,DER:0500", "nameConstraints=critical,permitted;DNS:other.example", "keyUsage=critical,cRLSign",
        "subjectAltName=DNS:xn--caf-dma." + suffix, "2.5.29.17=DER:30820000", "2.5.29.19=DER:ff",
    ]
    keys = [["rsa:1024"], ["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]]
    made = []
    for number, extension in enumerate(sorts):
        for place, key in enumerate(keys):
            name = f"odd-{number}-{place}"
            days = ["-days", "30"] if place else ["-days", "36500"]
            openssl("req", "-x509", "-newkey", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj",
                    f"/O={'x' * 60}/CN=odd {number}", "-addext", extension, *days)
            made.append(folder / name)
    return made


def make_impostors(folder, names):
    """A certificate for each reader's own name, that the reader's authority has not signed."""
    made = []
    for number, name in enumerate(names):
        at = folder / f"impostor-{number}"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{at}.key",
                        "-out", f"{at}.pem", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "30"],
                       check=True, capture_output=True)
        made.append(at)
    return made


def lan_servers(port, names):
    """Opens 51 servers with odd certificates, 24 that show a reader's name, and 673 that accept and say nothing; ends with the process."""
    folder = Path(tempfile.mkdtemp(prefix="readerd-odd-"))

    def context(made):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(f"{made}.pem", f"{made}.key")
        return context

    def listen(address):
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen(64)
        return server

    def serve(server, context):
        while True:
            connection, _ = server.accept()
            connection.settimeout(5)
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    odd = [(f"{ODD}.{number + 1}", context(made)) for number, made in enumerate(make_certificates(folder))]
    shown = [context(made) for made in make_impostors(folder, names)]
    for address, shows in odd + [(f"{IMPOSTORS}.{number + 1}", shown[number % len(shown)]) for number in range(24)]:
        threading.Thread(target=serve, args=(listen(address), shows), daemon=True).start()
    # Nobody accepts: the kernel does, and that is all.
    return [listen(f"{STALLING}.{number // 250}.{number % 250 + 1}") for number in range(673)]


def discover(outside, end, subnet):
    counts = collections.Counter()
    while time.monotonic() < end:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(60)
        try:
            sock.connect(outside.path)
            body = json.dumps({"transports": ["lan"], "subnets": [subnet]}).encode()
            sock.sendall(b"POST /v1/discovery HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            got = b""
            while some := sock.recv(65536):
                got += some
            counts[int(got.split()[1]) if got else "closed"] += 1
            counts["devices told"] += got.count(b'"device"')
        except OSError as error:
            counts[type(error).__name__] += 1
        finally:
            sock.close()
    return counts


def odd_certificates(outside, end):
    """51 odd certificates on the LAN, looked at again and again"""
    return discover(outside, end, f"{ODD}.0/24")


def impostors(outside, end):
    """24 hosts on the LAN that show a reader's name, looked at again and again"""
    counts = discover(outside, end, f"{IMPOSTORS}.0/24")
    status, readers = outside.ask("GET", "/v1/readers")
    for reader in readers["readers"] if status == 200 else []:
        counts["a reader at " + ("AN IMPOSTOR'S" if IMPOSTORS in json.dumps(reader) else "its own") + " address"] += 1
    return counts


def stalling_hosts(outside, end):
    """673 hosts on the LAN that accept and say nothing, looked at again and again"""
    return discover(outside, end, f"{STALLING}.0.0/22")


# From a technician's place.

def checks(outside, end):
    """30 connections that ask for every check of the box and its readers, as a technician"""
    counts, lock = collections.Counter(), threading.Lock()

    def ask_again():
        here = collections.Counter()
        while time.monotonic() < end:
            status, told = outside.ask("POST", "/v1/checks", {}, accept="application/json")
            here[status] += 1
            if status == 429:
                time.sleep(0.05)
        with lock:
            counts.update(here)

    threads = [threading.Thread(target=ask_again) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


# From USB.

def order_bus(path, *words):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall((" ".join(words) + "\n").encode())
        return connection.makefile().read().strip()


def plugs(outside, end):
    """757 plugs in 15 s, 100 devices at once"""
    bus, counts, began = str(outside.here / "bus"), collections.Counter(), time.monotonic()
    kinds = ["link", "keyboard", "hub", "gadget", "keypad", "m2", "ingenico", "held"]
    plugged = []
    for number in range(757):
        if len(plugged) == 100:
            order_bus(bus, "unplug", plugged.pop(0))
        name = f"1-{number % 120 + 1}"
        if name in plugged:
            order_bus(bus, "unplug", name)
            plugged.remove(name)
        answer = order_bus(bus, "plug", name, kinds[number % len(kinds)], "-", f"S{number}")
        counts["plugged" if not answer.startswith("failed") else answer] += 1
        plugged.append(name)
        time.sleep(max(0, began + number * 15 / 757 - time.monotonic()))
    for name in plugged:
        order_bus(bus, "unplug", name)
    return counts


def open_bus(here):
    """An emulated bus, and what the daemon needs to see it."""
    bus = str(here / "bus")
    script = Path(__file__).resolve().parent.parent / "USB" / "bench.py"
    process = subprocess.Popen(["umockdev-wrapper", "/usr/bin/python3", "-B", script, bus], env={**os.environ, "TMPDIR": str(here)})
    end = time.monotonic() + 30
    while not os.path.exists(bus):
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit("the emulated bus did not open")
        time.sleep(0.02)
    return process, dict(line.split("=", 1) for line in order_bus(bus, "environment").splitlines() if "=" in line)


OUTSIDERS = [carts, checks, ill_answers, odd_certificates, impostors, stalling_hosts, plugs]
