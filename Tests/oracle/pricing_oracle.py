#!/usr/bin/env python3
"""Checks prices with arithmetic that shares no code with Tally: Python's fractions.

Reads JSON lines from standard input, one case each:

    {"list": {"rules": [...], "usd_per_credit": 0.01}, "action": "chat",
     "parameters": {"input_tokens": 1234}, "outcome": "succeeded", "results": null,
     "credits": 0.003085}

`credits` is a number or the same as a string; a refused call has `"error": "unknown_action"` or
another code instead. The rules of the arithmetic are those of docs/charging.md. Prints one line
for each case that differs, then a count; ends with 1 when any differs or there was no case.
"""

import json
import sys
from fractions import Fraction

LIMIT = 10**12


class Refused(Exception):
    """A call without a price; the argument is the code of the API."""


def number(text):
    return Fraction(text)


def same(left, right):
    """Equality of JSON values: 1 is neither true nor "1"."""
    kinds = [bool if isinstance(v, bool) else Fraction if isinstance(v, Fraction) else type(v) for v in (left, right)]
    return kinds[0] is kinds[1] and left == right


def find(parameters, path):
    """All values that the dotted path leads to, through objects or through keys with dots."""
    found = []
    for key, value in parameters.items():
        if key == path:
            found.append(value)
        elif path.startswith(key + ".") and isinstance(value, dict):
            found += find(value, path[len(key) + 1 :])
    return found


def lookup(parameters, path):
    found = find(parameters, path)
    if len(found) > 1:
        raise Refused("invalid_field")
    return found[0] if found else None


def is_for(pattern, action):
    if pattern == "*":
        return True
    return action.startswith(pattern[:-1]) if pattern.endswith(".*") else action == pattern


def matches(rule, action, parameters):
    if not is_for(rule["action"], action):
        return False
    for path, allowed in rule.get("when", {}).items():
        value = lookup(parameters, path)
        if not any(same(value, one) for one in (allowed if isinstance(allowed, list) else [allowed])):
            return False
    return True


def quantity(parameters, path):
    value = lookup(parameters, path)
    if value is None and not find(parameters, path):
        raise Refused("missing_field")
    if not isinstance(value, Fraction) or not 0 <= value <= LIMIT or (value * 10**18).denominator != 1:
        raise Refused("invalid_field")
    return value


def rounded(value, mode):
    if mode == "half_even":
        return round(value)
    whole = value.numerator // value.denominator
    return whole + 1 if mode == "up" and value != whole else whole


def tariff(rule, parameters, usd_per_credit, most):
    total = rule.get("per_call", Fraction(0))
    for part in rule.get("parts", []):
        units = quantity(parameters, part["parameter"])
        units = units if most is None else min(units, most)
        billed = max(Fraction(0), units - part.get("included", 0))
        total += billed * part["price"] / part.get("per", 1)
    total = max(total, rule.get("minimum", Fraction(0)))
    if "maximum" in rule:
        total = min(total, rule["maximum"])
    if rule.get("usd", False):
        total /= usd_per_credit
    rounding = rule.get("rounding", {})
    step = Fraction(rounding.get("to", "0.000001"))
    return rounded(total / step, rounding.get("mode", "half_even")) * step


def price(case):
    parameters = case.get("parameters") or {}
    rule = next((r for r in case["list"]["rules"] if matches(r, case["action"], parameters)), None)
    if rule is None:
        raise Refused("unknown_action")
    usual = {"failed": Fraction(0), "timeout": Fraction(0)}
    outcome = case.get("outcome", "succeeded")
    charge = {**usual, **rule.get("outcomes", {})}.get(outcome)
    if isinstance(charge, Fraction):
        return charge
    most = None
    if charge == "results":
        most = case.get("results")
        if most is None:
            raise Refused("missing_field")
        if most == 0:
            return Fraction(0)
    credits = tariff(rule, parameters, case["list"].get("usd_per_credit"), most)
    if credits > LIMIT:
        raise Refused("amount_out_of_range")
    return credits


def verdict(case):
    try:
        expected = price(case)
    except Refused as refusal:
        expected = str(refusal)
    given = case["error"] if "error" in case else Fraction(case["credits"])
    return expected, given, expected == given


def main():
    count = wrong = 0
    for line in sys.stdin:
        if not line.strip():
            continue
        count += 1
        expected, given, is_right = verdict(json.loads(line, parse_float=number, parse_int=number))
        if not is_right:
            wrong += 1
            print(f"line {count}: expected {expected}, given {given}: {line.strip()}")
    print(f"{count} cases, {wrong} wrong")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
