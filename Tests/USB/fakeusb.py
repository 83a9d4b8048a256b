#!/usr/bin/python3
"""USB devices for the real libusb, without a kernel: sysfs and usbfs as umockdev serves them.

A program under test that runs with LD_PRELOAD=libumockdev-preload.so.0 and UMOCKDEV_DIR finds these devices through its own libusb. Needs Debian's
python3-gi, gir1.2-umockdev-1.0 and umockdev, and x86-64 or arm64 (the layout of struct usbdevfs_urb).
"""

import errno
import os
import socket
import struct
import sys
import termios
import threading
import tty

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import GLib, UMockdev  # noqa: E402

# linux/usbdevice_fs.h
SUBMITURB, DISCARDURB, REAPURB, REAPURBNDELAY = 0x8038550A, 0x550B, 0x4008550C, 0x4008550D
SETINTERFACE, CLAIM, RELEASE, CLEAR_HALT = 0x80085504, 0x8004550F, 0x80045510, 0x80045515
GETDRIVER, GET_CAPABILITIES, GET_SPEED = 0x41045508, 0x8004551A, 0x551F
CAPABILITIES = 1 | 2 | 4 | 8 | 16  # zero packets, bulk continuation, no size limit, scatter-gather, reap after disconnect
URB_CONTROL = 2
ZERO_PACKET = 0x40
URB = struct.Struct("<BBxxiI4xQiiiiiIQ")
PACKET = 512


class Urb:
    __slots__ = ("address", "block", "buffer", "endpoint", "length")


