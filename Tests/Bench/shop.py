"""A simulated store and an agent of a release build in it, for what bench.py measures."""

import base64
import http.client
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PATIENCE_S = 120


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Agent(UnixConnection):
    """One kept connection to the agent, as a till has it."""

    def ask(self, method, route, body=None):
        data = None if body is None else json.dumps(body)
        self.request(method, route, data, {"Content-Type": "application/json"} if data else {})
        answer = self.getresponse()
        told = json.loads(answer.read() or b"null")
        if answer.status >= 400:
            raise SystemExit(f"{method} {route}: {answer.status} {told}")
        return told


class Events(threading.Thread):
    """The agent's stream of events, each with the moment at which it came."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(path)
        self.sock.sendall(b"GET /v1/events?topics=payments HTTP/1.1\r\nHost: x\r\n\r\n")
        self.lines = self.sock.makefile("rb")
        self.seen, self.news = {}, threading.Condition()
        while self.lines.readline() not in (b"\r\n", b""):
            pass
        self.start()

    def run(self):
        for line in self.lines:
            now = time.perf_counter()
            if not line.startswith(b"{"):
                continue
            payment = json.loads(line).get("payment")
            if payment:
                with self.news:
                    self.seen.setdefault((payment["id"], payment["state"]), now)
                    self.news.notify_all()

    def when(self, payment, state):
        """The moment at which a payment was seen in this state."""
        with self.news:
            if not self.news.wait_for(lambda: (payment, state) in self.seen, PATIENCE_S):
                raise SystemExit(f"{payment} was never seen {state}: {self.seen}")
            return self.seen[payment, state]


def processor(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Shop:
    """The store's and the agent's processes. Times are milliseconds."""

    def __init__(self, readerd, readersim, readers=1, card=0, issuer=0, order=0, settings=()):
        self.readerd, self.readersim = readerd, readersim
        self.directory = tempfile.TemporaryDirectory(prefix="readerd-bench-")
        self.here = Path(self.directory.name)
        self.path = str(self.here / "checkout.sock")
        self.settings = [word for setting in settings for word in ("--set", setting)]
        self.card, self.order_after = card, order
        self.daemon = None
        log = (self.here / "store.log").open("wb")
        self.store = subprocess.Popen(
            [readersim, "run", "--directory", self.here, "--readers", str(readers), "--port", "0", "--card-after", str(card),
             "--issuer-after", str(issuer), "--order-after", str(order), "--lanes", *[f"till-{number + 1}" for number in range(readers)]],
            stdout=log, stderr=log)
        self.wait("the simulated store's opening", lambda: b"ready" in (self.here / "store.log").read_bytes(), self.store)
        self.facts = json.loads((self.here / "store.json").read_text())
        self.control = self.facts["control_url"].split("//")[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.daemon, self.store):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.directory.cleanup()

    @staticmethod
    def wait(what, condition, process, limit=60):
        end = time.monotonic() + limit
        while not condition():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{what} did not happen; the program's end: {process.poll()}")
            time.sleep(0.01)

    def start(self):
        """Starts the agent. Returns the milliseconds until it listened."""
        began = time.perf_counter()
        log = (self.here / "readerd.log").open("ab")
        self.daemon = subprocess.Popen([self.readerd, "--config", self.here / "readerd.toml", *self.settings], stdout=log, stderr=log)
        while True:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                try:
                    probe.connect(self.path)
                    return (time.perf_counter() - began) * 1000
                except OSError:
                    if self.daemon.poll() is not None or time.perf_counter() - began > 20:
                        raise SystemExit(f"readerd did not start: {self.daemon.poll()}; {(self.here / 'readerd.log').read_text()[-2000:]}")
            time.sleep(0.0005)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(30)

    def agent(self):
        return Agent(self.path)

    def connected(self, carts=()):
        """Waits until every lane's reader has a session, which the carts bring about."""
        agent = self.agent()
        for number, cart in enumerate(carts):
            agent.ask("PUT", f"/v1/carts/{cart}", {"lane": f"till-{number + 1}"})
        self.wait("the readers' sessions",
                  lambda: all(reader["state"] == "ready" for reader in agent.ask("GET", "/v1/readers")["readers"]), self.daemon)
        for cart in carts:
            self.wait("the cart's warming", lambda: all(
                value for name, value in agent.ask("PUT", f"/v1/carts/{cart}", {})["warm"].items() if name != "currency"), self.daemon)
        agent.close()

    def tell(self, route, body=None):
        """Asks the store's control route."""
        connection = http.client.HTTPConnection(self.control, timeout=PATIENCE_S)
        connection.request("GET" if body is None else "POST", f"/control/{route}", None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"the store's {route}: {answer.status} {told[:300]}")
        return json.loads(told or b"null")

    def distance(self, backend=80, stripe=80, lan=5):
        """Half of each before the call is handled, half after."""
        for host, milliseconds in (("backend", backend), ("stripe", stripe), ("reader", lan)):
            self.tell("fault", {"call": f"{host}.*", "times": None, "effect": {"kind": "round_trip", "milliseconds": milliseconds}})

    def script(self, reader=None, times=1, **what):
        self.tell("script", {"times": times, "reader": reader, **what})

    def ledger(self):
        return self.tell("ledger")

    def memory(self):
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines())
        return {name: int(fields[name].split()[0]) / 1024 for name in ("RssAnon", "VmRSS")}

    def processor(self):
        """Seconds of processor time that the agent has used."""
        return processor(self.daemon.pid)

    def processors(self):
        """The same of all that share the processors: the agent, the simulated store, and this program with its tills."""
        return {"agent": self.processor(), "store": processor(self.store.pid), "tills": time.process_time()}


