#!/usr/bin/python3
"""A USB bench that is told what to do on a Unix socket, one command a connection; started under umockdev-wrapper.

    bench.py SOCKET
    plug NAME KIND [READER] [SERIAL]  link, held, echo, hub, gadget, keyboard, keypad, ingenico, m2; held is a link that USBGuard holds back; READER is the host:port of a simulated reader.
                                      Answers the device's number and the time of the event (monotonic, nanoseconds)
    raw NAME HEX                      a device with these descriptors
    unplug NAME                       replug NAME
    gone NAME in|out BYTES            the plug comes out after so many
    ends NAME BYTES                   the stream ends with a halted endpoint after so many
    short NAME BYTES                  no more than so many bytes a transfer
    set NAME mute|refuses|full|late [off]
                                      control requests are not answered, or stalled; nothing that is sent is taken; the bus hears of a plug that
                                      has come out only when it is told "unplug"
    take NAME                         another program has the interface
    network NAME INTERFACE NETWORK    the kernel makes a network interface of an interface
    state NAME                        what is claimed, streams begun, what the host did wrong
    environment                       what a program under test needs
    quit
"""

import functools
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fakeusb import GADGET, HUB, KEYBOARD, M2, READER_LINK, SERIAL, Bench, EchoLink, ReaderLink, UsbDevice  # noqa: E402

LINK = (0x1209, 0x0001, READER_LINK, {"manufacturer": "Example", "product": "Reader link"})
KINDS = {
    "link": LINK,
    "echo": LINK,
    "held": (*LINK[:3], {**LINK[3], "authorized": "0"}),
    "hub": (0x05E3, 0x0608, HUB, {"product": "USB2.0 Hub"}),
    "gadget": (0x0525, 0xA4A2, GADGET, {"manufacturer": "Linux", "product": "CDC Ethernet Gadget"}),
    "keyboard": (0x046D, 0xC31C, KEYBOARD, {"manufacturer": "Logitech", "product": "USB Keyboard"}),
    "keypad": (0x0B00, 0x1001, KEYBOARD, {"product": "Macro keypad"}),
    "m2": (0x15A2, 0x0101, M2, {"manufacturer": "BBPOS LIMITED"}),
    "ingenico": (0x0B00, 0x3070, SERIAL, {"manufacturer": "INGENICO", "product": "iPP370"}),
}


class Orders:
    def __init__(self):
        self.bench = Bench()
        self.made = {}

    def plug(self, name, kind, reader="-", serial=""):
        self.made[name] = (kind, reader, serial)
        vendor, product, interfaces, strings = KINDS[kind]
        if serial:
            # Stripe's M2 has it in the place of the product's name (stripe-terminal-android#357).
            strings = {**strings, "product" if kind == "m2" else "serial": serial}
        device = UsbDevice
        if kind == "echo":
            device = EchoLink
        elif reader != "-":
            device = functools.partial(ReaderLink, reader=reader)
        at = time.monotonic_ns()
        made = self.bench.plug(name, vendor, product, interfaces, strings, device, device_class=9 if kind == "hub" else 0)
        return f"{made.number} {at}"

    def raw(self, name, text):
        self.bench.plug(name, 0, 0, [], {}, raw=bytes.fromhex(text))

    def unplug(self, name):
        self.bench.unplug(name)

    def replug(self, name):
        self.bench.unplug(name)
        return self.plug(name, *self.made[name])

    def gone(self, name, direction, count):
        with self.bench.plugged[name].lock:
            self.bench.plugged[name].gone_after = (direction, int(count))

    def ends(self, name, count):
        device = self.bench.plugged[name]
        with device.lock:
            device.ends_after = int(count)
        device.serve()

    def short(self, name, count):
        self.bench.plugged[name].short = int(count)

    def set(self, name, fault, off=""):
        setattr(self.bench.plugged[name], fault, not off)

    def take(self, name):
        self.bench.plugged[name].claimed[0] = "another program"

    def network(self, name, interface, network):
        self.bench.bind_network(name, int(interface), network)

    def state(self, name):
        device = self.bench.plugged[name]
        with device.lock:
            return f"claimed {sorted(device.claimed)} begun {device.opened_streams} wrong {sorted(set(device.violations))}"

    def environment(self):
        return "\n".join(f"{key}={value}" for key, value in self.bench.environment().items())

    def quit(self):
        raise SystemExit


def main():
    orders = Orders()
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    try:
        while True:
            connection, _ = server.accept()
            with connection:
                words = connection.makefile().readline().split()
                try:
                    answer = getattr(orders, words[0])(*words[1:]) or "ok"
                except Exception as problem:
                    answer = f"failed: {problem!r}"
                connection.sendall(answer.encode() + b"\n")
    finally:
        orders.bench.close()


if __name__ == "__main__":
    main()