class UsbDevice(UMockdev.IoctlBase):
    """usbfs of one device. umockdev calls `do_handle_ioctl` on a thread of its own; all state is under `lock`."""

    def __init__(self, testbed, node):
        super().__init__()
        self.testbed, self.node = testbed, node
        self.lock = threading.RLock()
        self.pending, self.done = [], []
        # Interface: who has it. umockdev tells nobody when a program closes the node, so what a killed program had stays claimed until the next plug.
        self.claimed = {}
        self.halted = set()
        self.gone = False
        self.opened_streams = 0
        self.mute = False  # control requests are not answered
        self.refuses = False  # control requests are stalled
        self.full = False  # nothing is taken
        # libusb polls the node for POLLOUT. The node is a terminal whose output is stopped while there is nothing to reap; closing its other end is
        # the unplug (POLLERR | POLLHUP), as usbfs does it.
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        termios.tcflow(self.slave, termios.TCOOFF)
        self.flows = False
        path = testbed.get_root_dir() + node
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(os.ttyname(self.slave), path)

    # What the device does; a subclass says it.
    def on_begin(self): pass

    def on_out(self, data, has_end): pass

    def take_in(self, length):
        """Bytes for the host, b"" for an empty packet, None for nothing yet; raises OSError for a transfer that fails."""
        return None

    # ---- usbfs
    def _flow(self):
        want = bool(self.done)
        if not self.gone and want != self.flows:
            termios.tcflow(self.slave, termios.TCOON if want else termios.TCOOFF)
            self.flows = want

    def _finish(self, urb, status, data=b"", actual=None):
        if urb.buffer is not None and data:
            urb.buffer.update(0, bytes(data))
        urb.block.update(4, struct.pack("<i", status))
        urb.block.update(28, struct.pack("<i", len(data) if actual is None else actual))
        self.done.append(urb)
        self._flow()

    def serve(self):
        """Gives waiting IN transfers what the device has."""
        with self.lock:
            for urb in [u for u in self.pending if u.endpoint & 0x80]:
                # The plug may come out with the transfer before.
                if self.gone:
                    return
                self.pending.remove(urb)
                try:
                    data = self.take_in(urb.length)
                except OSError as error:
                    self._finish(urb, -error.errno)
                    continue
                if data is None:
                    self.pending.insert(0, urb)
                    return
                self._finish(urb, 0, data)

    def unplug(self):
        with self.lock:
            if self.gone:
                return
            for urb in self.pending:
                self._finish(urb, -errno.ESHUTDOWN)
            self.pending.clear()
            self.gone = True
            os.close(self.master)
            os.close(self.slave)

    def do_handle_ioctl(self, client):
        try:
            with self.lock:
                result, error = self._ioctl(client, client.get_request() & 0xFFFFFFFF, client.get_arg())
        except GLib.Error:  # the program has been killed
            return True
        except Exception as problem:  # without an answer the program would hang
            print("fakeusb:", repr(problem), file=sys.stderr, flush=True)
            result, error = -1, errno.EIO
        client.complete(result, error)
        return True

    def _ioctl(self, client, request, argument):
        if self.gone and request not in (REAPURB, REAPURBNDELAY, DISCARDURB, RELEASE):
            return -1, errno.ENODEV
        if request == GET_CAPABILITIES:
            argument.resolve(0, 4).update(0, struct.pack("<I", CAPABILITIES))
            return 0, 0
        if request == GET_SPEED:
            return 3, 0
        if request == GETDRIVER:
            return -1, errno.ENODATA
        if request == CLAIM:
            (number,) = struct.unpack("<I", bytes(argument.resolve(0, 4).retrieve()))
            if number in self.claimed:
                return -1, errno.EBUSY
            self.claimed[number] = client
            return 0, 0
        if request == RELEASE:
            (number,) = struct.unpack("<I", bytes(argument.resolve(0, 4).retrieve()))
            self.claimed.pop(number, None)
            return 0, 0
        if request == SETINTERFACE:
            self._begin()
            return 0, 0
        if request == CLEAR_HALT:
            (endpoint,) = struct.unpack("<I", bytes(argument.resolve(0, 4).retrieve()))
            self.halted.discard(endpoint)
            return 0, 0
        if request == SUBMITURB:
            return self._submit(argument)
        if request == DISCARDURB:
            (address,) = struct.unpack("<Q", bytes(argument.retrieve()))
            for urb in self.pending:
                if urb.address == address:
                    self.pending.remove(urb)
                    self._finish(urb, -errno.ENOENT)
                    return 0, 0
            return -1, errno.EINVAL
        if request in (REAPURB, REAPURBNDELAY):
            if not self.done:
                return -1, errno.ENODEV if self.gone else errno.EAGAIN
            argument.resolve(0, 8).set_ptr(0, self.done.pop(0).block)
            self._flow()
            return 0, 0
        return -1, errno.ENOTTY

    def _begin(self):
        self.halted.clear()
        self.opened_streams += 1
        self.on_begin()

    def _control(self, urb):
        kind, request, value, index, length = struct.unpack("<BBHHH", bytes(urb.buffer.retrieve())[:8])
        if (kind, request) == (0x01, 0x0B) and self.mute:
            self.pending.append(urb)
        elif (kind, request, value, length) == (0x01, 0x0B, 0, 0) and index in self.claimed and not self.refuses:
            self._begin()
            self._finish(urb, 0)
        else:
            self._finish(urb, -errno.EPIPE)

    def _submit(self, argument):
        urb = Urb()
        urb.address = struct.unpack("<Q", bytes(argument.retrieve()))[0]
        urb.block = argument.resolve(0, URB.size)
        fields = URB.unpack(bytes(urb.block.retrieve()))
        kind, urb.endpoint, urb.length = fields[0], fields[1], fields[5]
        urb.buffer = urb.block.resolve(16, urb.length) if urb.length else None
        if kind == URB_CONTROL:
            self._control(urb)
        elif urb.endpoint in self.halted:
            self._finish(urb, -errno.EPIPE)
        elif urb.endpoint & 0x80:
            self.pending.append(urb)
            self.serve()
        elif self.full:
            self.pending.append(urb)
        else:
            data = bytes(urb.buffer.retrieve()) if urb.buffer is not None else b""
            self._finish(urb, 0, actual=urb.length)
            self.on_out(data, bool(fields[3] & ZERO_PACKET))
        return 0, 0