class Direct:
    """The store's hosts by themselves, as Stripe's SDK and a careful program ask them: one call after the other on kept connections."""

    def __init__(self, shop):
        self.shop = shop
        self.context = ssl.create_default_context(cafile=str(shop.here / "ca.pem"))
        self.token = (shop.here / "backend-token").read_text().strip()
        self.connections = {}

    def _ask(self, address, port, host, method, route, body, fields):
        key = (address, port)
        if key not in self.connections:
            raw = socket.create_connection((address, port), PATIENCE_S)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
            connection.sock = self.context.wrap_socket(raw, server_hostname=host)
            self.connections[key] = connection
        connection = self.connections[key]
        connection.request(method, route, None if body is None else json.dumps(body), {"Content-Type": "application/json", **fields})
        answer = connection.getresponse()
        told = json.loads(answer.read() or b"null")
        if answer.status >= 300:
            raise SystemExit(f"{host}{route}: {answer.status} {told}")
        return told

    def backend(self, call, **body):
        port = int(self.shop.facts["backend_url"].rsplit(":", 1)[1])
        return self._ask("127.0.0.1", port, "localhost", "POST", f"/api/stripe/v1/{call}/", body, {"Authorization": f"Bearer {self.token}"})

    def stripe(self, route, bearer):
        port = int(self.shop.facts["stripe_url"].rsplit(":", 1)[1])
        return self._ask("127.0.0.1", port, "localhost", "GET", route, None, {"Authorization": f"Bearer {bearer}"})

    def reader(self, method, message, session=""):
        reader = self.shop.facts["readers"][0]
        envelope = {
            "id": time.time_ns() // 1_000_000, "service": "JackRabbitService", "method": method,
            "content": base64.b64encode(json.dumps(message).encode()).decode(), "session_token": session, "request_type": "STANDARD",
            "parent_trace_id": f"{method}!1", "version_info": {"client_type": "JS_SDK", "client_version": "1.0.0"},
            "device_info": {
                "device_class": "POS", "device_uuid": "pos-bench", "host_os_version": "Linux",
                "hardware_model": {"pos_info": {"description": "Linux:bench"}}, "app_model": {"app_id": "bench", "app_version": "1.0"}}}
        told = self._ask(reader["address"], reader["port"], reader["host"], "POST", "/protojsonservice/JackRabbitService", envelope, {})
        if told.get("app_error_code", "OK") != "OK" or told.get("rpc_error_code", "RPC_OK") != "RPC_OK":
            raise SystemExit(f"{method}: {told}")
        return json.loads(base64.b64decode(told.get("content", "")) or b"{}")

    def connect(self, cart):
        """Token, list, activation: a session of the reader."""
        token = self.backend("connection_token", cart=cart)["stripe_connection_token"]
        self.stripe("/v1/terminal/readers?limit=100", token)
        return self.reader("activateTerminal", {
            "pos_activation_token": token, "pos_device_id": "pos-bench", "store_name": "empty",
            "pos_software_info": {"pos_type": "bench", "sdk_version": "1.0.0"}, "fail_if_in_use": True})["session_token"]

    def prompt(self, cart, session):
        """Intent, its reading, display, collect: the reader asks for the card."""
        made = self.backend("payment_intent", cart=cart, amount="12.00", payment_type="terminal")
        name, secret = made["stripe_payment_intent_id"], made["client_secret"]
        self.stripe(f"/v1/payment_intents/{name}?client_secret={secret}", made["stripe_publishable_api_key"])
        context = {"terminal_id": "pos-bench", "operator_id": "pos-bench", "start_time": 1_716_800_000_000, "transaction_id": cart}
        self.reader("setReaderDisplay", {"transaction_context": context, "type": "cart", "cart": {
            "line_items": [{"description": "Tea", "quantity": 1, "amount": 1200}], "tax": 0, "total": 1200, "currency": "usd"}}, session)
        self.reader("collectPaymentMethod", {"transaction_context": context, "charge_amount": {
            "charge_amount": 1200, "tip_amount": 0, "cashback_amount": 0, "currency": "usd"}}, session)
        return name, context

    def finish(self, cart, session, name, context):
        """Query every 400 ms, confirm, status every second: the order is there."""
        while not self.reader("queryPaymentMethod", {"transaction_context": context}, session).get("payment_method"):
            time.sleep(0.4)
        self.reader("confirmPayment", {"transaction_context": context, "payment_intent_id": name, "payment_method": {}}, session)
        while self.backend("payment_status", cart=cart)["status"] != "Submitted":
            time.sleep(1)
