#!/usr/bin/env python3
"""Measures what a till feels and what a box has to bear, of a release build, and holds it against the project's limits.

Usage: bench.py READERD READERCTL READERSIM [--only NAME] [--runs N] [--json FILE] [--svg FILE]. Prints a table in Markdown and ends with 1 when a
limit is missed. Beside each figure stands the same done in the order of the published SDK, or by a C program on the same socket, in the same run.

Distances: backend and Stripe 80 ms, the reader 5 ms, half before a call is handled and half after.
"""

import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shop import Agent, Direct, Events, Shop, UnixConnection

HERE = Path(__file__).parent


# What the other benches use too.

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


# The table.

class Table:
    """What was measured, against its limits."""

    def __init__(self):
        self.rows = []

    def add(self, what, values, limit, unit="ms", peer="", of=statistics.median, least=False):
        values = list(values)
        figure = of(values)
        missed = limit is not None and (figure < limit if least else figure > limit)
        name = {statistics.median: "median", statistics.mean: "mean", max: "max", min: ""}.get(of, "p99")
        self.rows.append({"what": what, "figure": figure, "unit": unit, "limit": limit, "least": least, "of": name if len(values) > 1 else "",
                          "from": min(values), "to": max(values), "runs": len(values), "peer": peer, "missed": missed})
        row = self.rows[-1]
        spread = f" ({row['of']} of {row['runs']}, {shown(row['from'])} to {shown(row['to'])})" if row["runs"] > 1 else ""
        bound = "–" if limit is None else f"{'≥' if least else '≤'} {shown(limit)} {unit}"
        print(f"| {what} | {shown(figure)} {unit}{spread} | {bound} | {peer} | {'MISSED' if missed else 'ok' if limit is not None else ''} |",
              flush=True)

    @property
    def missed(self):
        return [row["what"] for row in self.rows if row["missed"]]


