#!/usr/bin/env python3
"""Lets an agent work for so long, and sees that nothing in it grows. Usage: soak.py READERD READERSIM --minutes M [--readers N] [--csv FILE]

At work: a till at every reader that pays again and again on a kept connection, tills that poll the status and their last payments once a second and
one that keeps the stream of events, a list and a page of metrics now and then, and a fault every second or two: calls that fail, hang or are cut,
readers that restart and change their address, devices plugged in and pulled out.

It ends with 1 when anonymous memory has grown by more than 2 MB from the second to the last quarter (medians; 6 MB in less than half an hour), or when descriptors or threads stand
higher in the last quarter than in the first, at any moment, and more than the connections that a pool may hold explain; and when a payment got no end.
"""

import argparse
import collections
import os
import random
import socket
import statistics
import sys
import threading
import time
import traceback
from pathlib import Path

from outsiders import open_bus, order_bus
from shop import Shop

GROWTH_MB = 2
# What an agent takes up in its first minutes it keeps: pools, pages of the journal, what Swift knows of its types.
SHORT_GROWTH_MB, SHORT_MINUTES = 6, 30
FAULTS = [
    ("backend.*", {"kind": "status", "status": 502, "body": "later"}), ("backend.payment_status", {"kind": "close"}),
    ("backend.*", {"kind": "delay_answer", "milliseconds": 900}), ("stripe.*", {"kind": "truncate"}), ("stripe.*", {"kind": "status", "status": 500, "body": ""}),
    ("reader.queryPaymentMethod", {"kind": "lose_answer"}), ("reader.*", {"kind": "close"}), ("reader.queryPaymentMethod", {"kind": "garbage"}),
    ("reader.confirmPayment", {"kind": "lose_answer"}), ("backend.connection_token", {"kind": "silence"}), ("stripe.connect", {"kind": "close"}),
]


class Till(threading.Thread):
    """Does the same again and again until it is told to stop; what it meets is counted, and what it does not expect ends the soak."""

    def __init__(self, work, counts):
        super().__init__(daemon=True)
        self.work, self.counts, self.goes, self.fault = work, counts, True, None
        self.start()

    def run(self):
        try:
            while self.goes:
                self.work(self.counts)
        except BaseException:
            self.fault = traceback.format_exc()

    def stop(self):
        self.goes = False
        self.join(200)


def payer(shop, lane, seed):
    """Pays on one connection; a cart that was not paid is tried again under another id, as a cashier does."""
    agent, number, dice = shop.agent(), 0, random.Random(seed)

    def work(counts):
        nonlocal number
        number += 1
        cart = f"cart-{lane}-{number}"
        for attempt in range(6):
            agent.request("PUT", f"/v1/payments/p-{lane}-{number}-{attempt}?wait=50",
                          '{"cart": "%s", "amount": "12.00", "lane": "%s"}' % (cart, lane), {"Content-Type": "application/json"})
            answer = agent.getresponse()
            told = answer.read().decode()
            state = told.split('"state":"', 1)[1].split('"', 1)[0] if answer.status < 300 else str(answer.status)
            counts[state] += 1
            if state == "succeeded":
                break
            time.sleep(dice.uniform(0.1, 1))
    return work


def poller(shop):
    agent = shop.agent()

    def work(counts):
        for route in ("/v1/status", "/v1/payments?limit=5", "/v1/readers"):
            agent.ask("GET", route)
            counts["polls"] += 1
        time.sleep(1)
    return work


def lister(shop):
    agent = shop.agent()

    def work(counts):
        agent.ask("GET", "/v1/payments?limit=200")
        agent.request("GET", "/v1/metrics")
        agent.getresponse().read()
        counts["lists"] += 1
        time.sleep(5)
    return work


def listener(shop):
    def work(counts):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
            stream.settimeout(60)
            stream.connect(shop.path)
            stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
            end = time.monotonic() + 30
            while time.monotonic() < end and stream.recv(65536):
                counts["events"] += 1
    return work


