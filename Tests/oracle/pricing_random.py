#!/usr/bin/env python3
"""pricing_random.py [--cases N] [--seed S] [--jobs J]: random prices, by Tally and by fractions.

Draws price lists and calls, lets `tally estimate --prices LIST --calls -` price them and compares
each answer with pricing_oracle.py. TALLY_BINARY names another binary than the release build. Prints
each case that differs, what came up how often, and a count; ends with 1 when any differs, or when
a kind of rule or answer never came up.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction

import pricing_oracle

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("TALLY_BINARY", ROOT / ".build" / "release" / "tally")
CALLS = 500
ACTIONS = ["act", "act.one", "act.two", "other"]
PATTERNS = ["act", "act.*", "act.one", "*"]
PARAMETERS = ["n", "m", "usage.n", "mode", "coins", "factor"]
WORDS = ["a", "all", "hd", "2", "true", 'say "x"', "b"]


class Number(str):
    """A number as it is written, which JSON of Python would change."""


def encode(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)


def decimal(draw, whole, places):
    """A decimal below `whole` of at most so many places, often a round one."""
    text = str(draw.choice([0, 1, 2, 10, draw.randrange(whole), draw.randrange(whole)]) % whole)
    count = draw.choice([0, 0, 1, 2, places, draw.randint(0, places)])
    digits = "".join(draw.choice("0123456789") for _ in range(count))
    return Number(text + ("." + digits if count else ""))


def part(draw):
    made = {"parameter": draw.choice(["n", "m", "usage.n"])}
    made["mode"] = mode = draw.choice(["flat", "flat", "package", "graduated", "volume"])
    if draw.random() < 0.6:
        made["per"] = draw.choice([1, 3, 7, 100, 1000, 1_000_000])
    if draw.random() < 0.3:
        made["included"] = decimal(draw, 100, 3)
    if draw.random() < 0.3:
        made["default"] = decimal(draw, 20, 3)
    if mode in ("flat", "package"):
        made["price"] = decimal(draw, 100, 9)
        if mode == "flat" and draw.random() < 0.5:
            del made["mode"]
        return made
    ends = sorted({Fraction(decimal(draw, 2000, 2)) for _ in range(draw.randint(0, 3))} - {0})
    tiers = [{"up_to": Number(f"{float(end):.2f}"), "price": decimal(draw, 50, 6)} for end in ends]
    made["tiers"] = tiers + [{"up_to": None, "price": decimal(draw, 50, 6)}]
    return made


def multiplier(draw):
    made = {"parameter": draw.choice(["mode", "coins", "factor"])}
    if draw.random() < 0.5:
        made["list"] = "count"
    if draw.random() < 0.6:
        made["values"] = {word: decimal(draw, 20, 3) for word in draw.sample(WORDS, draw.randint(1, 4))}
    return made


def rule(draw, place):
    made = {"id": f"r{place}", "action": draw.choice(PATTERNS)}
    if draw.random() < 0.4:
        made["when"] = draw.choice([
            {"mode": ["a", "all", "hd"]}, {"mode": "b"}, {"mode": [2, True]}, {"n": [0, 1, 2, 10]},
            {"usage.n": 1, "mode": ["a", "b"]}])
    if draw.random() < 0.6:
        made["per_call"] = decimal(draw, 20, 9)
    if draw.random() < 0.8:
        made["parts"] = [part(draw) for _ in range(draw.randint(1, 4))]
    if draw.random() < 0.4:
        made["multipliers"] = [multiplier(draw) for _ in range(draw.randint(1, 2))]
    if draw.random() < 0.2:
        made["each"] = draw.choice(["items", "usage.items"])
    if draw.random() < 0.3:
        made["minimum"] = decimal(draw, 10, 4)
    if draw.random() < 0.3:
        made["maximum"] = Number(str(int(Fraction(made.get("minimum", "0"))) + 1 + draw.randrange(500)))
    if draw.random() < 0.3:
        made["usd"] = True
    if draw.random() < 0.6:
        made["rounding"] = {
            "to": draw.choice(["0.000001", "0.01", "1", "0.3", "5"]), "mode": draw.choice(["up", "half_even", "down"])}
    if draw.random() < 0.4:
        made["outcomes"] = {
            name: draw.choice(["results", decimal(draw, 5, 6)])
            for name in draw.sample(["failed", "timeout", "empty", "partial"], draw.randint(1, 3))}
    return made


def value(draw, name):
    """A value that rules may like, and now and then one that they do not."""
    odd = draw.random()
    if odd < 0.02:
        return draw.choice([None, {}, [], "", True, -1, "x", Number("1e3"), Number("1.0000000000000000001")])
    if name in ("n", "m", "usage.n"):
        return decimal(draw, draw.choice([3, 1000, 10**6, 10**12]), draw.choice([0, 0, 3, 6]))
    if name == "factor":
        return decimal(draw, draw.choice([5, 1000]), draw.choice([0, 3]))
    words = [draw.choice(WORDS + [2, True, Number("2.0")]) for _ in range(draw.randint(0, 4))]
    if name == "coins":
        return words if draw.random() < 0.5 else ", ".join(str(word) for word in words if not isinstance(word, Number))
    return draw.choice(WORDS + [2, True])


def parameters(draw, depth=0):
    made = {}
    for name in PARAMETERS:
        if draw.random() < 0.95:
            outer, _, inner = name.partition(".")
            if inner and draw.random() < 0.5:
                made.setdefault(outer, {})[inner] = value(draw, name)
            else:
                made[name] = value(draw, name)
    if depth == 0 and draw.random() < 0.8:
        made["items"] = [parameters(draw, 1) for _ in range(draw.randint(0, 3))]
    return made


def call(draw):
    made = {"action": draw.choice(ACTIONS), "parameters": parameters(draw)}
    if draw.random() < 0.3:
        made["status"] = draw.choice(["succeeded", "failed", "timeout", "empty", "partial"])
    if draw.random() < 0.4:
        made["results"] = draw.choice([0, 1, 5, draw.randrange(10**6)])
    return made


def exact(text):
    return json.loads(text, parse_float=Fraction, parse_int=Fraction)


def ask(draft, calls):
    """What `tally estimate` prints for calls by a list, a line each, and what it says of errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(draft)
        file.flush()
        done = subprocess.run(
            [BINARY, "estimate", "--prices", file.name, "--calls", "-"], input="\n".join(calls),
            capture_output=True, text=True, check=False)
    return done.stdout.splitlines(), done.stderr.strip()