def shown(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def p99(values):
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def pay(agent, name, lane=None, cart=None, wait=True):
    """Milliseconds until the answer, and the payment."""
    body = {"cart": cart or name, "amount": "12.00"}
    if lane:
        body["lane"] = lane
    began = time.perf_counter()
    told = agent.ask("PUT", f"/v1/payments/{name}{'?wait=100' if wait else ''}", body)
    took = (time.perf_counter() - began) * 1000
    if wait and told["state"] != "succeeded":
        raise SystemExit(f"{name} ended {told['state']}: {told['failure']}")
    return took, told


# What a till feels.

def prompts(options, table):
    """From the request to the reader's asking for the card."""
    def prompted(events, agent, name):
        began = time.perf_counter()
        pay(agent, name, wait=False)
        return (events.when(name, "waiting_for_card") - began) * 1000

    def ended(agent, name):
        agent.ask("GET", f"/v1/payments/{name}?wait=100")

    with Shop(options.readerd, options.readersim, card=30, issuer=30, order=10) as shop:
        shop.distance()
        sdk, cold_sdk, calls = [], [], []
        for number in range(3):
            began = time.perf_counter()
            fresh = Direct(shop)
            session = fresh.connect(f"sdk-{number}")
            connected = time.perf_counter()
            name, context = fresh.prompt(f"sdk-{number}", session)
            sdk.append((time.perf_counter() - connected) * 1000)
            cold_sdk.append((time.perf_counter() - began) * 1000)
            fresh.finish(f"sdk-{number}", session, name, context)
            for _ in range(5):
                # The till asks after a while, too: what sleeps has to be woken.
                time.sleep(0.05)
                began = time.perf_counter()
                fresh.reader("clearReaderDisplay", {"transaction_context": context}, session)
                calls.append((time.perf_counter() - began) * 1000)
            shop.tell("reader", {"event": "release"})
        cold = []
        for number in range(options.runs):
            # The location was never seen before: a journal of its own each time.
            shop.settings = ["--set", f"state_directory={shop.here}/cold-{number}"]
            (shop.here / f"cold-{number}").mkdir(mode=0o700)
            shop.start()
            events, agent = Events(shop.path), shop.agent()
            cold.append(prompted(events, agent, f"cold-{number}"))
            ended(agent, f"cold-{number}")
            shop.stop()
            shop.tell("reader", {"event": "release"})
        shop.start()
        shop.connected(["first"])
        events, agent = Events(shop.path), shop.agent()
        prompted(events, agent, "first")
        ended(agent, "first")
        bare, opened = [], []
        for number in range(options.runs):
            bare.append(prompted(events, agent, f"bare-{number}"))
            ended(agent, f"bare-{number}")
            shop.connected([f"opened-{number}"])
            opened.append(prompted(events, agent, f"opened-{number}"))
            ended(agent, f"opened-{number}")
    peer = f"SDK's order {statistics.median(sdk):.0f} ms, one call to the reader alone {statistics.median(calls):.1f} ms"
    table.add("prompt, connected, the cart opened before", opened, 8, peer=peer)
    table.add("prompt, connected, no cart opened before", bare, 8, peer=peer)
    table.add("prompt, cold start, location never seen", cold, 190, peer=f"SDK's order {statistics.median(cold_sdk):.0f} ms")


def confirms(options, table):
    """From the card to the confirm, by how long the customer takes."""
    readers = 16
    with Shop(options.readerd, options.readersim, readers=readers, issuer=20, order=10) as shop:
        shop.distance()
        shop.start()
        shop.connected([f"warm-{number}" for number in range(readers)])
        waits = [1_000 + 9_000 * number // 31 for number in range(32)], [15_000 + 45_000 * number // 15 for number in range(16)]
        late = []
        for round_, these in enumerate(waits):
            times = []

            def lane(number):
                agent, serial = shop.agent(), shop.facts["readers"][number]["serial"]
                for turn, wait in enumerate(these[number::readers]):
                    shop.script(reader=serial, cardAfter=wait)
                    name = f"c-{round_}-{number}-{turn}"
                    pay(agent, name, lane=f"till-{number + 1}", wait=False)
                    time.sleep(0.4)
                    collect = last_call(shop, serial, "collectPaymentMethod")
                    told = agent.ask("GET", f"/v1/payments/{name}?wait=100")
                    if told["state"] != "succeeded":
                        raise SystemExit(f"{name} ended {told['state']}: {told['failure']}")
                    # The collect takes effect half the distance after it reached the store, and the card is there after its time.
                    times.append(last_call(shop, serial, "confirmPayment") - (collect + 2 + wait))
                agent.close()
            with concurrent.futures.ThreadPoolExecutor(readers) as pool:
                list(pool.map(lane, range(readers)))
            late.append(times)
    table.add("card shown → confirm sent, card after 1 to 10 s", late[0], 30, of=statistics.mean, peer="SDK's order 200 ms (a query each 400 ms)")
    table.add("card shown → confirm sent, card after 15 to 60 s", late[1], 120, of=statistics.mean)


def last_call(shop, serial, name):
    """The store's milliseconds at which the newest call of a reader reached it. It keeps its newest calls only: a minute's questions push a
    collect out, so each is read soon after it was made."""
    return next(call["at"] for call in reversed(shop.ledger()["calls"]) if call["call"] == f"reader.{name}" and call["reader"] == serial)


def outcomes(options, table):
    """From the order to the till's hearing of it."""
    delays = [50 + 750 * number // 15 for number in range(16)]
    late = []
    for delay in delays[:: max(1, 16 // options.runs)]:
        with Shop(options.readerd, options.readersim, card=20, issuer=20, order=delay) as shop:
            shop.distance()
            shop.start()
            shop.connected(["warm"])
            agent = shop.agent()
            pay(agent, "warm")
            offset = clock_offset(shop)
            for number in range(3):
                pay(agent, f"o-{number}")
                now = time.perf_counter() * 1000
                charge = next(intent for intent in shop.ledger()["intents"] if intent["cart"] == f"o-{number}" and intent["charges"])["charges"][0]
                # The order, and one answer of the backend: the first question asked after it brings it.
                late.append(now - (charge["at"] + offset + delay) - 80)
    table.add("outcome at the till, after the order and one answer of the backend", late, 40, of=statistics.mean, peer="SDK's order 500 ms (each second)")


def clock_offset(shop):
    """What is added to the store's milliseconds to have this clock's."""
    best = None
    for _ in range(20):
        began = time.perf_counter() * 1000
        at = shop.ledger()["at"]
        ended = time.perf_counter() * 1000
        if best is None or ended - began < best[0]:
            best = ended - began, (began + ended) / 2 - at - 0.5
    return best[1]


def wholes(options, table):
    """A payment from its request to its end, beyond what card, issuer and order take."""
    def added(floor, far, runs, label, limit, **times):
        with Shop(options.readerd, options.readersim, **times) as shop:
            sdk = []
            if far:
                shop.distance()
            direct = Direct(shop)
            session = direct.connect("sdk")
            for number in range(3):
                began = time.perf_counter()
                name, context = direct.prompt(f"sdk-{number}", session)
                direct.finish(f"sdk-{number}", session, name, context)
                sdk.append((time.perf_counter() - began) * 1000 - floor)
            shop.tell("reader", {"event": "release"})
            shop.start()
            shop.connected(["warm"])
            agent = shop.agent()
            pay(agent, "warm")
            took = []
            for number in range(runs):
                shop.connected([f"w-{number}"])
                took.append(pay(agent, f"w-{number}")[0] - floor)
        table.add(label, took, limit, peer=f"SDK's order {statistics.median(sdk):.0f} ms")

    added(0, False, options.runs * 2, "a whole payment, nothing waits", 60, card=0, issuer=0, order=0)
    added(1450, True, options.runs, "added over card 1 s, issuer 300, order 150 ms, with the distances", 120, card=1000, issuer=300, order=150)
    added(500, False, options.runs, "added over card 200, issuer 200, order 100 ms, without distances", 60, card=200, issuer=200, order=100)


def lanes(options, table):
    """Many tills at once, against one."""
    def run(count, rounds):
        with Shop(options.readerd, options.readersim, readers=16, card=200, issuer=200, order=100) as shop:
            shop.distance()
            shop.start()
            shop.connected([f"warm-{number}" for number in range(16)])

            def lane(number):
                agent, times = shop.agent(), []
                for turn in range(rounds):
                    times.append(pay(agent, f"l-{number}-{turn}", lane=f"till-{number + 1}")[0])
                agent.close()
                # The first one has the location's currency to learn.
                return times[1:]
            before, began = shop.processors(), time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(count) as pool:
                took = [took for times in pool.map(lane, range(count)) for took in times]
            after, passed = shop.processors(), time.monotonic() - began
            return took, ", ".join(f"{name} {(after[name] - before[name]) / passed:.2f}" for name in after)
    (one, _), (many, shares) = run(1, 31), run(16, 11)
    table.add("16 lanes on 16 readers: p99 beyond one lane's", [p99(many) - p99(one)], 25,
              peer=f"one lane: median {statistics.median(one):.0f}, p99 {p99(one):.0f}; 16: {statistics.median(many):.0f}, {p99(many):.0f} ms; "
              f"of {os.cpu_count()} processors: {shares}")


# What the socket bears.

def compiled(name, folder):
    program = folder / name
    subprocess.run(["cc", "-O2", "-o", program, HERE / f"{name}.c"], check=True)
    return program


def load(program, path, connections, request, seconds=3):
    words = subprocess.run([program, path, str(connections), str(seconds), request], capture_output=True, text=True, check=True).stdout.split()
    return {"rate": float(words[1]), "p50": float(words[2]), "p99": float(words[3])}


def sockets(options, table):
    """Questions to the socket, against an echo in C."""
    with tempfile.TemporaryDirectory(prefix="readerd-load-") as directory, Shop(options.readerd, options.readersim) as shop:
        folder = Path(directory)
        echo_program, load_program = compiled("echo", folder), compiled("load", folder)
        shop.start()
        shop.connected(["warm"])
        agent = shop.agent()
        pay(agent, "warm")
        for name, route in (("info", "/v1/info"), ("payment", "/v1/payments/warm")):
            (folder / name).write_bytes(f"GET {route} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        echo = subprocess.Popen([echo_program, folder / "echo.sock"], stdout=subprocess.PIPE)
        try:
            echo.stdout.readline()
            for connections, limit in ((1, 2), (8, 4), (32, 4)):
                ratios = []
                for _ in range(3):
                    theirs = load(load_program, folder / "echo.sock", connections, "echo")
                    ours = load(load_program, shop.path, connections, folder / "info")
                    ratios.append(ours["p50"] / theirs["p50"])
                table.add(f"`GET /v1/info`, {connections} connection{'s' if connections > 1 else ''}, against an echo in C (p50)", ratios, limit,
                          unit="×", peer=f"echo {theirs['p50']:.0f} µs, readerd {ours['p50']:.0f} µs, {ours['rate']:,.0f}/s")
        finally:
            echo.terminate()
            echo.wait()
        asked = [load(load_program, shop.path, 32, folder / "payment") for _ in range(3)]
        table.add("`GET /v1/payments/{id}` of an ended payment, 32 connections, a second", [one["rate"] for one in asked], 25_000, unit="", least=True)
        table.add("the same, p99", [one["p99"] / 1000 for one in asked], 4)


# What the box has to bear.

def memories(options, table):
    """Memory and processor time of an agent that waits."""
    for readers, limit in ((1, 7), (16, 9)):
        with Shop(options.readerd, options.readersim, readers=readers) as shop:
            starts = []
            if readers == 1:
                for _ in range(options.runs):
                    starts.append(shop.start())
                    shop.stop()
            shop.start()
            shop.connected([f"warm-{number}" for number in range(readers)])
            for number in range(readers):
                shop.agent().ask("DELETE", f"/v1/carts/warm-{number}")
            # What came up by starting has gone back by then.
            time.sleep(20)
            idle, before, began = shop.memory(), shop.processor(), time.monotonic()
            if starts:
                table.add("start to listening", starts, 150)
            table.add(f"anonymous memory idle, {readers} reader{'s' if readers > 1 else ''}", [idle["RssAnon"]], limit, unit="MB")
            if readers == 1:
                table.add("resident", [idle["VmRSS"]], 45, unit="MB")
            else:
                time.sleep(options.idle)
                share = 100 * (shop.processor() - before) / (time.monotonic() - began)
                table.add("processor time idle, 16 readers, of one core", [share], 0.1, unit="%")


def sizes(options, table):
    """What is installed, without debug information."""
    with tempfile.TemporaryDirectory(prefix="readerd-size-") as directory:
        for program, limit in ((options.readerd, 83), (options.readerctl, 23)):
            bare = Path(directory) / program.name
            subprocess.run(["strip", "--strip-unneeded", "-o", bare, program], check=True)
            table.add(f"size of {program.name}", [bare.stat().st_size / 1e6], limit, unit="MB")
    for package in sorted(HERE.parents[1].glob(".build-deb/readerd_*.deb")):
        table.add("size of the package", [package.stat().st_size / 1e6], 26, unit="MB")


def journals(options, table):
    """A journal of many ended payments: as fast as an empty one, and how much of the disk each takes."""
    count = 200_000
    with Shop(options.readerd, options.readersim) as shop:
        shop.start()
        shop.connected(["warm"])
        agent = shop.agent()
        pay(agent, "warm")
        agent.close()
        empty = journal_figures(shop, "warm")
        shop.stop()
        journal = next((shop.here / "state").glob("journal.sqlite"))
        before = disk(journal)
        grow(journal, count)
        shop.start()
        full = journal_figures(shop, f"copy-{count // 2}")
        shop.stop()
        size = disk(journal) - before
    table.add(f"start with {count:,} ended payments", [full["start"]], max(150, empty["start"] * 2), peer=f"empty {empty['start']:.0f} ms")
    table.add(f"get with {count:,} ended payments", [full["get"]], max(1.5, empty["get"] * 2), peer=f"empty {empty['get']:.2f} ms")
    table.add(f"a page of the list with {count:,} ended payments", [full["list"]], max(10, empty["list"] * 3), peer=f"empty {empty['list']:.1f} ms")
    table.add("disk for a payment that has ended for less than 30 days", [size / count / 1000], 6, unit="kB")
    folded(options, table)


def folded(options, table, count=20_000):
    """What remains of payments that ended before the newest 30 days of trade, once the agent has folded them."""
    with Shop(options.readerd, options.readersim) as shop:
        shop.start()
        shop.connected(["warm"])
        agent = shop.agent()
        pay(agent, "warm")
        agent.close()
        shop.stop()
        journal = next((shop.here / "state").glob("journal.sqlite"))
        before = used(journal)
        grow(journal, count, days=lambda copy: 60 - 30 * copy // count)
        whole = used(journal) - before
        grow(journal, 30, name="late", days=lambda copy: 29 - copy)
        shop.start()
        began = time.perf_counter()
        while value(journal, "SELECT count(*) FROM stories") < count:
            if time.perf_counter() - began > 600:
                raise SystemExit("the journal was not folded")
            time.sleep(0.2)
        took = time.perf_counter() - began
        shop.stop()
        size = used(journal) - before
        free = disk(journal) - used(journal)
    table.add("disk for a payment that has been ended for more than 30 days", [size / count / 1000], 3, unit="kB",
              peer=f"{whole / count / 1000:.1f} kB before; {free / count / 1000:.1f} kB of the file are free again; {took * 1000 / count:.1f} ms each")


def value(journal, sql):
    db = sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql).fetchone()[0]
    finally:
        db.close()


def used(journal):
    """Bytes of pages that hold something. The others are filled before the file grows."""
    return (value(journal, "PRAGMA page_count") - value(journal, "PRAGMA freelist_count")) * value(journal, "PRAGMA page_size")


def disk(journal):
    return sum(file.stat().st_size for file in journal.parent.glob(journal.name + "*"))


def journal_figures(shop, payment):
    if shop.daemon is not None and shop.daemon.poll() is None:
        shop.stop()
    figures = {"start": statistics.median([again(shop) for _ in range(3)])}
    agent = shop.agent()
    for name, route in (("get", f"/v1/payments/{payment}"), ("list", "/v1/payments?limit=50")):
        times = []
        for _ in range(30):
            began = time.perf_counter()
            agent.ask("GET", route)
            times.append((time.perf_counter() - began) * 1000)
        figures[name] = statistics.median(times)
    agent.close()
    return figures


def again(shop):
    if shop.daemon is not None and shop.daemon.poll() is None:
        shop.stop()
    return shop.start()


def grow(journal, count, name="copy", days=lambda copy: 0):
    """Tells the story of one payment and its cart so often that it is many payments, each so many days ago."""
    db = sqlite3.connect(journal)
    db.execute("PRAGMA synchronous=OFF")
    tables = {table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in ("events", "payments", "carts")}
    events = db.execute("SELECT * FROM events WHERE payment = 'warm' OR payment IS NULL AND cart = 'warm' ORDER BY sequence").fetchall()
    (payment,) = db.execute("SELECT * FROM payments WHERE id = 'warm'").fetchall()
    (cart,) = db.execute("SELECT * FROM carts WHERE cart = 'warm'").fetchall()
    (sequence,) = db.execute("SELECT max(sequence) FROM events").fetchone()

    def insert(table, row, told, days, number=None):
        def copied(column, cell):
            if column in ("sequence", "number"):
                return number
            if column.endswith("_ms") and cell:
                return cell - days * 86_400_000
            if column in ("at", "created", "ended", "updated") and cell:
                return (datetime.date.fromisoformat(cell[:10]) - datetime.timedelta(days)).isoformat() + cell[10:]
            if cell == "warm":
                return told
            if isinstance(cell, str):
                cell = cell.replace('"warm"', f'"{told}"')
                return re.sub(r"(?<=:)\d{13}\b", lambda time: str(int(time[0]) - days * 86_400_000), cell) if days else cell
            return cell
        row = [copied(column, cell) for column, cell in zip(tables[table], row)]
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)

    for copy in range(count):
        insert("payments", payment, f"{name}-{copy}", days(copy), sequence + 1)
        insert("carts", cart, f"{name}-{copy}", days(copy))
        for event in events:
            sequence += 1
            insert("events", event, f"{name}-{copy}", days(copy), sequence)
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


MEASURES = [prompts, confirms, outcomes, wholes, lanes, sockets, memories, sizes, journals]


def picture(table, path):
    """Each figure as a part of its limit, as bars."""
    rows = [row for row in table.rows if row["limit"]]
    height = 40 + 22 * len(rows)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{height}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="#fff"/>', '<text x="10" y="20">each figure as a part of its limit; the line is the limit</text>']
    for number, row in enumerate(rows):
        share = (row["limit"] / row["figure"] if row["least"] else row["figure"] / row["limit"]) if row["figure"] else 0
        y = 34 + 22 * number
        words = f"{row['what'].replace('`', '').replace('&', '&amp;').replace('<', '&lt;')}: {shown(row['figure'])} {row['unit']}"
        parts.append(f'<rect x="540" y="{y}" width="{max(1, min(340, 240 * share)):.0f}" height="14" fill="{"#c0392b" if row["missed"] else "#2e7d32"}"/>')
        parts.append(f'<text x="530" y="{y + 12}" text-anchor="end">{words}</text>')
    parts.append(f'<line x1="780" y1="28" x2="780" y2="{height - 6}" stroke="#000"/></svg>')
    Path(path).write_text("\n".join(parts))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("readerctl", type=Path)
    arguments.add_argument("readersim", type=Path)
    arguments.add_argument("--runs", type=int, default=10)
    arguments.add_argument("--idle", type=int, default=60, help="seconds over which the idle processor time is taken")
    arguments.add_argument("--only", action="append", default=[], choices=[measure.__name__ for measure in MEASURES])
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--svg", type=Path)
    options = arguments.parse_args()
    for name in ("readerd", "readerctl", "readersim"):
        setattr(options, name, getattr(options, name).resolve())
    table = Table()
    print("| measure | figure | limit | beside it | |\n|---|---|---|---|---|")
    for measure in MEASURES:
        if not options.only or measure.__name__ in options.only:
            measure(options, table)
    if options.json:
        options.json.write_text(json.dumps(table.rows, indent=1))
    if options.svg:
        picture(table, options.svg)
    if table.missed:
        print(f"\nover the limit: {'; '.join(table.missed)}")
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
