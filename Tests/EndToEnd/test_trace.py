"""A replay of real calls charges exactly what fractions say, for two ways of selling credits.

TALLY_TRACE may name a folder with the two full files of the trace instead of the excerpts.
"""

import csv
import json
import math
import os
import pathlib
import unittest
from collections import Counter
from decimal import Decimal
from fractions import Fraction

from server import ROOT, TallyCase, run_tally

EXAMPLES = ROOT / "examples/azure-llm"
TRACE = pathlib.Path(os.environ.get("TALLY_TRACE", EXAMPLES))
FILES = [TRACE / f"azure-llm-inference-2023-{kind}.csv" for kind in ("conv", "code")]
PRICES = EXAMPLES / "model-prices.csv"
MODELS = {"conv": "gpt-4o-mini", "code": "gpt-4.1"}
ACCOUNTS = 50
KEYS = ["production", "staging", "research"]


def calls():
    """Every row of the files in the order given: kind, tokens in, tokens out."""
    for path, kind in zip(FILES, MODELS):
        with path.open(newline="", encoding="ascii") as file:
            for row in csv.DictReader(file):
                yield kind, int(row["ContextTokens"]), int(row["GeneratedTokens"])


def prices():
    """USD a token, in and out, of the models that answered."""
    with PRICES.open(newline="", encoding="utf-8") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    return {
        kind: tuple(
            Fraction(rows[model][f"usd_per_million_{side}_tokens"]) / 1_000_000
            for side in ("input", "output"))
        for kind, model in MODELS.items()
    }


class Expected:
    """What each account, key and model is to be charged, by an arithmetic that is not Tally's."""

    def __init__(self, usd_per_credit, step):
        self.calls = 0
        self.accounts = Counter()
        self.keys = Counter()
        self.models = Counter()
        price = prices()
        for row, (kind, tokens_in, tokens_out) in enumerate(calls()):
            usd = price[kind][0] * tokens_in + price[kind][1] * tokens_out
            credits = math.ceil(usd / Fraction(usd_per_credit) / Fraction(step)) * Fraction(step)
            if step == "0.000001" and credits != usd / Fraction(usd_per_credit):
                raise AssertionError(f"row {row} is not exact in micro-credits")
            self.calls += 1
            self.accounts[f"demo-{row % ACCOUNTS:02}"] += credits
            self.keys[KEYS[row % len(KEYS)]] += credits
            self.models[MODELS[kind]] += credits

    @property
    def total(self):
        return sum(self.accounts.values())


def fractions(report):
    """The sums of a part of the report as fractions."""
    return {name: Fraction(amount) for name, amount in report.items()}


class TraceTests(TallyCase):
    def test_credits_of_a_two_millionth_of_a_dollar_are_charged_exactly(self):
        self.check("0.0000005", "0.000001", [])

    def test_credits_of_a_tenth_of_a_cent_are_rounded_up_to_a_hundredth_a_call(self):
        self.check("0.001", "0.01", ["--round", "0.01"])

    def check(self, usd_per_credit, step, options):
        server = self.start("--loops", "2")
        key = server.make_key()
        command = [
            "replay", "--format", "azure-llm", "--prices", PRICES, "--url", server.url,
            "--key", key, "--usd-per-credit", usd_per_credit, *options, "--json", *FILES,
        ]
        expected = Expected(usd_per_credit, step)
        for was_charged_before in (False, True):
            done = run_tally(*command, seconds=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)
            self.compare(report, expected)
            self.assertEqual(report["replayed"], expected.calls if was_charged_before else 0)
        self.compare_books(self.client(server, key), expected)

    def compare(self, report, expected):
        self.assertEqual(report["calls"], expected.calls)
        self.assertEqual(Fraction(report["credits"]), expected.total)
        self.assertEqual(fractions(report["accounts"]), expected.accounts)
        self.assertEqual(fractions(report["keys"]), expected.keys)
        self.assertEqual(fractions(report["models"]), expected.models)
        self.assertGreater(report["seconds"], 0)

    def compare_books(self, client, expected):
        """The server's own figures are the same once more, from its balances and its usage."""
        for account, credits in expected.accounts.items():
            balance = self.balance(client, account)
            self.assertEqual(Fraction(balance["used"]), credits, account)
            self.assertEqual(
                Fraction(balance["granted"] - balance["available"]), credits, account)
        self.assert_audited(client)


if __name__ == "__main__":
    unittest.main()
