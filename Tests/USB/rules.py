#!/usr/bin/python3
"""What udev makes of devices by the rules that it reads: `udevadm test` on an emulated bus, with udev's own rules beside ours.

Started by rules.sh. Prints what udevadm says, and before each device a line "== NAME".
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fakeusb import KEYBOARD, READER_LINK, SERIAL, Bench  # noqa: E402

DEVICES = [
    ("reader-link", "1-1", 0x1209, 0x0001, READER_LINK, {"serial": "S1", "manufacturer": "Example"}, False),
    ("keyboard", "1-2", 0x046D, 0xC31C, KEYBOARD, {"manufacturer": "Logitech"}, False),
    ("keypad", "1-3", 0x0B00, 0x1001, KEYBOARD, {"manufacturer": "Stream"}, False),
    ("ingenico-known", "1-4", 0x0B00, 0x3070, SERIAL, {"manufacturer": "INGENICO"}, True),
    ("ingenico-other", "1-5", 0x079B, 0x0FFF, SERIAL, {"manufacturer": "Ingenico Group"}, True),
    ("other-serial", "1-6", 0x0B00, 0x0FFF, SERIAL, {"manufacturer": "Somebody"}, True),
    ("modem", "1-7", 0x12D1, 0x1506, SERIAL, {"manufacturer": "Huawei"}, True),
]


def main():
    bench = Bench()
    paths = []
    for number, (name, port, vendor, product, interfaces, strings, is_serial) in enumerate(DEVICES):
        device = bench.plug(port, vendor, product, interfaces, strings)
        paths.append((name, device.syspath))
        if is_serial:
            paths.append((name + "-tty", bench.bind_serial(port, 0, f"ttyACM{number}")))
    environment = {**os.environ, **bench.environment()}
    status = 0
    for name, path in paths:
        print(f"== {name}", flush=True)
        status |= subprocess.run(["udevadm", "test", "--action=add", path], env=environment, stderr=subprocess.STDOUT).returncode
    bench.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