def troubler(shop, bus, seed):
    """What goes wrong meanwhile."""
    dice, serials, plugged = random.Random(seed), [reader["serial"] for reader in shop.facts["readers"]], []

    def work(counts):
        what = dice.randrange(4)
        if what < 2:
            call, effect = dice.choice(FAULTS)
            shop.tell("fault", {"call": call, "times": 1, "effect": effect})
        elif what == 2:
            event = dice.choice(["reboot", "move"])
            shop.tell("reader", {"event": event, "reader": dice.choice(serials), "milliseconds": 500})
        elif plugged and dice.random() < 0.5:
            order_bus(bus, "unplug", plugged.pop())
        else:
            name = f"1-{dice.randrange(1, 9)}"
            if name not in plugged:
                plugged.append(name)
                order_bus(bus, "plug", name, dice.choice(["link", "keyboard", "m2", "hub"]), "-", f"S{name}")
        counts["troubles"] += 1
        time.sleep(dice.uniform(0.5, 2))
    return work


def sample(shop):
    process = Path(f"/proc/{shop.daemon.pid}")
    return {"memory": shop.memory()["RssAnon"], "descriptors": len(os.listdir(process / "fd")), "threads": len(os.listdir(process / "task"))}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("readerd", type=Path)
    arguments.add_argument("readersim", type=Path)
    arguments.add_argument("--minutes", type=float, default=120)
    arguments.add_argument("--readers", type=int, default=4)
    arguments.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    arguments.add_argument("--csv", type=Path)
    options = arguments.parse_args()
    print(f"seed {options.seed}")
    readers = [f"till-{number + 1}" for number in range(options.readers)]
    with Shop(options.readerd.resolve(), options.readersim.resolve(), readers=options.readers, card=150, issuer=100, order=50,
              settings=["usb.enabled=true", "log.level=error"]) as shop:
        bus, environment = open_bus(shop.here)
        os.environ.update(environment)
        counts, samples, tills = collections.Counter(), [], []
        try:
            shop.start()
            shop.connected([f"warm-{number}" for number in range(options.readers)])
            tills = [Till(payer(shop, lane, options.seed + number), counts) for number, lane in enumerate(readers)]
            tills += [Till(work, counts) for work in (poller(shop), poller(shop), lister(shop), listener(shop),
                                                      troubler(shop, str(shop.here / "bus"), options.seed))]
            end = time.monotonic() + options.minutes * 60
            while time.monotonic() < end:
                time.sleep(min(5, max(0.5, options.minutes / 4)))
                samples.append({"at": options.minutes * 60 - (end - time.monotonic()), **sample(shop)})
                for till in tills:
                    if till.fault:
                        raise SystemExit(f"a till met what it did not expect; readerd's end: {shop.daemon.poll()}\n{till.fault}")
            for till in tills:
                till.stop()
            left = shop.agent().ask("GET", "/v1/status")["open_payments"]
        finally:
            for till in tills:
                till.goes = False
            order_bus(str(shop.here / "bus"), "quit")
            bus.wait(20)
    if options.csv:
        options.csv.write_text("\n".join([",".join(samples[0])] + [",".join(f"{value:.2f}" for value in one.values()) for one in samples]))
    return verdict(samples, counts, left, options.minutes)


def verdict(samples, counts, left, minutes):
    quarters = [samples[len(samples) * number // 4:len(samples) * (number + 1) // 4] for number in range(4)]
    middle = [statistics.median(one["memory"] for one in quarter) for quarter in quarters]
    print(f"{minutes:g} minutes: " + ", ".join(f"{count} {what}" for what, count in counts.most_common()))
    limit = GROWTH_MB if minutes >= SHORT_MINUTES else SHORT_GROWTH_MB
    print("anonymous memory by quarter: " + ", ".join(f"{one:.1f}" for one in middle) + f" MB; grown by {middle[3] - middle[1]:+.1f} MB, limit {limit}")
    failed = middle[3] - middle[1] > limit
    for what in ("descriptors", "threads"):
        high = [max(one[what] for one in quarter) for quarter in quarters]
        # The pools of three hosts hold what a burst has opened for a while, and a burst may come late.
        grown = high[3] > high[0] + (12 if what == "descriptors" else 2)
        failed = failed or grown
        print(f"{what} at most by quarter: {', '.join(map(str, high))}{'; grown' if grown else ''}")
    stuck = [payment for payment in left if payment["state"] not in ("unresolved", "finishing")]
    if stuck or not counts["succeeded"]:
        print(f"without an end: {stuck}; paid: {counts['succeeded']}")
        failed = True
    print("FAILED" if failed else "nothing has grown")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
