#!/usr/bin/env python3
"""Attacks a release build of readerd from every side, and pays beside. Usage: attacks.py READERD READERSIM [--only NAME] [--payments N]

Prints a table in Markdown: the attack, what the offender got, the payment beside (median and maximum), anonymous memory before, at the peak, and
ten seconds after. The attackers run at nice 10; those at the socket as a user with the role monitor where nothing else is said. Needs root, to be
somebody else, and umockdev for the plugs.

With --minutes N one agent in a memory cgroup of 256 MB bears all of them in turn for so long; it ends with 1 when the agent was killed once.
"""

import argparse
import collections
import heapq  # noqa: F401 (what counts uses it, when its directory may not be read any more)
import multiprocessing
import os
import resource
import selectors
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bench
from outsiders import OUTSIDERS, Outside, carts, impostors, lan_servers, odd_certificates, open_bus, plugs, stalling_hosts

NOBODY = 65534


# What the attackers use.

def connect(path, patience=30):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(patience)
    sock.connect(path)
    return sock


def request(method, target, body=b"", fields=""):
    head = f"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def answer(sock):
    got = b""
    while b"\r\n\r\n" not in got:
        some = sock.recv(65536)
        if not some:
            raise ConnectionError("ended early")
        got += some
    head, body = got.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        some = sock.recv(65536)
        if not some:
            raise ConnectionError("ended early")
        body += some
    return int(lines[0].split()[1])


def told(counts):
    return ", ".join(f"{count} × {what}" for what, count in counts.most_common(5))


# The attacks. Each gets the socket's path and what was prepared, and returns what it got.

def one_connection(path, facts, end):
    """100 MB over one connection, every body refused"""
    sock, counts = connect(path), collections.Counter()
    message = request("POST", "/v1/checks", b" " * 190_000)
    for _ in range(530):
        sock.sendall(message)
        counts[answer(sock)] += 1
    return counts


def refused_role(path, facts, end):
    """1,000 requests of 190 KB above the caller's role, one connection"""
    sock, counts = connect(path), collections.Counter()
    message = request("PUT", "/v1/carts/1", b" " * 190_000)
    for _ in range(1000):
        sock.sendall(message)
        counts[answer(sock)] += 1
    return counts


def waits(path, facts, end):
    """75,000 requests with ?wait= that hang up at once"""
    counts = collections.Counter()
    message = request("GET", "/v1/payments/waits-long?wait=100")
    for _ in range(75_000):
        try:
            sock = connect(path)
            sock.sendall(message)
            sock.close()
            counts["sent"] += 1
        except OSError as error:
            counts[type(error).__name__] += 1
    return counts


def unread_replays(path, facts, end):
    """128 replays of 4,000 events that nobody reads"""
    counts, open_ = collections.Counter(), []
    for _ in range(128):
        sock = connect(path)
        sock.sendall(request("GET", f"/v1/events?topics=payments&after={facts['cursor']}"))
        open_.append(sock)
    for sock in open_:
        counts[int(sock.recv(12).split()[1])] += 1
    if not counts[200]:
        raise SystemExit(f"no replay began: {dict(counts)}")
    time.sleep(max(0, end - time.monotonic()))
    return counts


def lists(path, facts, end):
    """60 connections that list 200 payments each, again and again"""
    return busy(path, end, 60, lambda: request("GET", "/v1/payments?limit=200"))


def metrics(path, facts, end):
    """60 connections that ask for metrics, the status and the document"""
    turn = iter(range(10**9))
    targets = ["/v1/metrics", "/v1/status", "/v1/openapi.json", "/v1/readers"]
    return busy(path, end, 60, lambda: request("GET", targets[next(turn) % 4]))


def busy(path, end, many, message):
    counts, ready = collections.Counter(), selectors.DefaultSelector()

    def begin():
        sock = connect(path)
        sock.sendall(message())
        ready.register(sock, selectors.EVENT_READ, bytearray())

    for _ in range(many):
        begin()
    while time.monotonic() < end:
        for key, _ in ready.select(0.5):
            try:
                some = key.fileobj.recv(1 << 20)
            except OSError:
                some = b""
            key.data.extend(some)
            head, blank, body = bytes(key.data).partition(b"\r\n\r\n")
            if some and not blank:
                continue
            lines = head.split(b"\r\n")
            length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
            if some and len(body) < length:
                continue
            counts[int(lines[0].split()[1]) if head else "closed"] += 1
            ready.unregister(key.fileobj)
            if some and b"connection: close" not in head.lower():
                key.fileobj.sendall(message())
                ready.register(key.fileobj, selectors.EVENT_READ, bytearray())
            else:
                key.fileobj.close()
                begin()
    return counts


