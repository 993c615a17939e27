"""Starts the release `tally` on a free port with a folder of its own, and speaks to it."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TALLY_BINARY", ROOT / ".build/release/tally"))
START_SECONDS = 30
STOP_SECONDS = 30
ANSWER_SECONDS = 30


def run_tally(*arguments, seconds=60, cwd=None):
    """Runs a command to its end; gives its exit code and what it wrote."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=seconds, cwd=cwd,
        stdin=subprocess.DEVNULL, check=False)


class NotStarted(AssertionError):
    """The server ended before it listened, with this code; None when it did neither in time."""

    def __init__(self, code, errors):
        super().__init__(f"tally serve did not start, exit code {code}: {''.join(errors)}")
        self.code = code


class Server:
    """A `tally serve` on a data folder.

    `before` is the command that becomes the server, such as a tracer with its options;
    `environment` is added to ours.
    """

    def __init__(self, folder, *options, before=(), environment=None):
        self.folder = folder
        self.errors = []
        self.process = subprocess.Popen(
            [*before, BINARY, "serve", "--data", folder, "--listen", "127.0.0.1:0",
             "--rate-limit", "off", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, env={**os.environ, **(environment or {})})
        self._listening = threading.Event()
        self.address = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(START_SECONDS) or self.address is None:
            code = self._exit_code(2)
            self.kill()
            raise NotStarted(code, self.errors)

    def _exit_code(self, seconds):
        """The exit code once the process has ended; None when it does not in time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _read(self):
        for line in self.process.stderr:
            self.errors.append(line)
            found = re.search(r"listening on http://([\d.]+):(\d+)", line)
            if found:
                self.address = (found[1], int(found[2]))
                self._listening.set()
        self._listening.set()

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def make_key(self, role="operator"):
        """A new key of an operator or a service."""
        done = run_tally("admin", "key", "create", "--role", role, "--data", self.folder)
        if done.returncode != 0:
            raise AssertionError(f"no key was made: {done.stderr}")
        return done.stdout.strip()

    def ask_to_stop(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        """The exit code; a server that does not end in time is killed."""
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"tally serve took over {STOP_SECONDS} s to stop") from None
        self._close()
        return code

    def stop(self):
        self.ask_to_stop()
        return self.wait()

    def kill(self):
        """Ends the process as a crash would: it gets no chance to do anything."""
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self._reader.join()
        self.process.stderr.close()


class Answer:
    """A status, fields and a body, which is JSON unless it is something else."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = {name.lower(): value for name, value in fields}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body, parse_float=Decimal, parse_int=Decimal)

    @property
    def was_replayed(self):
        return self.fields.get("idempotent-replayed") == "true"

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Client:
    """One connection to a server; belongs to one thread."""

    def __init__(self, server, key):
        self.connection = http.client.HTTPConnection(*server.address, timeout=ANSWER_SECONDS)
        self.key = key

    def send(self, method, path, body=None, idempotency_key=None, fields=None):
        sent = {"Authorization": f"Bearer {self.key}", **(fields or {})}
        if idempotency_key is not None:
            sent["Idempotency-Key"] = idempotency_key
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        self.connection.request(method, path, body, sent)
        response = self.connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def get(self, path, **options):
        return self.send("GET", path, **options)

    def post(self, path, body, idempotency_key=None, **options):
        return self.send("POST", path, body, idempotency_key, **options)

    def close(self):
        self.connection.close()


class RawConnection:
    """A socket to a server that sends exactly the bytes it is given."""

    def __init__(self, server):
        self.socket = socket.create_connection(server.address, timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def send(self, data):
        self.socket.sendall(data)

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.unread += data
        return bool(data)

    def answer(self):
        """The next answer; None when the server closed instead."""
        while b"\r\n\r\n" not in self.unread:
            if not self._receive():
                return None
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        answer = Answer(int(lines[0].split(" ")[1]), fields, b"")
        length = int(answer.fields.get("content-length", 0))
        while len(self.unread) < length:
            if not self._receive():
                raise AssertionError("the body was cut")
        answer.body, self.unread = self.unread[:length], self.unread[length:]
        return answer

    def is_closed(self, seconds=5):
        """True when the server closes within this time and says nothing more."""
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return bool(readable) and not self._receive() and not self.unread

    def close(self):
        self.socket.close()


class TallyCase(unittest.TestCase):
    """A test with a data folder, and a server on it that must stop cleanly."""

    longMessage = True
    maxDiff = 4000

    def setUp(self):
        if not BINARY.exists():
            self.fail(f"{BINARY} is missing: swift build -c release")
        self.folder = tempfile.mkdtemp(prefix="tally-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start(self, *options, environment=None, data=None):
        """A server that is stopped at the end of the test, unless the test ended it.

        It runs on the test's own folder, or on another one.
        """
        server = Server(data or self.folder, *options, environment=environment)
        self.addCleanup(self._stop, server)
        return server

    def _stop(self, server):
        if server.process.poll() is None:
            self.assertEqual(server.stop(), 0, "".join(server.errors))

    def client(self, server, key):
        client = Client(server, key)
        self.addCleanup(client.close)
        return client

    def raw(self, server):
        connection = RawConnection(server)
        self.addCleanup(connection.close)
        return connection

    def make_account(self, client, name, credits):
        """An account with one grant."""
        answer = client.post("/v1/accounts", {"id": name, "name": name})
        self.assertEqual(answer.status, 201, answer)
        answer = client.post(
            f"/v1/accounts/{name}/grants", {"amount": credits}, idempotency_key=f"grant-{name}")
        self.assertEqual(answer.status, 201, answer)

    def balance(self, client, account):
        answer = client.get(f"/v1/balance?account={account}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def entries(self, client, account, kind):
        """All entries of a kind, newest first, page by page."""
        found = []
        cursor = ""
        while True:
            answer = client.get(
                f"/v1/entries?account={account}&kind={kind}&limit=1000{cursor}")
            self.assertEqual(answer.status, 200, answer)
            page = answer.json
            found += page["data"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def send_at_once(self, server, key, requests):
        """Sends every request but its last byte, then all the last bytes at once; the answers.

        A request is a path, a body and an idempotency key.
        """
        connections = [self.raw(server) for _ in requests]
        ends = []
        for connection, (path, body, name) in zip(connections, requests):
            data = json.dumps(body).encode()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: application/json\r\nIdempotency-Key: {name}\r\n"
                f"Content-Length: {len(data)}\r\n\r\n")
            connection.send(head.encode() + data[:-1])
            ends.append(data[-1:])
        for connection, end in zip(connections, ends):
            connection.send(end)
        answers = [connection.answer() for connection in connections]
        for connection in connections:
            connection.close()
        return answers

    def assert_audited(self, client):
        """The server finds no difference when it recomputes every balance."""
        answer = client.get("/v1/audit")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["differences"], [])
        self.assertTrue(answer.json["ok"])


def wait_until(condition, seconds=30):
    """Returns once the condition holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s")
        time.sleep(0.002)


@contextlib.contextmanager
def threads(count, body):
    """Runs `body(index)` on threads; the block runs beside them, and its end waits for them."""
    failures = []

    def run(index):
        try:
            body(index)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    started = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in started:
        thread.start()
    try:
        yield
    finally:
        for thread in started:
            thread.join()
    if failures:
        raise failures[0]