class StreamDevice(UsbDevice):
    """A reader link: a stream of bytes over a bulk pair. Faults are armed from outside."""

    def __init__(self, testbed, node):
        super().__init__(testbed, node)
        self.waiting = bytearray()
        self.ended = False
        self.short = None  # give at most so many bytes a transfer
        self.gone_after = None  # (direction, bytes): the plug comes out after so many
        self.late = False  # the bus is not told of it before somebody unplugs the device
        self.ends_after = None  # the stream ends after so many bytes to the host
        self.on_gone = None
        self.violations = []

    def on_begin(self):
        self.waiting.clear()
        self.ended = False

    def deliver(self, data):
        """Bytes for the host."""
        with self.lock:
            self.waiting += data
        self.serve()

    def end(self):
        """The stream ends once the host has what waits for it."""
        with self.lock:
            self.ended = True
        self.serve()

    def on_stream(self, data): pass

    def on_out(self, data, has_end):
        # Without an empty packet a transfer of whole packets has no end for a device that sees packets.
        if len(data) % PACKET == 0 and not has_end:
            self.violations.append(f"{len(data)} bytes without an end")
        if not self._counts("out", len(data)):
            self.on_stream(data)

    def take_in(self, length):
        if length % PACKET:
            self.violations.append(f"a read of {length} bytes, which can cut a packet off")
        if self.waiting and self.ends_after != 0:
            size = min(length, len(self.waiting), self.short or length, self.ends_after or length)
            data = bytes(self.waiting[:size])
            del self.waiting[:size]
            if self.ends_after is not None:
                self.ends_after -= size
            self._counts("in", size)
            return data
        if self.ended or self.ends_after == 0:
            self.ends_after = None
            self.waiting.clear()
            self.ended = True
            self.halted.add(0x81)
            raise OSError(errno.EPIPE, "ended")
        return None

    def _counts(self, direction, size):
        if self.gone_after is None or self.gone_after[0] != direction:
            return False
        self.gone_after = (direction, self.gone_after[1] - size)
        if self.gone_after[1] > 0:
            return False
        self.gone_after = None
        # Now, and not when the bus hears of it: what is sent to a device between the two must not be taken as if nothing had been lost.
        self.unplug()
        if not self.late:
            threading.Thread(target=self.on_gone, daemon=True).start()
        return True


class EchoLink(StreamDevice):
    """Gives back what it is sent."""

    def on_stream(self, data):
        self.deliver(data)


class ReaderLink(StreamDevice):
    """Its stream goes to an address ("host:port"), where a simulated reader speaks TLS."""

    def __init__(self, testbed, node, reader):
        super().__init__(testbed, node)
        host, port = reader.split(":")
        self.reader = (host, int(port))
        self.connection = None

    def on_begin(self):
        self._hang_up()
        super().on_begin()

    def _connect(self):
        connection = socket.create_connection(self.reader, timeout=5)
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _hang_up(self):
        if self.connection is not None:
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other end was first
            self.connection.close()
            self.connection = None

    def _receive(self, connection):
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            with self.lock:
                if connection is not self.connection:
                    return
                self.waiting += data
                self.ended = not data
            self.serve()
            if not data:
                return

    def on_stream(self, data):
        try:
            if self.connection is None:
                self._connect()
            self.connection.sendall(data)
        except OSError:
            self.end()

    def unplug(self):
        super().unplug()
        with self.lock:
            self._hang_up()


def configuration(interfaces):
    """A configuration descriptor of (number, alternate, class, sub-class, protocol, [(address, attributes, size)])."""
    body = b""
    for number, alternate, *codes, endpoints in interfaces:
        body += struct.pack("<9B", 9, 4, number, alternate, len(endpoints), *codes, 0)
        for address, attributes, size in endpoints:
            body += struct.pack("<BBBBHB", 7, 5, address, attributes, size, 0)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), len({i[0] for i in interfaces}), 1, 0, 0x80, 50) + body


def descriptors(vendor, product, interfaces, device_class=0):
    device = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, device_class, 0, 0, 64, vendor, product, 0x0100, 1, 2, 3, 1)
    return device + configuration(interfaces)


HUB = [(0, 0, 9, 0, 0, [(0x81, 3, 4)])]
GADGET = [(0, 0, 0x02, 0x06, 0, [(0x82, 3, 16)]), (1, 0, 0x0A, 0, 0, [(0x81, 2, PACKET), (0x01, 2, PACKET)])]
READER_LINK = [(0, 0, 0xFF, 0x52, 0x01, [(0x81, 2, PACKET), (0x01, 2, PACKET)])]
M2 = [(0, 0, 0x03, 0, 0, [(0x81, 3, 8), (0x01, 3, 8)])]
KEYBOARD = [(0, 0, 0x03, 0x01, 0x01, [(0x81, 3, 8)])]
SERIAL = [(0, 0, 0x02, 0x02, 0x01, [(0x83, 3, 16)]), (1, 0, 0x0A, 0, 0, [(0x81, 2, PACKET), (0x01, 2, PACKET)])]