def connects(path, facts, end):
    """1,000 at once, each with a time-out"""
    counts, open_ = collections.Counter(), []
    for _ in range(1000):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.connect(path)
            counts["connected"] += 1
        except OSError as error:
            counts[type(error).__name__] += 1
        open_.append(sock)
    for sock in open_:
        sock.settimeout(30)
        try:
            sock.sendall(request("GET", "/v1/info"))
            counts[answer(sock)] += 1
        except OSError:
            try:
                counts[answer(sock)] += 1
            except OSError as error:
                counts[type(error).__name__] += 1
    return counts


def silent(path, facts, end):
    """2,000 silent connections"""
    counts, open_ = collections.Counter(), []
    for _ in range(2000):
        try:
            open_.append(connect(path))
            counts["connected"] += 1
        except OSError as error:
            counts[type(error).__name__] += 1
    time.sleep(max(0, end - time.monotonic()))
    return counts


def hold(path, end, many, first, more):
    counts, open_ = collections.Counter(), []
    for _ in range(many):
        sock = connect(path)
        try:
            sock.sendall(first)
            open_.append(sock)
        except OSError as error:
            counts[type(error).__name__] += 1
    while time.monotonic() < end and open_:
        for sock in list(open_):
            try:
                if more:
                    sock.sendall(more)
            except OSError as error:
                counts[type(error).__name__] += 1
                open_.remove(sock)
        time.sleep(0.2)
    counts["held"] = len(open_)
    return counts


def slow(path, facts, end):
    """250 senders of a byte at a time"""
    return hold(path, end, 250, b"GET /v1/info HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"x")


def unfinished(path, facts, end):
    """250 bodies of 256 KB that never end"""
    message = request("POST", "/v1/checks", b" " * 262_000)
    return hold(path, end, 250, message[:-100], b"")


def pipelines(path, facts, end):
    """250 pipelines of 40 documents each that nobody reads"""
    return hold(path, end, 250, request("GET", "/v1/openapi.json") * 40, b"")


def unread_lists(path, facts, end):
    """250 unread lists of 200 payments"""
    return hold(path, end, 250, request("GET", "/v1/payments?limit=200") * 3, b"")


ATTACKS = [one_connection, refused_role, waits, unread_replays, lists, metrics, connects, silent, slow, unfinished, pipelines, unread_lists]


class Attacker:
    """One attack, in a process of its own."""

    def __init__(self, attack, subject, facts, seconds, user):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.work, args=(attack, subject, facts, seconds, user, other))
        self.process.start()

    @staticmethod
    def work(attack, subject, facts, seconds, user, pipe):
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        os.nice(10)
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        end = time.monotonic() + seconds
        try:
            pipe.send(told(attack(subject, end) if attack in OUTSIDERS else attack(subject.path, facts, end)))
        except BaseException as error:
            pipe.send(f"{type(error).__name__}: {error}")

    def end(self):
        result = self.pipe.recv() if self.pipe.poll(600) else "did not end"
        self.process.join(10)
        return result


class Memory(threading.Thread):
    """Samples anonymous memory."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.going = pid, 0, True
        self.start()

    def run(self):
        while self.going:
            try:
                self.peak = max(self.peak, bench.memory(self.pid)["RssAnon"])
            except (OSError, KeyError):
                return
            time.sleep(0.005)


class Prison:
    """A memory cgroup, as systemd's MemoryMax= makes one."""

    LIMIT = 256 * 1024 * 1024

    def __init__(self):
        self.first = os.path.isdir("/sys/fs/cgroup/memory")
        self.path = Path("/sys/fs/cgroup/memory" if self.first else "/sys/fs/cgroup") / f"readerd-attacks-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.limit_in_bytes" if self.first else "memory.max")).write_text(str(self.LIMIT))

    def take(self, pid):
        (self.path / "cgroup.procs").write_text(str(pid))

    def report(self):
        peak = int((self.path / ("memory.max_usage_in_bytes" if self.first else "memory.peak")).read_text())
        events = (self.path / ("memory.oom_control" if self.first else "memory.events")).read_text().split("\n")
        return peak / 1024 / 1024, sum(int(line.split()[1]) for line in events if line.startswith("oom_kill "))

    def close(self):
        self.path.rmdir()


def pay(path, name, count):
    times = []
    for number in range(count):
        began = time.perf_counter()
        told = bench.ask(path, "PUT", f"/v1/payments/{name}-{number}?wait=60",
                         {"cart": f"{name}-{number}", "amount": "12.00", "lane": "till-1"})
        if told.get("state") != "succeeded":
            raise SystemExit(f"a payment ended otherwise: {told}")
        times.append((time.perf_counter() - began) * 1000)
    return times


