"""Ready price lists for four services, and price lists made from files of model prices."""

import csv
import json
import pathlib
import sys
import tempfile
import unittest
from decimal import Decimal
from fractions import Fraction

from server import ROOT, run_tally

sys.path.insert(0, str(ROOT / "Tests/oracle"))
import pricing_random  # noqa: E402


def price(file, action, parameters, *options):
    """What `tally estimate` says a call costs by a file of prices."""
    done = run_tally(
        "estimate", "--prices", file, "--action", action, "--parameters", json.dumps(parameters),
        "--json", *options)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout, parse_float=Decimal)["credits"]


class ExamplesTest(unittest.TestCase):
    """The price lists under examples/prices say what the services say that they charge."""

    def check(self, name, cases):
        path = ROOT / f"examples/prices/{name}.json"
        checked = run_tally("prices", "check", path)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        for credits, action, parameters, *options in cases:
            with self.subTest(name=name, action=action, parameters=parameters):
                self.assertEqual(price(path, action, parameters, *options), Decimal(credits))

    def test_explorium(self):
        records = {"mode": "full", "records": 100}
        self.check("explorium", [
            (100, "businesses.fetch", records),
            (43, "businesses.fetch", records, "--status", "partial", "--results", "43"),
            (0, "businesses.fetch", records, "--status", "empty"),
            (0, "businesses.fetch", records, "--status", "failed"),
            (10, "businesses.fetch", {"mode": "preview", "records": 100}),
            (50, "businesses.match", {"records": 50}),
            (150, "businesses.enrich", {"records": 50, "enrichments": ["firmographics", "technographics"]}),
            (0, "autocomplete", {}),
        ])

    def test_make(self):
        self.check("make", [
            (1, "module.run", {}), (12, "module.run", {"operations": 12}),
            (0, "flow.router", {}), (0, "flow.filter", {}),
            (2, "code.run", {"seconds": 1}), ("7.5", "code.run", {"seconds": 3.75}),
            (1, "trigger.poll", {}, "--status", "empty"), (10, "ai.extract", {}),
            ("2.17", "ai.agent", {"billing": "tokens", "input_tokens": 1234, "output_tokens": 275}),
            (31, "ai.extract", {"billing": "pages", "pages": 3}),
        ])

    def test_coinstats(self):
        self.check("coinstats", [
            (44, "wallet.balances", {"wallets": [{"connectionId": "ethereum"}, {"connectionId": "all"}]}),
            (44, "wallet.chart", {"wallets": ["ethereum", "all"]}),
            (44, "wallet.chart", {"wallets": "ethereum,all"}),
            (3, "coins.list", {"coinIds": "bitcoin,ethereum,solana"}), (1, "coins.list", {}),
            (40, "coins.charts", {"coinIds": ["bitcoin", "ethereum"], "period": "all"}),
            (400, "transactions.list", {"connectionId": "all"}), (0, "usage.credits", {}),
        ])

    def test_aimlapi(self):
        usage = {"prompt_tokens": 48, "completion_tokens": 114}
        self.check("aimlapi", [
            (625, "chat.completions", usage),
            (91000, "images.generations", {"quality": "hd", "size": "1024x1024"}),
            (2480, "chat.completions", {"prompt_tokens": 101, "completion_tokens": 464}),
            (0, "chat.completions", usage, "--status", "failed"),
            (10400000, "video.generations", {"seconds": 8, "resolution": "1080p"}),
            (39, "audio.speech", {"characters": 1}), (2600, "ocr", {"pages": 1}),
        ])


