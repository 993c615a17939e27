"""How a server is set up, and what it says of itself."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from server import BINARY


def serve(*options, environment=None):
    """Starts a server; gives it and the lines that it says until it listens."""
    process = subprocess.Popen(
        [BINARY, "serve", *options], stderr=subprocess.PIPE, text=True,
        env={**os.environ, **(environment or {})})
    lines = []
    for line in process.stderr:
        lines.append(line.rstrip("\n"))
        if "listening on http://" in line:
            break
    return process, lines


def stopped(process):
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    return rest.splitlines()


class SettingTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def test_an_option_wins_over_the_environment_and_that_over_the_file(self):
        hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
        config = self.path / "tally.json"
        config.write_text(json.dumps({
            "data": str(self.path / "file"), "listen": f"{hosts[0]}:0", "loops": 1, "log": "json",
            "public_price_lists": True, "rate_limit": "off"}))
        environment = {
            "TALLY_CONFIG": str(config), "TALLY_LISTEN": f"{hosts[1]}:0",
            "TALLY_DATA": str(self.path / "environment")}
        for options, given, host, folder in [
                (["--config", str(config)], {}, hosts[0], "file"),
                ([], environment, hosts[1], "environment"),
                (["--listen", f"{hosts[2]}:0"], environment, hosts[2], "environment")]:
            process, lines = serve(*options, environment=given)
            self.assertEqual(json.loads(lines[-1])["address"].split(":")[0], host)
            self.assertTrue((self.path / folder / "journal.db").exists())
            stopped(process)
            self.assertEqual(process.returncode, 0)

    def test_settings_come_from_a_pipe_too(self):
        reader, writer = os.pipe()
        settings = {"data": str(self.path / "piped"), "listen": "127.0.0.1:0"}
        os.write(writer, json.dumps(settings).encode())
        os.close(writer)
        process = subprocess.Popen(
            [BINARY, "serve", "--config", f"/dev/fd/{reader}"], pass_fds=[reader],
            stderr=subprocess.PIPE, text=True)
        os.close(reader)
        self.assertIn("new data folder", process.stderr.readline())
        stopped(process)
        self.assertTrue((self.path / "piped/journal.db").exists())

    def test_what_is_wrong_is_named_where_it_stands(self):
        config = self.path / "tally.json"
        for text, environment, code, told in [
                ('{"loops": 0}', {}, 1, "loops needs a number from 1 to 64"),
                ('{"speed": 9}', {}, 1, "there is no setting speed"),
                ('{"listen": [1]}', {}, 1, "listen is a plain value"),
                ("{}", {"TALLY_LOOPS": "many"}, 2, "TALLY_LOOPS needs a number from 1 to 64"),
                ("{}", {"TALLY_LOG": "xml"}, 2, "TALLY_LOG is text or json"),
                ("{}", {"TALLY_PUBLIC_PRICE_LISTS": "yes"}, 2, "TALLY_PUBLIC_PRICE_LISTS is true or false")]:
            config.write_text(text)
            done = subprocess.run(
                [BINARY, "serve", "--config", config, "--data", self.path / "data"], capture_output=True,
                text=True, timeout=60, env={**os.environ, **environment})
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(told, done.stderr)
            self.assertFalse((self.path / "data").exists())

    def test_a_log_of_json_is_json_to_its_last_line(self):
        data = str(self.path / "data")
        process, lines = serve("--data", data, "--listen", "127.0.0.1:0", "--log", "json")
        second = subprocess.run(
            [BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0", "--log", "json"],
            capture_output=True, text=True, timeout=60)
        events = [json.loads(line) for line in lines + stopped(process)]
        self.assertEqual(
            [event["event"] for event in events], ["recovered", "listening", "draining", "stopped"])
        for event in events:
            self.assertEqual(event["level"], "info")
            self.assertRegex(event["time"], r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T")
        self.assertEqual(second.returncode, 1)
        failed = [json.loads(line) for line in second.stderr.splitlines()]
        self.assertEqual([event["event"] for event in failed], ["failed"])
        self.assertEqual(failed[0]["level"], "error")
        self.assertIn("in use", failed[0]["message"])


class DoctorTests(unittest.TestCase):
    def look(self, *options):
        done = subprocess.run(
            [BINARY, "doctor", "--json", *options], capture_output=True, text=True, timeout=60)
        return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)}

    def test_what_is_fit_and_what_is_not_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            data = f"{folder}/data"
            code, found = self.look("--data", data)
            self.assertEqual(code, 0)
            self.assertRegex(found["disk"]["detail"], "takes [0-9]+ us, one in a hundred [0-9]+ us")
            self.assertIn("none yet", found["journal"]["detail"])
            self.assertEqual(found["clock"]["state"], "ok")
            self.assertEqual(os.listdir(folder), [])
            os.mkdir(data)
            os.chmod(data, 0o777)
            self.assertEqual(self.look("--data", data)[1]["access"]["state"], "warning")
            os.rmdir(data)
            process, _ = serve("--data", data, "--listen", "127.0.0.1:0")
            subprocess.run(
                [BINARY, "admin", "key", "create", "--role", "service", "--data", data], check=True,
                capture_output=True, timeout=60)
            code, found = self.look("--data", data)
            self.assertEqual((code, found["journal"]["state"]), (0, "ok"))
            self.assertIn("1 segments, journal_mode wal", found["journal"]["detail"])
            self.assertEqual(found["clock"]["state"], "ok")
            self.assertEqual(found["access"]["state"], "ok")
            stopped(process)
            for name in ("journal.db", "state.db", "lock"):
                self.assertEqual(os.stat(f"{data}/{name}").st_mode & 0o777, 0o600, name)
            os.chmod(data, 0o755)
            code, found = self.look("--data", data)
            self.assertEqual((code, found["access"]["state"]), (0, "warning"))
            self.assertIn(f"chmod -R go= {data}", found["access"]["detail"])
            pathlib.Path(data, "journal.db").write_bytes(b"nonsense" * 1000)
            code, found = self.look("--data", data)
            self.assertEqual((code, found["journal"]["state"]), (1, "failed"))


class ManualTests(unittest.TestCase):
    def said(self, *arguments):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, check=True).stdout

    def test_the_manual_page_has_every_command_and_no_warning(self):
        page = self.said("man")
        checked = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", "-rLL=100n"], input=page, capture_output=True, text=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        commands = [line.split()[1] for line in self.said("--help").splitlines() if line.startswith("  tally ")]
        self.assertGreater(len(commands), 9)
        for command in commands:
            self.assertIn(f".SS {command}\n", page)
        self.assertIn("--rate-limit", checked.stdout.replace("\u2212", "-").replace("\u2010", "-"))

    def test_bash_completes_commands_and_options(self):
        script = self.said("completion", "bash")
        for words, expected in [
                (["tally", "ser"], ["serve"]), (["tally", "serve", "--rate"], ["--rate-limit"]),
                (["tally", "restore", "--he"], ["--head", "--help"]), (["tally", "backup", "--no"], []),
                (["tally", "backup", "--he"], ["--help"]), (["tally", "admin", ""], ["key"]),
                (["tally", "admin", "key", ""], ["create", "list", "revoke"]),
                (["tally", "admin", "key", "create", "--role", ""], ["operator", "service"]),
                (["tally", "export", "e"], ["entries"]), (["tally", "export", "k"], ["keys"]),
                (["tally", "completion", ""], ["bash", "fish", "zsh"]),
                (["tally", "serve", "--log", ""], ["json", "text"]),
                (["tally", "serve", "--data", "x", "--log", "j"], ["json"]),
                (["tally", "export", "entries", "--format", ""], ["csv", "ndjson"]),
                (["tally", "help", "ver"], ["verify", "version"])]:
            line = " ".join(f"'{word}'" for word in words)
            done = subprocess.run(
                ["bash", "-c", f"{script}\nCOMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n_tally\n"
                 'printf "%s\\n" "${COMPREPLY[@]}"'],
                capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(sorted(done.stdout.split()), expected)
        self.assertIn("bashcompinit", self.said("completion", "zsh"))
        fish = self.said("completion", "fish")
        self.assertIn("-a serve", fish)
        self.assertIn("-a 'create list revoke'", fish)
        self.assertIn("-l log -x -a 'text json'", fish)
        wrong = subprocess.run([BINARY, "completion", "tcsh"], capture_output=True, text=True, timeout=60)
        self.assertEqual(wrong.returncode, 2)


if __name__ == "__main__":
    unittest.main()