def prepare(journal):
    """Many payments, and many events: the first ones' story told again."""
    db = sqlite3.connect(journal)
    (count,) = db.execute("SELECT max(sequence) FROM events").fetchone()
    names = "at, at_ms, kind, payment, cart, state, money, note, record, change, cart_record, cart_change"
    while db.execute("SELECT count(*) FROM events").fetchone()[0] < 4000:
        db.execute(f"INSERT INTO events ({names}) SELECT {names} FROM events WHERE sequence <= ? AND fact_key IS NULL", (count,))
    rows = db.execute("SELECT id, cart, lane, reader, state, money, created, ended, ended_ms, record FROM payments LIMIT 20").fetchall()
    (number,) = db.execute("SELECT max(number) FROM payments").fetchone()
    for copy in range(300):
        row = list(rows[copy % len(rows)])
        number += 1
        name = f"copy-{copy}"
        row[9] = row[9].replace(f'"{row[0]}"', f'"{name}"')
        db.execute("INSERT INTO payments VALUES (?,?,?,?,?,?,?,?,?,?,?)", [number, name] + row[1:])
    db.commit()
    db.close()


class Bench:
    """The store, the agent, and what stands around them."""

    def __init__(self, options, here):
        self.options, self.here = options, here
        self.path, self.settings = str(here / "checkout.sock"), here / "readerd.toml"
        self.log = (here / "readerd.log").open("wb")
        self.daemon = self.bus = self.lan = None
        store_log = here / "store.log"
        self.store = subprocess.Popen(
            [options.readersim, "run", "--directory", here, "--readers", "2", "--port", "0", "--card-after", "0", "--issuer-after", "0",
             "--order-after", "0"], stdout=store_log.open("wb"), stderr=subprocess.STDOUT)
        end = time.monotonic() + 60
        while b"ready" not in store_log.read_bytes():
            if self.store.poll() is not None or time.monotonic() > end:
                raise SystemExit("the simulated store did not open")
            time.sleep(0.02)
        self.outside = Outside(options.readersim, here, self.path)
        # The daemon inherits them; they stand over the file.
        os.environ["READERD_SOCKET_MODE"] = "0666"

    def fill(self):
        """Some payments, and a journal as of a longer life."""
        self.start()
        pay(self.path, "first", 20)
        with connect(self.path) as sock:
            sock.sendall(request("GET", "/v1/payments/first-0/events"))
            got = b""
            while b'"cursor":"' not in got:
                got += sock.recv(65536)
            self.facts = {"cursor": got.split(b'"cursor":"')[1].split(b'"')[0].decode()}
        self.stop()
        prepare(next(self.here.rglob("journal.sqlite")))

    def start(self, role="monitor", usb=False):
        """A fresh agent, for which nobody has this role."""
        environment = {"READERD_ROLES_MONITOR_USERS": "", "READERD_ROLES_CHECKOUT_USERS": "", f"READERD_ROLES_{role.upper()}_USERS": str(NOBODY)}
        if usb:
            if self.bus is None:
                self.bus, self.usb = open_bus(self.here)
            environment |= self.usb
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            self.daemon, _ = bench.start(self.options.readerd, self.settings, self.path, self.log)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    def stop(self):
        bench.stop(self.daemon)

    def surround(self):
        """Odd hosts on the LAN, once: they are other processes' work."""
        if self.lan is None:
            port = int(next(line for line in self.settings.read_text().split("\n") if line.startswith(("port", "lan.port"))).split("=")[1])
            ready = multiprocessing.Event()
            names = [reader["host"] for reader in self.outside.store["readers"]]
            self.lan = multiprocessing.Process(target=self.stand, args=(port, names, ready), daemon=True)
            self.lan.start()
            if not ready.wait(120):
                raise SystemExit("the odd hosts did not open")

    @staticmethod
    def stand(port, names, ready):
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        os.nice(10)
        servers = lan_servers(port, names)
        ready.set()
        while servers:
            time.sleep(3600)

    def before(self, attack):
        if attack is waits:
            # Something to wait for: a customer who never comes.
            self.outside.order("script", "--never-presents", "--reader", "Reader 2")
            bench.ask(self.path, "PUT", "/v1/payments/waits-long",
                      {"cart": "waits-long", "amount": "12.00", "reader": "Reader 2", "timeout_s": 600})
        if attack is unread_replays:
            # From where 4,000 events follow: the agent replays no more than 5,000, and the payments beside go on adding to them.
            (newest,) = sqlite3.connect(next(self.here.rglob("journal.sqlite"))).execute("SELECT max(sequence) FROM events").fetchone()
            self.facts["cursor"] = f"{self.facts['cursor'].split('-')[0]}-{newest - 4000}"
        if attack is carts:
            self.outside.order("fault", "backend.*", "delay_answer", "--milliseconds", "150", "--always")
        if attack in (odd_certificates, impostors, stalling_hosts):
            self.surround()

    def after(self, attack):
        if attack is carts:
            self.outside.order("clear")

    def attack(self, attack, seconds):
        user = None if attack in OUTSIDERS else NOBODY
        return Attacker(attack, self.outside, self.facts, seconds, user)

    def close(self):
        for process in (self.daemon, self.store, self.bus):
            if process is not None and process.poll() is None:
                bench.stop(process)
        if self.lan is not None:
            self.lan.terminate()


