"""Plays a scenario against a server that something happens to, then demands one outcome a key."""

import http.client
import subprocess

import server as end_to_end
from reading import audit_failure, every_entry, has_gaps
from scenarios import Wrong, check, id_of, outcomes, send
from server import Client, Server, run_tally

# A server that says nothing for so long hangs.
ANSWER_SECONDS = 10
end_to_end.ANSWER_SECONDS = ANSWER_SECONDS
end_to_end.START_SECONDS = ANSWER_SECONDS
end_to_end.STOP_SECONDS = ANSWER_SECONDS
# What a server says that is about to end: it may have happened, or it has not.
NOT_KNOWN = ["outcome_unknown", "overloaded"]
# What `verify` says of a folder whose first start was cut off before its journal was made.
NOTHING_YET = [
    "is no data folder", "no such table: segment", "attempt to write a readonly database",
    "is empty: it holds no journal"]


class Played:
    """What a client saw of a scenario: the answers, and whether it could go on to its end."""

    def __init__(self, prepared):
        self.prepared = prepared
        self.key = prepared.key
        self.told = {}
        self.ended = False

    def run(self, server):
        """Sends every step until the server is gone or no longer knows."""
        try:
            self.key = self.key or server.make_key()
        except AssertionError:
            self.ended = True
            return
        except subprocess.TimeoutExpired:
            raise Wrong("no key was made in time") from None
        client = Client(server, self.key)
        try:
            self._play(client)
        except TimeoutError:
            raise Wrong(f"no answer in {ANSWER_SECONDS} s") from None
        except (OSError, http.client.HTTPException):
            self.ended = True
        finally:
            client.close()

    def _play(self, client):
        ids = dict(self.prepared.ids)
        for step in self.prepared.scenario.steps:
            answer = send(client, step, ids)
            for outcome in outcomes(step, answer):
                if outcome.status == 503 and outcome.said["code"] in NOT_KNOWN:
                    self.ended = True
                    continue
                check(step, outcome)
                ids[outcome.key] = id_of(outcome.said)
                if step.name is not None:
                    self.told[outcome.key] = answer.body if outcome.key == step.name else outcome
            if self.ended:
                return

    def end(self, server, expected):
        """Waits for a server that has ended by itself, else stops it; checks the exit code."""
        try:
            code = server.wait() if self.ended else server.stop()
        except AssertionError as error:
            raise Wrong(f"{error}; it {'had' if self.ended else 'was asked to'} end") from None
        if code not in expected:
            raise Wrong(f"exit code {code}: {''.join(server.errors)}")

    def recover(self, folder):
        """After a start that nothing happens to, every key has one outcome, those told theirs."""
        self._verify(folder, may_be_nothing=self.key is None)
        server = Server(folder)
        try:
            self.key = self.key or server.make_key()
            client = Client(server, self.key)
            self._ask_again(client)
            self._compare(client)
            client.close()
        except (OSError, http.client.HTTPException) as error:
            raise Wrong(f"after the restart: {error!r}") from None
        finally:
            code = server.stop()
        if code != 0:
            raise Wrong(f"after the restart: exit code {code}: {''.join(server.errors)}")
        self._verify(folder)

    @staticmethod
    def _verify(folder, may_be_nothing=False):
        verified = run_tally("verify", "--data", folder)
        if verified.returncode == 0:
            return
        if may_be_nothing and any(text in verified.stderr for text in NOTHING_YET):
            return
        raise Wrong(f"verify: {verified.stderr}")

    def _ask_again(self, client):
        ids = dict(self.prepared.ids)
        for step in self.prepared.scenario.steps:
            if step.body is None:
                continue
            answer = send(client, step, ids)
            for outcome in outcomes(step, answer):
                check(step, outcome)
                ids[outcome.key] = id_of(outcome.said)
                self._compare_told(outcome, answer)

    def _compare_told(self, outcome, answer):
        """An outcome that was told before is the same; byte for byte when it has its own answer."""
        first = self.told.get(outcome.key)
        if first is None:
            return
        if first != (answer.body if isinstance(first, bytes) else outcome):
            raise Wrong(f"{outcome.key} was told {first!r}, now {answer}")
        if isinstance(first, bytes) and not answer.was_replayed:
            raise Wrong(f"{outcome.key} was told, and is not replayed: {answer}")

    def _compare(self, client):
        scenario = self.prepared.scenario
        balance = client.get("/v1/balance?account=a").json
        found = (balance["available"], balance["held"])
        if found != (scenario.available, scenario.held):
            raise Wrong(f"the balance is {found}")
        entries = every_entry(client, "a")
        kinds = [entry["kind"] for entry in reversed(entries)]
        if kinds != scenario.entries.split() or has_gaps(entries):
            raise Wrong(f"entries: {[(entry['kind'], entry['seq']) for entry in entries]}")
        failure = audit_failure(client)
        if failure:
            raise Wrong(failure)