def check(seed):
    """Compares one list's calls; gives the differences and what came up."""
    draw = random.Random(seed)
    rules = [rule(draw, place) for place in range(draw.randint(1, 4))]
    if draw.random() < 0.7:
        rules[-1]["action"] = "*"
        rules[-1].pop("when", None)
    draft = encode({"usd_per_credit": draw.choice([Number("0.01"), Number("0.0000005"), Number("1.25")]), "rules": rules})
    calls = [encode(call(draw)) for _ in range(CALLS)]
    answers, errors = ask(draft, calls)
    seen = collections.Counter()
    if not answers and "amount_out_of_range" in errors:
        return [], collections.Counter({"lists refused": 1}), 0
    if not answers:
        return [f"seed {seed}: {errors}: {draft}"], seen, 0
    prices, differences = exact(draft), []
    if len(answers) != len(calls):
        return [f"seed {seed}: {len(answers)} answers to {len(calls)} calls"], seen, 0
    for text, answer in zip(calls, answers):
        asked = exact(text)
        case = {"list": prices, "action": asked["action"], "parameters": asked["parameters"],
                "outcome": asked.get("status", "succeeded"), "results": asked.get("results")}
        case.update(exact(answer))
        expected, given, is_right = pricing_oracle.verdict(case)
        seen["refused " + case["error"] if "error" in case else "priced"] += 1
        # A product of many decimals may pass 128 bits, which fractions do not mind.
        if not is_right and given == "amount_out_of_range":
            seen["128 bits passed"] += 1
        elif not is_right:
            differences.append(f"seed {seed}: {draft} {text}: expected {expected}, given {given}")
        if "error" not in case:
            used = next(one for one in prices["rules"] if one["id"] == case["rule"])
            seen.update(kind for kind in used)
            seen.update(one.get("mode", "flat") for one in used.get("parts", []))
    return differences, seen, len(calls)


EXPECTED = [
    "priced", "refused unknown_action", "refused missing_field", "refused invalid_field",
    "refused amount_out_of_range", "flat", "package", "graduated", "volume", "multipliers", "each",
    "minimum", "maximum", "usd", "rounding", "outcomes", "when", "per_call"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_020_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    lists = -(-options.cases // CALLS)
    seen, count, wrong = collections.Counter(), 0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(options.seed, options.seed + lists)
        for differences, kinds, cases in pool.map(check, seeds, chunksize=8):
            seen.update(kinds)
            count += cases
            wrong += len(differences)
            for line in differences[:3]:
                print(line)
    print(", ".join(f"{kind} {seen[kind]}" for kind in sorted(seen)))
    wrong += seen["128 bits passed"] > 0.005 * count
    missing = [kind for kind in EXPECTED if not seen[kind]]
    print(f"{count} cases of {lists} lists, {wrong} differences" + (f", never: {missing}" if missing else ""))
    return 1 if wrong or missing or not count else 0


if __name__ == "__main__":
    sys.exit(main())