def one_by_one(world, chosen, options):
    print("| attack | what it got | payment beside: median, max (ms) | anonymous memory before, peak, 10 s after (MB) |\n|---|---|---|---|")
    for attack in chosen:
        # Each begins with a fresh agent, so that what one leaves behind is not taken for another's.
        world.start(role="checkout" if options.checkout else "monitor", usb=attack is plugs)
        name = attack.__name__.replace("_", "-")
        world.before(attack)
        quiet = pay(world.path, f"{name}-quiet", options.payments)
        time.sleep(5)
        before = bench.memory(world.daemon.pid)["RssAnon"]
        memory = Memory(world.daemon.pid)
        attacker = world.attack(attack, 15)
        time.sleep(0.5 if attack is carts else 1)
        beside = pay(world.path, f"{name}-beside", options.payments)
        got = attacker.end()
        time.sleep(10)
        after = bench.memory(world.daemon.pid)["RssAnon"]
        memory.going = False
        print(f"| {attack.__doc__} | {got} | {statistics.median(beside):.1f}, {max(beside):.1f} (alone {statistics.median(quiet):.1f}, "
              f"{max(quiet):.1f}) | {before:.1f}, {memory.peak:.1f}, {after:.1f} |", flush=True)
        world.after(attack)
        world.stop()
    return 0


def in_turn(world, chosen, options):
    """All of them against one agent, which has no more memory than the packaged service."""
    prison, beside, rounds, unlike = Prison(), [], 0, []
    world.start(usb=plugs in chosen)
    prison.take(world.daemon.pid)
    try:
        end = time.monotonic() + options.minutes * 60
        while time.monotonic() < end:
            for attack in chosen:
                if time.monotonic() > end:
                    break
                world.before(attack)
                attacker = world.attack(attack, 10)
                time.sleep(0.5)
                beside += pay(world.path, f"round-{rounds}-{attack.__name__}".replace("_", "-"), 3)
                got = attacker.end()
                world.after(attack)
                if world.daemon.poll() is not None:
                    unlike.append(f"the agent ended with {world.daemon.returncode} in {attack.__doc__}: {got}")
                    raise SystemExit(unlike[-1])
                print(f"{attack.__doc__}: {got}; now {bench.memory(world.daemon.pid)['RssAnon']:.1f} MB", flush=True)
            rounds += 1
        peak, kills = prison.report()
        now = bench.memory(world.daemon.pid)
        print(f"{options.minutes} minutes, {rounds} rounds, {len(beside)} payments beside: median {statistics.median(beside):.1f} ms, max "
              f"{max(beside):.1f} ms; the cgroup's peak {peak:.0f} of 256 MB, killed {kills} times; at the end {now['RssAnon']:.1f} MB anonymous")
        return 1 if kills else 0
    finally:
        world.stop()
        prison.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("readersim", type=Path)
    arguments.add_argument("--payments", type=int, default=20)
    arguments.add_argument("--only", action="append", default=[])
    arguments.add_argument("--checkout", action="store_true", help="the attackers at the socket have the role checkout")
    arguments.add_argument("--minutes", type=float, help="all in turn, in a cgroup of 256 MB, for so long")
    options = arguments.parse_args()
    options.readerd, options.readersim = options.readerd.resolve(), options.readersim.resolve()
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    chosen = [attack for attack in ATTACKS + OUTSIDERS if not options.only or attack.__name__ in options.only]
    with tempfile.TemporaryDirectory(prefix="readerd-attacks-") as directory:
        os.chmod(directory, 0o755)
        world = Bench(options, Path(directory))
        try:
            world.fill()
            return in_turn(world, chosen, options) if options.minutes else one_by_one(world, chosen, options)
        finally:
            world.close()


if __name__ == "__main__":
    sys.exit(main())
