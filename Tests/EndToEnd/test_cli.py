"""The command line: exit codes, help, refusals that say why, and a drain that loses nothing."""

import http.client
import json
import os
import signal
import socket
import unittest

from server import Client, TallyCase, run_tally, threads, wait_until

COMMANDS = ["serve", "admin", "replay", "usage", "verify"]


class CommandTests(TallyCase):
    def test_help_is_printed_for_the_program_and_each_command(self):
        overview = run_tally("--help")
        self.assertEqual((overview.returncode, overview.stderr), (0, ""))
        for command in COMMANDS:
            with self.subTest(command):
                self.assertIn(f"tally {command}", overview.stdout)
                done = run_tally(command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"tally {command}"), done.stdout)

    def test_help_and_version_are_told_by_every_usual_name(self):
        self.assertEqual(run_tally("help", "serve").stdout, run_tally("serve", "--help").stdout)
        version = run_tally("--version")
        self.assertEqual((version.returncode, version.stderr), (0, ""))
        self.assertRegex(version.stdout, r"^tally [0-9]+\.[0-9]+\.[0-9]+\n$")
        self.assertEqual(run_tally("version").stdout, version.stdout)

    def test_wrong_usage_ends_with_2_and_says_why_on_stderr(self):
        wrong = [
            [], ["frobnicate"], ["serve", "--frobnicate"], ["serve", "--listen"],
            ["serve", "--listen", "nowhere"], ["admin"], ["admin", "key", "create"],
            ["admin", "key", "create", "--role", "king"], ["replay"], ["usage", "credits"],
            ["help", "nosuch"], ["export", "foo"], ["version", "1"],
        ]
        for number, arguments in enumerate(wrong):
            with self.subTest(arguments):
                folder = os.path.join(self.folder, str(number))
                os.mkdir(folder)
                done = run_tally(*arguments, cwd=folder)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                self.assertNotEqual(done.stderr, "")
                self.assertEqual(os.listdir(folder), [], "wrong usage left files behind")

    def test_what_cannot_be_done_ends_with_1(self):
        nowhere = f"{self.folder}/nowhere"
        failing = [
            ["verify", "--data", nowhere], ["serve", "--config", nowhere],
            ["usage", "credits", "--url", "http://127.0.0.1:1", "--key", "x"],
        ]
        for arguments in failing:
            with self.subTest(arguments):
                done = run_tally(*arguments, cwd=self.folder)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                self.assertIn("tally", done.stderr)

    def test_a_journal_that_is_none_is_named(self):
        path = os.path.join(self.folder, "journal.db")
        for content, told in [(b"", "is empty: it holds no journal"), (b"nonsense" * 1000, "not a database")]:
            with open(path, "wb") as file:
                file.write(content)
            for command in (["verify"], ["export", "accounts"], ["serve", "--listen", "127.0.0.1:0"]):
                if not content and command[0] == "serve":
                    continue
                done = run_tally(*command, "--data", self.folder)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(path, done.stderr)
                self.assertIn(told, done.stderr)
                self.assertNotIn("SELECT", done.stderr)

    def test_refusals_of_a_connection_say_why(self):
        server = self.start()
        key = server.make_key()
        self.make_account(self.client(server, key), "acme", 5)
        done = run_tally("usage", "credits", "--url", server.url, "--key", key)
        self.assertEqual(done.returncode, 1)
        self.assertIn("name one with --account", done.stderr)
        done = run_tally("usage", "credits", "--url", server.url, "--key", key, "--account", "acme")
        self.assertEqual(json.loads(done.stdout)["remainingCredits"], 5)
        done = run_tally("usage", "credits", "--url", server.url.replace("http:", "https:"), "--key", key)
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("failed(code", done.stderr)
        self.assertIn("(libcurl", done.stderr)

    def test_a_taken_port_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run_tally("serve", "--data", self.folder, "--listen", address)
            self.assertEqual(done.returncode, 1)
            self.assertIn(address, done.stderr)

    def test_a_folder_has_one_server(self):
        self.start()
        done = run_tally("serve", "--data", self.folder, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.folder, done.stderr)

    def test_keys_are_made_listed_and_revoked_with_and_without_a_server(self):
        made = run_tally("admin", "key", "create", "--role", "operator", "--data", self.folder)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        first = made.stdout.strip()
        self.assertRegex(first, "^tally_op_[0-9A-Za-z]{36}$")
        server = self.start()
        second = server.make_key("service")
        self.assertRegex(second, "^tally_svc_[0-9A-Za-z]{36}$")
        for key in (first, second):
            answer = self.client(server, key).get("/v1/balance?account=none")
            self.assertEqual(answer.status, 404, answer)
        listed = run_tally("admin", "key", "list", "--data", self.folder, "--json")
        keys = [json.loads(line) for line in listed.stdout.splitlines()]
        self.assertEqual([key["role"] for key in keys], ["operator", "service"])
        self.assertNotIn(first, listed.stdout)
        revoked = run_tally("admin", "key", "revoke", keys[1]["id"], "--data", self.folder)
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        answer = self.client(server, second).get("/v1/balance?account=none")
        self.assertEqual(answer.status, 401, answer)

    def test_a_stopped_folder_verifies(self):
        server = self.start()
        self.make_account(self.client(server, server.make_key()), "acme", 12.5)
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 1)
        self.assertEqual(server.stop(), 0)
        done = run_tally("verify", "--data", self.folder, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["ok"])


class DrainTests(TallyCase):
    def test_what_was_acknowledged_before_a_stop_is_there_after_it(self):
        for stop in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(stop):
                self.drain(stop, f"drain-{int(stop)}")

    def drain(self, stop, account):
        server = self.start()
        key = server.make_key()
        self.make_account(self.client(server, key), account, 1_000_000)
        acknowledged = [[] for _ in range(4)]

        def charge(thread):
            client = Client(server, key)
            try:
                while True:
                    name = f"{thread}-{len(acknowledged[thread])}"
                    body = {"account": account, "action": "drain", "amount": 0.25}
                    answer = client.post("/v1/charges", body, idempotency_key=name)
                    if answer.status == 503:
                        self.assertNotEqual(answer.json.get("charge_state"), "charged")
                        return
                    self.assertEqual(answer.status, 201, answer)
                    acknowledged[thread].append((name, body, answer.body))
            except (OSError, http.client.HTTPException):
                return
            finally:
                client.close()

        with threads(len(acknowledged), charge):
            wait_until(lambda: sum(map(len, acknowledged)) > 400)
            server.process.send_signal(stop)
            self.assertEqual(server.wait(), 0)
        server = self.start()
        client = self.client(server, key)
        for name, body, first in (item for thread in acknowledged for item in thread):
            again = client.post("/v1/charges", body, idempotency_key=name)
            self.assertEqual((again.status, again.body), (201, first), name)
            self.assertTrue(again.was_replayed, name)
        charged = len(self.entries(client, account, "charge"))
        self.assertGreaterEqual(charged, sum(map(len, acknowledged)))
        self.assertEqual(
            self.balance(client, account)["available"] * 4, 4_000_000 - charged)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