class Bench:
    """One root hub, and what is plugged into it."""

    def __init__(self):
        self.testbed = UMockdev.Testbed.new()
        self.lock = threading.RLock()
        self.next_number = 2
        self.plugged = {}
        hub = struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 9, 0, 1, 64, 0x1D6B, 2, 0x0515, 3, 2, 1, 1)
        hub += configuration(HUB)
        self._add("usb1", 1, hub, 0x1D6B, 2, {}, "N: bus/usb/001/001\n", "0")

    def environment(self):
        return {"UMOCKDEV_DIR": self.testbed.get_root_dir(), "LD_PRELOAD": "libumockdev-preload.so.0"}

    def _path(self, name):
        base = "/devices/pci0000:00/0000:00:14.0/usb1"
        if name == "usb1":
            return base
        parts = name.split("-")[1].split(".")
        return base + "".join("/1-" + ".".join(parts[: i + 1]) for i in range(len(parts)))

    def _add(self, name, number, raw, vendor, product, strings, node, devpath):
        text = (
            f"P: {self._path(name)}\n{node}E: DEVNAME=/dev/bus/usb/001/{number:03d}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
            f"E: BUSNUM=001\nE: DEVNUM={number:03d}\nE: MAJOR=189\nE: MINOR={number - 1}\nE: PRODUCT={vendor:x}/{product:x}/100\n"
            f"A: busnum=1\\n\nA: devnum={number}\\n\nA: devpath={devpath}\\n\nA: idVendor={vendor:04x}\\n\n"
            f"A: idProduct={product:04x}\\n\nA: speed=480\\n\nA: bConfigurationValue=1\\n\nA: bNumConfigurations=1\\n\n"
            + "".join(f"A: {key}={value}\\n\n" for key, value in strings.items())
            + f"H: descriptors={raw.hex().upper()}\n"
        )
        self.testbed.add_from_string(text)
        return "/sys" + self._path(name)

    def plug(self, name, vendor, product, interfaces, strings, device=UsbDevice, raw=None, device_class=0):
        """The node comes first, then the device: adding it sends the event."""
        with self.lock:
            # A plug that has come out by itself may not be out altogether yet.
            self.unplug(name)
            return self._plug(name, vendor, product, interfaces, strings, device, raw, device_class)

    def _plug(self, name, vendor, product, interfaces, strings, device, raw, device_class):
        number, self.next_number = self.next_number, self.next_number % 127 + 1
        if self.next_number == 1:
            self.next_number = 2
        node = f"/dev/bus/usb/001/{number:03d}"
        made = device(self.testbed, node)
        made.on_gone = lambda: self.unplug(name)
        made.number, made.parts = number, []
        self.testbed.attach_ioctl(node, made)
        self.plugged[name] = made
        raw = raw if raw is not None else descriptors(vendor, product, interfaces, device_class)
        made.syspath = self._add(name, number, raw, vendor, product, strings, "", name.split("-")[1])
        return made

    def bind_serial(self, name, interface, tty):
        """What the kernel's driver makes of a CDC-ACM device."""
        path = f"{self._path(name)}/{name}:1.{interface}"
        self.testbed.add_from_string(
            f"P: {path}\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\nE: DRIVER=cdc_acm\nA: bInterfaceNumber={interface:02d}\\n\n")
        self.testbed.add_from_string(f"P: {path}/tty/{tty}\nE: SUBSYSTEM=tty\nE: DEVNAME=/dev/{tty}\nE: MAJOR=166\nE: MINOR={tty[-1]}\n")
        self.plugged[name].parts += [f"/sys{path}/tty/{tty}", f"/sys{path}"]
        return f"/sys{path}/tty/{tty}"

    def bind_network(self, name, interface, network):
        """What the kernel's driver makes of a network gadget, a moment after the plug."""
        path = f"{self._path(name)}/{name}:1.{interface}"
        self.testbed.add_from_string(
            f"P: {path}\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\nE: DRIVER=cdc_ether\nA: bInterfaceNumber={interface:02d}\\n\n")
        self.testbed.add_from_string(f"P: {path}/net/{network}\nE: SUBSYSTEM=net\nE: INTERFACE={network}\nA: ifindex=7\\n\n")
        self.plugged[name].parts += [f"/sys{path}/net/{network}", f"/sys{path}"]

    def unplug(self, name):
        with self.lock:
            self._unplug(name)

    def close(self):
        """Pulls everything out; the testbed then removes its files as it ends."""
        for name in sorted(self.plugged, reverse=True):
            self.unplug(name)

    def _unplug(self, name):
        device = self.plugged.pop(name, None)
        if device is None:
            return
        device.unplug()
        for path in device.parts + [device.syspath]:
            self.testbed.uevent(path, "remove")
            self.testbed.remove_device(path)
        self.testbed.detach_ioctl(device.node)
        path = self.testbed.get_root_dir() + device.node
        if os.path.lexists(path):
            os.unlink(path)
