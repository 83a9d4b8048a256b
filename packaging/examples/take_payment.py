#!/usr/bin/env python3
"""Takes one card payment through readerd, and survives a power cut at any moment.

    python3 take_payment.py --cart 123 --amount 56.78 --lane till-1 --sales ./sales

Needs Python 3.9 and nothing else. The rule that makes it safe: the payment's id and body are on disk before they are sent, and
whoever starts again sends the same id and body again. readerd then attaches to the payment that runs, or tells how it ended; it never
begins a second one. Run it again with the same arguments after any interruption.

Exit status: 0 paid, 1 not paid, 2 money is held but there is no order, 3 not known yet or the agent cannot be reached: run it again.
"""

import argparse
import http.client
import json
import os
import re
import socket
import sys
import time
import urllib.parse

ENDED = {"succeeded", "declined", "canceled", "canceled_by_customer", "timed_out", "failed"}


class Agent:
    """readerd's socket. Each request has a connection of its own: that is cheap on a Unix socket."""

    def __init__(self, path):
        self.path = path

    def open(self, method, target, body=None):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # A stream has a heartbeat at least every 15 seconds, so 45 seconds of silence mean that the agent is gone.
        connection.sock.settimeout(45)
        connection.sock.connect(self.path)
        text = None if body is None else json.dumps(body)
        connection.request(method, target, text, {"Content-Type": "application/json"} if text else {})
        return connection, connection.getresponse()

    def ask(self, method, target, body=None):
        connection, answer = self.open(method, target, body)
        try:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def events(self, payment):
        """The payment after each thing that happened to it, from its beginning to its end."""
        connection, answer = self.open("GET", f"/v1/payments/{payment}/events")
        try:
            while answer.status == 200 and (line := answer.readline()):
                event = json.loads(line)
                if "payment" in event:
                    yield event["payment"]
        finally:
            connection.close()


class Sale:
    """What must outlive a power cut: which attempts were made to pay a cart, and how they ended. One file for each cart."""

    def __init__(self, directory, cart):
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.path = os.path.join(directory, urllib.parse.quote(cart, safe="") + ".json")
        try:
            with open(self.path, encoding="utf-8") as file:
                self.attempts = json.load(file)
        except FileNotFoundError:
            self.attempts = []

    def save(self):
        # The new file is whole on disk before it takes the old one's name, and the name is on disk before anything is sent.
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.attempts, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.rename(self.path + ".new", self.path)
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def say(text):
    print(text, flush=True)


def doing(payment):
    reader = payment["reader_label"] or payment["reader"] or "the reader"
    return {
        "queued": f"Waiting for {reader}.",
        "preparing": f"Preparing {reader}.",
        "waiting_for_card": f"Please present a card at {reader}: {payment['amount']}.",
        "authorizing": "The card is being charged.",
        "finishing": "The card was charged. The order is being completed.",
        "unresolved": "Not known yet whether the money was taken. Do not take it again; the agent goes on finding out.",
    }.get(payment["state"])


def outcome(payment):
    """The last line, for the cashier, and the exit status."""
    order = f"order {payment['order']}" if payment["order"] else "no order"
    if payment["money"] == "taken":
        return f"PAID {payment['amount']}, {order}", 0
    if payment["money"] == "authorized":
        return f"HELD {payment['amount']}, {order}: a matter for the back office", 2
    if payment["money"] == "unknown":
        return "NOT KNOWN YET: run this again", 3
    failure = payment["failure"] or {"message": payment["state"]}
    return "NOT PAID: " + " ".join(filter(None, [failure["message"], failure.get("remedy")])), 1


def follow(agent, payment, body, patience):
    """Begins the payment, or finds it, and stays with it until it has ended.

    Returns the payment, or a refusal's problem when no such payment exists. Raises TimeoutError when neither is known in time.
    """
    seen = 0
    unclear_since = None
    while True:
        try:
            status, answer = agent.ask("PUT", f"/v1/payments/{payment}", body)
            if status < 300:
                if answer["state"] in ENDED:
                    return answer
                if answer["state"] != "unresolved":
                    unclear_since = None
                for current in agent.events(payment):
                    for entry in current["timeline"][seen:]:
                        if entry["state"] not in ENDED:
                            say(doing({**current, "state": entry["state"]}))
                    seen = max(seen, len(current["timeline"]))
                    if current["state"] in ENDED:
                        return current
                    if current["state"] == "unresolved":
                        break
            elif not answer["retryable"]:
                # This request began nothing. An earlier one may have, before the power went: only the agent's own word settles that.
                status, known = agent.ask("GET", f"/v1/payments/{payment}")
                if status == 404:
                    return answer
            else:
                say(answer["detail"])
        except (OSError, http.client.HTTPException, ValueError) as error:
            say(f"The agent cannot be reached at {agent.path} ({error}); trying again.")
        unclear_since = unclear_since or time.monotonic()
        if time.monotonic() - unclear_since > patience:
            raise TimeoutError
        time.sleep(1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--socket", default="/run/readerd/checkout.sock")
    arguments.add_argument("--sales", default="sales", help="directory that outlives a power cut")
    arguments.add_argument("--cart", required=True)
    arguments.add_argument("--amount", required=True, help="in the major unit: 56.78")
    arguments.add_argument("--lane", required=True)
    arguments.add_argument("--patience", type=float, default=120, help="seconds to go on while nothing is known")
    options = arguments.parse_args()

    agent = Agent(options.socket)
    sale = Sale(options.sales, options.cart)
    last = sale.attempts[-1] if sale.attempts else None
    if last and last["outcome"] and last["outcome"]["money"] in ("taken", "authorized"):
        text, status = outcome(last["outcome"])
        say(text)
        return status
    if last is None or last["outcome"]:
        # A new attempt to be paid, so a new id. It goes to disk before it goes to the agent.
        number = len(sale.attempts) + 1
        last = {
            "payment": re.sub("[^A-Za-z0-9._-]", "_", f"{options.lane}-{options.cart}-{number}"),
            "body": {"cart": options.cart, "amount": options.amount, "lane": options.lane},
            "outcome": None,
        }
        sale.attempts.append(last)
        sale.save()
    else:
        say(f"Going on with payment {last['payment']}, which was interrupted.")

    try:
        # What the payment will need is made ready. If that cannot be done now, the payment will say so itself.
        agent.ask("PUT", f"/v1/carts/{urllib.parse.quote(options.cart, safe='')}", {"lane": options.lane})
    except (OSError, http.client.HTTPException, ValueError):
        pass
    try:
        answer = follow(agent, last["payment"], last["body"], options.patience)
    except TimeoutError:
        say("NOT KNOWN YET: run this again")
        return 3
    if "state" not in answer:
        say("NOT PAID: " + " ".join(filter(None, [answer["detail"], answer.get("remedy")])))
        sale.attempts.pop()
        sale.save()
        return 1
    # Said first and written down after it: a power cut between the two says it twice, never not at all.
    text, status = outcome(answer)
    say(text)
    last["outcome"] = answer
    sale.save()
    return status


if __name__ == "__main__":
    sys.exit(main())
