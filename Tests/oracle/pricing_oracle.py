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
import math
import sys
from decimal import Decimal
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


def quantity(parameters, path, default=None):
    value = lookup(parameters, path)
    if value is None and default is not None:
        return Fraction(default)
    if value is None:
        raise Refused("missing_field")
    if not isinstance(value, Fraction) or not 0 <= value <= LIMIT or (value * 10**18).denominator != 1:
        raise Refused("invalid_field")
    return value


def rounded(value, mode):
    if mode == "half_even":
        return round(value)
    whole = value.numerator // value.denominator
    return whole + 1 if mode == "up" and value != whole else whole


def part_price(part, units):
    """What the units of a part that are not free cost."""
    per, mode = part.get("per", 1), part.get("mode", "flat")
    if mode == "flat":
        return units * part["price"] / per
    if mode == "package":
        return math.ceil(units / per) * part["price"]
    ends = [math.inf if tier.get("up_to") is None else tier["up_to"] for tier in part["tiers"]]
    if mode == "volume":
        return units * next(tier["price"] for tier, end in zip(part["tiers"], ends) if units <= end) / per
    starts = [Fraction(0)] + ends[:-1]
    slices = [max(0, min(units, end) - start) for start, end in zip(starts, ends)]
    return sum(slice * tier["price"] for slice, tier in zip(slices, part["tiers"])) / per


def word(value):
    """How a value is named among the values of a multiplier: 1 and 1.0 are both "1"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value if isinstance(value, str) else None


def factor(multiplier, parameters):
    path, values = multiplier["parameter"], multiplier.get("values", {})
    value = lookup(parameters, path)
    if value is None:
        return Fraction(1)
    counts = "list" in multiplier
    if isinstance(value, list) and counts:
        items = value
    elif isinstance(value, str) and counts:
        items = [item.strip(" ") for item in value.split(",") if item.strip(" ")]
    elif isinstance(value, (list, dict)) or not counts and not values and not isinstance(value, Fraction):
        raise Refused("invalid_field")
    elif isinstance(value, bool) and not counts and not values:
        raise Refused("invalid_field")
    elif not counts and not values:
        if not 0 <= value <= 10**6 or (value * 10**12).denominator != 1:
            raise Refused("invalid_field")
        return value
    else:
        items = [value]
    if len(items) > 10_000:
        raise Refused("invalid_field")
    return sum((values.get(word(item), Fraction(1)) for item in items), Fraction(0))


def multiplied(rule, parameters, most):
    total = rule.get("per_call", Fraction(0))
    for part in rule.get("parts", []):
        units = quantity(parameters, part["parameter"], part.get("default"))
        units = units if most is None else min(units, most)
        total += part_price(part, max(Fraction(0), units - part.get("included", 0)))
    for multiplier in rule.get("multipliers", []):
        total *= factor(multiplier, parameters)
    return total


def tariff(rule, parameters, usd_per_credit, most):
    """What the rule says of a call; its numbers are numbers by now, whether strings or not."""
    if "each" in rule:
        items = lookup(parameters, rule["each"])
        if not find(parameters, rule["each"]):
            raise Refused("missing_field")
        if not isinstance(items, list) or len(items) > 10_000:
            raise Refused("invalid_field")
        total = Fraction(0)
        for item in items:
            if not isinstance(item, dict):
                raise Refused("invalid_field")
            total += multiplied(rule, item, most)
    else:
        total = multiplied(rule, parameters, most)
    total = max(total, rule.get("minimum", Fraction(0)))
    if "maximum" in rule:
        total = min(total, rule["maximum"])
    if rule.get("usd", False):
        total /= usd_per_credit
    rounding = rule.get("rounding", {})
    step = Fraction(rounding.get("to", "0.000001"))
    return rounded(total / step, rounding.get("mode", "half_even")) * step


PRICED = {"price", "per_call", "minimum", "maximum", "usd_per_credit", "included", "up_to", "default"}


def plain(value):
    """The same price list, with strings that stand for numbers read as such."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: Fraction(item) if key in PRICED and isinstance(item, str)
        else {name: Fraction(factor) for name, factor in item.items()} if key == "values"
        else item if key == "when" else plain(item)
        for key, item in value.items()}


def price(case):
    case = {**case, "list": plain(case["list"])}
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
    rate = case["list"].get("usd_per_credit")
    credits = tariff(rule, parameters, rate, most)
    if most is not None:
        credits = min(credits, tariff(rule, parameters, rate, None))
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
