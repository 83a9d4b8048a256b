#!/usr/bin/python3
"""A USB bench that is told what to do on a Unix socket, one command a connection; started under umockdev-wrapper.

    bench.py SOCKET
    plug NAME KIND [READER] [SERIAL]  link, keyboard, keypad, ingenico; READER is the host:port of a simulated reader
    unplug NAME                       replug NAME
    gone NAME in|out BYTES            the plug comes out after so many
    short NAME BYTES                  no more than so many bytes a transfer
    stall NAME                        the stream ends with a halted endpoint
    environment                       what a program under test needs
"""

import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fakeusb import KEYBOARD, READER_LINK, SERIAL, Bench  # noqa: E402

KINDS = {
    "link": (0x1209, 0x0001, READER_LINK, {"manufacturer": "Example", "product": "Reader link"}),
    "keyboard": (0x046D, 0xC31C, KEYBOARD, {"manufacturer": "Logitech", "product": "USB Keyboard"}),
    "keypad": (0x0B00, 0x1001, KEYBOARD, {"product": "Macro keypad"}),
    "ingenico": (0x0B00, 0x3070, SERIAL, {"manufacturer": "INGENICO", "product": "iPP370"}),
}


class Orders:
    def __init__(self):
        self.bench = Bench()
        self.made = {}

    def plug(self, name, kind, reader="", serial=""):
        self.made[name] = (kind, reader, serial)
        vendor, product, interfaces, strings = KINDS[kind]
        if serial:
            strings = {**strings, "serial": serial}
        self.bench.plug(name, vendor, product, interfaces, strings, reader=reader if reader not in ("", "0") else None)

    def unplug(self, name):
        self.bench.unplug(name)

    def replug(self, name):
        self.bench.unplug(name)
        self.plug(name, *self.made[name])

    def gone(self, name, direction, count):
        with self.bench.plugged[name].lock:
            self.bench.plugged[name].gone_after = (direction, int(count))

    def short(self, name, count):
        self.bench.plugged[name].short = int(count)

    def stall(self, name):
        device = self.bench.plugged[name]
        with device.lock:
            device.ended = True
        device.serve()

    def environment(self):
        return "\n".join(f"{key}={value}" for key, value in self.bench.environment().items())


def main():
    orders = Orders()
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen()
    while True:
        connection, _ = server.accept()
        with connection:
            words = connection.makefile().readline().split()
            try:
                answer = getattr(orders, words[0])(*words[1:]) or "ok"
            except Exception as problem:
                answer = f"failed: {problem!r}"
            connection.sendall(answer.encode() + b"\n")


if __name__ == "__main__":
    main()
