#!/usr/bin/env python3
"""Holds what is said to monitoring against Debian's own tools: promtool, node_exporter and Prometheus, over two simulated stores on loopback.

Usage: monitoring.py BIN_DIRECTORY
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "packaging/monitoring"
# What node_exporter tells itself, beside the file.
NODE = {"up", "node_exporter_build_info", "node_textfile_mtime_seconds", "node_filesystem_avail_bytes"}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def wait_for(what, condition, limit=60):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"{what}: not within {limit} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(address):
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return ""


class Store:
    """A simulated store with its agent, and what writes its numbers for its node_exporter."""

    def __init__(self, name, programs, directory, started):
        self.name = name
        self.here = directory / name
        self.here.mkdir()
        self.programs = programs
        self.textfiles = self.here / "textfiles"
        self.textfiles.mkdir()
        self.log = self.here / "readersim.log"
        started.append(subprocess.Popen(
            [programs / "readersim", "run", "--directory", self.here / "shop", "--port", "0", "--card-after", "20", "--issuer-after", "20"],
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT))
        wait_for(f"the store {name}", lambda: b"\nready" in self.log.read_bytes())
        self.daemon = subprocess.Popen(
            [programs / "readerd", "--config", self.here / "shop/readerd.toml"], stdout=(self.here / "readerd.log").open("wb"), stderr=subprocess.STDOUT)
        started.append(self.daemon)
        wait_for(f"the agent of {name}", lambda: self.ctl("version").returncode == 0)
        # The script that the timer runs, with the agent that it asks: whether that answers is told here.
        tools = self.here / "tools"
        tools.mkdir()
        (tools / "readerctl").write_text(f"#!/bin/sh\ntest ! -e {self.here}/stopped || exit 1\nexec {programs}/readerctl --socket {self.here}/shop/checkout.sock \"$@\"\n")
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self.path = f"{tools}:/usr/bin:/bin"
        self.port = free_port()
        started.append(subprocess.Popen(
            ["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile", "--collector.filesystem",
             f"--collector.textfile.directory={self.textfiles}", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=(self.here / "node.log").open("wb"), stderr=subprocess.STDOUT))
        wait_for(f"node_exporter of {name}", self.scraped)

    def ctl(self, *arguments):
        return run(self.programs / "readerctl", "--socket", self.here / "shop/checkout.sock", *arguments)

    def write(self):
        return run(ROOT / "packaging/systemd/write-metrics", str(self.textfiles), env={"PATH": self.path, "HOME": "/"}).returncode

    @property
    def file(self):
        return self.textfiles / "readerd.prom"

    def scraped(self):
        return fetch(f"http://127.0.0.1:{self.port}/metrics")


def lines(text, name):
    return [line for line in text.splitlines() if re.match(re.escape(name) + r"[ {]", line)]


def told_names(text):
    return set(re.findall(r"^(?:# TYPE )?([a-z_]+)[ {]", text, flags=re.M))


def used_names(expressions):
    words = set()
    for expression in expressions:
        bare = re.sub(r'"[^"]*"', "", expression)
        words |= set(re.findall(r"\b((?:readerd|node|process)_[a-z_]+|up)\b", bare))
    return words


def prometheus(directory, stores, started):
    """Prometheus with the settings that are shown, but for the addresses and the pace."""
    text = (MONITORING / "prometheus.yml").read_text().replace("30s", "1s").replace("readerd-alerts.yml", str(MONITORING / "readerd-alerts.yml"))
    for index, store in enumerate(stores, 1):
        text = text.replace(f"store-{index}.example.net:9100", f"127.0.0.1:{store.port}")
    settings = directory / "prometheus.yml"
    settings.write_text(text)
    port = free_port()
    started.append(subprocess.Popen(
        ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={directory}/tsdb", f"--web.listen-address=127.0.0.1:{port}"],
        stdout=(directory / "prometheus.log").open("wb"), stderr=subprocess.STDOUT))

    def ask(route, **parameters):
        answer = fetch(f"http://127.0.0.1:{port}/api/v1/{route}?{urllib.parse.urlencode(parameters)}")
        return json.loads(answer)["data"] if answer else {}

    return ask


def main():
    programs = Path(sys.argv[1]).resolve()
    results = []

    def result(name, passed, detail=""):
        results.append(bool(passed))
        print(f"{'ok  ' if passed else 'FAIL'} {name}{': ' + detail.strip()[-1500:] if detail and not passed else ''}", flush=True)

    checked = run("promtool", "check", "rules", MONITORING / "readerd-alerts.yml")
    result("promtool accepts the alert rules", checked.returncode == 0, checked.stdout + checked.stderr)
    tested = run("promtool", "test", "rules", ROOT / "Tests/Package/alerts-test.yml")
    result("each alert fires when it should and not before", tested.returncode == 0, tested.stdout + tested.stderr)
    checked = run("promtool", "check", "config", MONITORING / "prometheus.yml")
    result("promtool accepts the settings that are shown", checked.returncode == 0, checked.stdout + checked.stderr)

    with tempfile.TemporaryDirectory(prefix="readerd-monitoring-") as directory:
        here = Path(directory)
        started = []
        try:
            stores = [Store(name, programs, here, started) for name in ("one", "two")]
            one = stores[0]
            paid = one.ctl("pay", "--cart", "1", "--amount", "12.00", "--lane", "till-1")
            result("a payment is taken", paid.returncode == 0, paid.stdout + paid.stderr)

            plain = one.ctl("metrics").stdout
            linted = run("promtool", "check", "metrics", input=plain)
            result("promtool finds nothing in readerctl metrics", linted.returncode == 0 and not linted.stdout + linted.stderr, linted.stdout + linted.stderr)
            result("OpenMetrics is there for those who want it", one.ctl("metrics", "--openmetrics").stdout.endswith("# EOF\n"))

            # Where no network is searched, the first cart of a store tells where its reader is.
            for store in stores:
                opened = store.ctl("carts", "open", "2", "--lane", "till-1")
                result(f"{store.name} opens a cart", opened.returncode == 0, opened.stdout + opened.stderr)
                wait_for(f"{store.name} can take payments", lambda: "\nreaderd_can_take_payments 1\n" in store.ctl("metrics").stdout)
            result("the timer's script writes the file", one.write() == 0 and stores[1].write() == 0 and one.file.exists())
            text = one.scraped()
            result("node_exporter takes the file", lines(text, "node_textfile_scrape_error") == ["node_textfile_scrape_error 0"],
                   (one.here / "node.log").read_text())
            result("the numbers are there, and node_exporter's own beside them",
                   'readerd_payments_ended_total{outcome="succeeded"} 1' in text and lines(text, "process_open_fds") and lines(text, "readerd_process_open_fds"))

            before = one.file.read_bytes()
            os.symlink("/dev/full", one.textfiles / "readerd.prom.new")
            result("a full disk leaves the old file", one.write() != 0 and one.file.read_bytes() == before and sorted(path.name for path in one.textfiles.iterdir()) == ["readerd.prom"])

            names = told_names(text) | told_names(plain) | NODE
            rules = re.findall(r"expr: (.+)", (MONITORING / "readerd-alerts.yml").read_text())
            dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
            panels = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
            unknown = used_names(rules + panels) - names
            result("rules and dashboard ask only for what is told", panels and not unknown, ", ".join(sorted(unknown)))

            ask = prometheus(here, stores, started)
            seen = wait_for("Prometheus has both stores", lambda: (lambda found: found if len(found) == 2 else None)(
                ask("query", query="readerd_can_take_payments == 1").get("result", [])))
            result("Prometheus tells both stores apart", {entry["metric"]["store"] for entry in seen} == {"High Street", "Harbour"})
            broken = [expression for expression in panels if not isinstance(
                ask("query", query=expression.replace("$store", ".*")).get("result"), list)]
            result("every panel's question is one that Prometheus understands", not broken, "; ".join(broken))

            one.daemon.send_signal(signal.SIGTERM)
            one.daemon.wait(60)
            (one.here / "stopped").touch()
            result("the file of an agent that does not answer goes", one.write() != 0 and not one.file.exists())
            alerting = wait_for("the alert", lambda: [entry for entry in ask("alerts").get("alerts", []) if entry["labels"]["alertname"] == "ReaderdAway"])
            result("the alert names the store whose agent is away, and no other", [entry["labels"]["store"] for entry in alerting] == ["High Street"])
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
    for tool in ("promtool", "prometheus", "prometheus-node-exporter"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is missing: run it by make monitoring, which fetches it")
    sys.exit(main())