class ImportTest(unittest.TestCase):
    """What models cost elsewhere becomes a price list."""

    def imported(self, *arguments):
        done = run_tally("prices", "import", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_every_model_of_a_file_is_priced_as_the_file_says(self):
        source = ROOT / "examples/azure-llm/model-prices.csv"
        done = self.imported("--format", "csv", "--usd-per-credit", "0.0000005", source)
        with source.open() as lines:
            rows = list(csv.DictReader(lines))
        self.assertEqual(len(json.loads(done.stdout)["rules"]), len(rows))
        units = {
            "input_tokens": ("usd_per_million_input_tokens", 10**6),
            "output_tokens": ("usd_per_million_output_tokens", 10**6),
            "cached_input_tokens": ("usd_per_million_cached_input_tokens", 10**6),
            "cache_creation_input_tokens": ("usd_per_million_cache_creation_input_tokens", 10**6),
            "reasoning_tokens": ("usd_per_million_reasoning_tokens", 10**6),
            "images": ("usd_per_image", 1), "seconds": ("usd_per_second", 1),
            "characters": ("usd_per_character", 1)}
        mains = {
            "image_generation": "images", "image_edit": "images", "video_generation": "seconds",
            "audio_transcription": "seconds", "audio_speech": "characters"}
        calls, expected = [], []
        for place, row in enumerate(rows):
            used = {unit: 1000 + place * step for step, unit in enumerate(units, 1)}
            calls.append(json.dumps({"action": "any", "parameters": {
                "model": row["model"], "cost_usd": 0.25, **used}}))
            main = units[mains.get(row["mode"], "input_tokens")][0]
            if not row[main] or main == "usd_per_million_input_tokens":
                for column in ["usd_per_million_cached_input_tokens", "usd_per_million_cache_creation_input_tokens"]:
                    row[column] = row.get(column) or row["usd_per_million_input_tokens"]
            usd = [
                Fraction(row[column]) * used[unit] / per
                for unit, (column, per) in units.items() if row.get(column)]
            total = sum(usd) if usd else Fraction("0.25")
            expected.append(Fraction(round(total * 2_000_000 * 10**6), 10**6))
        answers, errors = pricing_random.ask(done.stdout, calls)
        self.assertEqual(errors, "")
        self.assertEqual([Fraction(pricing_random.exact(line)["credits"]) for line in answers], expected)

    def test_litellm_and_its_small_numbers(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({
                "sample_spec": {"mode": "one of"},
                "gpt/x": {"mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
                          "cache_read_input_token_cost": 1.25e-07,
                          "output_cost_per_token_above_200k_tokens": 2e-05},
                "gpt-x": {"mode": "image_generation", "output_cost_per_image": 0.04, "input_cost_per_token": 0.0},
                "page": {"mode": "ocr", "ocr_cost_per_page": 0.001}}, file)
            file.flush()
            done = self.imported("--format", "litellm", "--round", "0.01", "--action", "ai.*", file.name)
        self.assertIn("charged what cost_usd says: page", done.stderr)
        self.assertIn("left out: output_cost_per_token_above_200k_tokens of gpt/x", done.stderr)
        rules = json.loads(done.stdout)["rules"]
        self.assertEqual([rule["id"] for rule in rules], ["gpt-x", "gpt-x-2", "page"])
        self.assertEqual(rules[1]["parts"], [
            {"parameter": "input_tokens", "price": 2.5, "per": 1000000},
            {"parameter": "output_tokens", "price": 10, "per": 1000000},
            {"parameter": "cached_input_tokens", "price": 0.125, "per": 1000000, "default": 0},
            {"parameter": "cache_creation_input_tokens", "price": 2.5, "per": 1000000, "default": 0}])
        self.assertEqual(rules[0]["parts"], [{"parameter": "images", "price": 0.04}])

    def test_what_is_no_file_of_prices_is_refused(self):
        for text, options in [("a,b\n1,2\n", ["--format", "csv"]), ("model\nx\n", ["--format", "csv"]),
                              ("model,usd_per_image\nx\n", ["--format", "csv"]),
                              ("model,usd_per_image\nx,-1\n", ["--format", "csv"]),
                              ("model,usd_per_image\nx,1\nx,2\n", ["--format", "csv"]),
                              ("model,usd_per_image\n,1\n", ["--format", "csv"]),
                              ("model,usd_per_image,usd_per_banana\nx,1,1\n", ["--format", "csv"]),
                              ("[]", ["--format", "litellm"]), ("{}", ["--format", "xml"]),
                              ("model,usd_per_image\nx,1\n", ["--format", "csv", "--usd-per-credit", "none"])]:
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                done = run_tally("prices", "import", *options, file.name)
            self.assertIn(done.returncode, [1, 2], text)
            self.assertEqual(done.stdout, "")

    def test_a_byte_order_mark_is_no_part_of_the_header(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8-sig") as file:
            file.write("model,usd_per_image\nx,1\n")
            file.flush()
            done = self.imported("--format", "csv", file.name)
        self.assertEqual(json.loads(done.stdout)["rules"][0]["id"], "x")


if __name__ == "__main__":
    unittest.main()
