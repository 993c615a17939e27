"""Prices as an operator sets them and a customer sees them: words, warnings, caches, estimates."""

import http.client
import json
import pathlib
import sys
from decimal import Decimal

from server import ROOT, TallyCase, run_tally

sys.path.insert(0, str(ROOT / "Tests/oracle"))
import pricing_oracle  # noqa: E402
import pricing_random  # noqa: E402

PRICES = {
    "usd_per_credit": "0.0000005",
    "rules": [
        {"id": "tokens", "action": "chat", "parts": [
            {"parameter": "input_tokens", "price": 2.5, "per": 1000}],
         "rounding": {"to": 0.01, "mode": "up"}},
        {"id": "full", "action": "fetch", "when": {"mode": "full"}, "parts": [
            {"parameter": "records", "price": 1}]},
        {"id": "preview", "action": "fetch", "when": {"mode": "preview"}, "per_call": 1},
        {"id": "late", "action": "chat", "per_call": 1},
    ],
}


class PricesTest(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start("--public-price-lists")
        self.operator = self.client(self.server, self.server.make_key())
        self.put = self.send(200, "PUT", "/v1/price-lists/default", PRICES)
        self.make_account(self.operator, "acme", 10)

    def send(self, status, method, path, body=None, client=None, **options):
        answer = (client or self.operator).send(method, path, body, **options)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def estimate(self, status=200, client=None, **call):
        return self.send(status, "POST", "/v1/estimates", call, client)

    def customer(self):
        made = self.send(201, "POST", "/v1/accounts/acme/keys", {"name": "k"})
        return self.client(self.server, made["key"])

    def test_a_put_names_rules_that_are_never_used(self):
        self.assertEqual(self.put["warnings"], [{
            "code": "unreachable_rule", "rule": "late", "covered_by": "tokens",
            "detail": "tokens comes first and matches every call that late does"}])

    def test_a_list_without_rules_is_warned_about(self):
        put = self.send(200, "PUT", "/v1/price-lists/empty", {"rules": []})
        self.assertEqual([one["code"] for one in put["warnings"]], ["no_rules"])

    def test_versions_to_come_are_named(self):
        rules = {"rules": [{"id": "a", "action": "chat", "per_call": 1}]}
        later = {"effective_at": "2120-01-01T00:00:00Z"}
        self.send(200, "PUT", "/v1/price-lists/soon", {**rules, **later})
        self.assertEqual(self.send(200, "GET", "/v1/price-lists/soon")["scheduled"], [{"version": 1, **later}])
        refused = self.send(422, "POST", "/v1/estimates", {"action": "chat", "price_list": "soon"})
        self.assertEqual((refused["field"], refused["detail"]), (
            "price_list", "no price list of this name is in force"))
        self.send(200, "PUT", "/v1/price-lists/soon", rules)
        shown = self.send(200, "GET", "/v1/price-lists/soon")
        self.assertEqual((shown["version"], shown["scheduled"]), (2, [{"version": 1, **later}]))

    def test_a_refused_list_names_field_and_limit(self):
        for fields, code, field, detail in [
            ({"maximum": 1, "minimum": 2}, "invalid_field", "maximum", "not less than minimum"),
            ({"parts": [{"parameter": "n", "price": 1, "per": 0}]}, "invalid_field", "parts[0].per", "from 1 to 10^12"),
            ({"parts": [{"parameter": "n", "mode": "best"}]}, "invalid_field", "parts[0].mode",
             "flat, package, graduated, volume"),
            ({"multipliers": [{"parameter": "n", "values": {"a": 1000001}}]}, "invalid_field",
             "multipliers[0].values.a", "0 to 1000000"),
            ({"rounding": {"to": 0}}, "invalid_amount", "rounding.to", "more than 0"),
            ({"outcomes": {"failed": "most"}}, "invalid_field", "outcomes.failed", "results"),
        ]:
            problem = self.send(422, "PUT", "/v1/price-lists/default", {
                "rules": [{"id": "a", "action": "b", **fields}]})
            self.assertEqual((problem["code"], problem["field"]), (code, f"rules[0].{field}"))
            self.assertIn(detail, problem["detail"])
        self.send(200, "PUT", "/v1/price-lists/default", {
            "rules": [{"id": "a", "action": "b", "outcomes": {"failed": "1.25"}}]})

    def test_rules_are_said_in_words(self):
        words = self.send(200, "GET", "/v1/price-lists/default")["in_words"]
        self.assertEqual(words["tokens"], "2.5 credits per 1 000 input tokens, rounded up to 0.01")
        self.assertEqual(words["preview"], "if mode is preview: 1 credit per call")

    def test_everybody_may_keep_public_prices_until_they_change(self):
        connection = http.client.HTTPConnection(*self.server.address)
        self.addCleanup(connection.close)
        for path in ["/v1/price-lists", "/v1/price-lists/default", "/v1/price-lists/default/versions/1"]:
            connection.request("GET", path)
            first = connection.getresponse()
            self.assertEqual(first.status, 200, first.read())
            first.read()
            self.assertEqual(first.getheader("Cache-Control"), "public, no-cache")
            tag = first.getheader("ETag")
            for known in [tag, f'"x", W/{tag}', "*"]:
                connection.request("GET", path, headers={"If-None-Match": known})
                again = connection.getresponse()
                self.assertEqual((again.status, again.read()), (304, b""))
                self.assertEqual(again.getheader("ETag"), tag)
            connection.request("GET", path, headers={"If-None-Match": '"x"'})
            self.assertEqual(connection.getresponse().read()[:1], b"{")
        self.send(200, "PUT", "/v1/price-lists/default", PRICES)
        connection.request("GET", "/v1/price-lists/default", headers={"If-None-Match": tag})
        changed = connection.getresponse()
        self.assertEqual(json.loads(changed.read())["version"], 2)

    def test_an_estimate_is_what_a_charge_then_costs(self):
        call = {"account": "acme", "action": "chat", "parameters": {"input_tokens": 1234}}
        told = self.estimate(**call)
        self.assertEqual(told["credits"], Decimal("3.09"))
        self.assertEqual(told["units"], 1234)
        self.assertEqual(told["price"], {"list": "default", "version": 1, "rule": "tokens"})
        self.assertEqual(told["explanation"], [
            {"step": "part", "parameter": "input_tokens", "text": "1 234 input tokens x 2.5 / 1 000",
             "amount": "3.085"},
            {"step": "rounding", "text": "rounded up to 0.01 from 3.085", "amount": "3.09"}])
        self.assertTrue(told["allowed"])
        self.assertIsNone(told["refused_by"])
        before = self.balance(self.operator, "acme")
        self.assertEqual((before["available"], before["seq"]), (10, 1))
        charged = self.send(201, "POST", "/v1/charges", call, idempotency_key="c")
        self.assertEqual(charged["credits"], told["credits"])

    def test_an_estimate_says_what_would_refuse(self):
        records = {"account": "acme", "action": "fetch", "parameters": {"mode": "full", "records": 11}}
        told = self.estimate(**records)
        self.assertEqual((told["allowed"], told["credits"]), (False, 11))
        self.assertEqual(told["refused_by"], {
            "code": "insufficient_credits", "detail": "it takes 11 credits and 10 can be spent",
            "required": 11, "available": 10, "short_by": 1})
        self.assertEqual(told["alternatives"], [
            {"parameter": "mode", "value": "preview", "credits": 1, "saves": 10}])
        self.send(200, "PUT", "/v1/accounts/acme/budgets/daily", {
            "scope": {"team": "*"}, "limit": 5, "window": "day"})
        records["parameters"]["records"] = 6
        self.assertTrue(self.estimate(**records)["allowed"])
        refused = self.estimate(team="red", **records)["refused_by"]
        self.assertEqual(
            (refused["code"], refused["budget"], refused["limit"], refused["used"]),
            ("budget_exceeded", "daily", 5, 0))
        self.send(200, "POST", "/v1/accounts/acme/suspend", idempotency_key="s")
        self.assertEqual(self.estimate(**records)["refused_by"]["code"], "account_suspended")

    def test_estimates_without_an_account_by_hand_and_by_another_list(self):
        told = self.estimate(action="fetch", parameters={"mode": "preview"})
        self.assertNotIn("allowed", told)
        self.assertNotIn("account", told)
        by_hand = self.estimate(action="fetch", amount=2.5, account="acme")
        self.assertEqual((by_hand["credits"], by_hand["price"], by_hand["explanation"]), (Decimal("2.5"), None, []))
        self.send(200, "PUT", "/v1/price-lists/other", {"rules": [{"id": "r", "action": "*", "per_call": 7}]})
        self.assertEqual(self.estimate(action="chat", price_list="other")["credits"], 7)
        for status, code, call in [
            (422, "invalid_field", {"action": "chat", "price_list": "none"}),
            (422, "unknown_action", {"action": "none"}),
            (422, "missing_field", {"action": "chat"}),
            (422, "missing_field", {"account": "acme"}),
            (422, "unknown_field", {"action": "chat", "posted_at": "2026-01-01T00:00:00Z"}),
            (404, "not_found", {"action": "chat", "account": "nobody"}),
        ]:
            self.assertEqual(self.estimate(status, **call)["code"], code, call)

    def test_a_key_is_told_that_it_is_not_for_the_action(self):
        made = self.send(201, "POST", "/v1/accounts/acme/keys", {"name": "k", "scopes": ["read", "fetch"]})
        customer = self.client(self.server, made["key"])
        chat = {"action": "chat", "parameters": {"input_tokens": 1}}
        told = self.estimate(client=customer, **chat)
        self.assertEqual((told["allowed"], told["refused_by"]["code"]), (False, "forbidden"))
        preview = {"action": "fetch", "parameters": {"mode": "preview"}}
        self.assertTrue(self.estimate(client=customer, **preview)["allowed"])

    def test_an_estimate_says_what_would_stay_uncollected(self):
        chat = {"account": "acme", "action": "chat", "parameters": {"input_tokens": 6000}}
        told = self.estimate(**chat, on_short="collect")
        self.assertEqual((told["credits"], told["allowed"], told["uncollected"]), (15, True, 5))

    def test_a_customer_asks_for_its_own_account(self):
        client = self.customer()
        told = self.estimate(client=client, action="chat", parameters={"input_tokens": 1})
        self.assertEqual((told["account"], told["credits"]), ("acme", Decimal("0.01")))
        self.assertEqual(self.estimate(404, client=client, action="chat", account="other")["code"], "not_found")
        self.assertEqual(
            self.estimate(403, client=client, action="chat", price_list="default")["code"], "forbidden")

    def test_worked_examples_agree_with_fractions(self):
        for line in (ROOT / "Tests/oracle/pricing_cases.jsonl").read_text().splitlines():
            case = json.loads(line)
            draft = line[len('{"list":'):json.JSONDecoder().raw_decode(line, len('{"list":'))[1]]
            call = {"action": case["action"], "parameters": case.get("parameters", {})}
            if "outcome" in case:
                call["status"] = case["outcome"]
            if case.get("results") is not None:
                call["results"] = case["results"]
            answers, errors = pricing_random.ask(draft, [json.dumps(call)])
            self.assertEqual(len(answers), 1, errors)
            asked = {**pricing_random.exact(line), **pricing_random.exact(answers[0])}
            if "error" not in json.loads(answers[0]):
                asked.pop("error", None)
            expected, given, is_right = pricing_oracle.verdict(asked)
            self.assertTrue(is_right, f"{line}: expected {expected}, given {given}")

    def test_a_period_under_a_draft(self):
        """Three calls of 2.5 credits on a balance of 10; a draft at twice the price covers two."""
        self.make_account(self.operator, "rich", 1000)
        chat = {"action": "chat", "parameters": {"input_tokens": 1000}}
        for name, body in [
            ("a1", {"account": "acme", **chat}), ("a2", {"account": "acme", **chat}),
            ("a3", {"account": "acme", **chat}),
            ("r1", {"account": "rich", **chat}), ("r2", {"account": "rich", **chat, "status": "failed"}),
            ("r3", {"account": "rich", "action": "fetch", "parameters": {"mode": "full", "records": 7}}),
            ("r4", {"account": "rich", "action": "byhand", "amount": 3}),
        ]:
            self.send(201, "POST", "/v1/charges", body, idempotency_key=name)
        hold = self.send(201, "POST", "/v1/holds", {"account": "rich", **chat}, idempotency_key="h")
        self.send(201, "POST", f"/v1/holds/{hold['hold_id']}/capture",
                  {"parameters": {"input_tokens": 400}}, idempotency_key="c")
        self.send(402, "POST", "/v1/charges", {"account": "acme", "action": "byhand", "amount": 999},
                  idempotency_key="no")
        draft = {"rules": [{"id": "twice", "action": "chat", "per_call": 0, "parts": [
            {"parameter": "input_tokens", "price": 5, "per": 1000}]}]}
        path = "/v1/price-lists/default/simulate"
        period = {"from": "2020-01-01T00:00:00Z", "to": "2120-01-01T00:00:00Z"}
        told = self.send(200, "POST", path, {**draft, **period})
        sums = ["calls", "credits_before", "credits_after", "difference"]
        self.assertEqual([told[name] for name in sums], [7, 18, 22, 4])
        self.assertEqual(told["unpriced"]["calls"], 1)
        self.assertEqual(told["unpriced"]["examples"][0]["code"], "unknown_action")
        self.assertEqual([told[name] for name in ("refused_calls", "refused_credits", "accounts_refused")], [1, 5, 1])
        self.assertEqual(told["accounts_going_negative"], 1)
        self.assertEqual([[one["action"], *(one[name] for name in sums)] for one in told["actions"]],
                         [["chat", 6, 11, 22, 11], ["fetch", 1, 7, 0, -7]])
        acme, rich = sorted(told["accounts"], key=lambda one: one["account"])
        self.assertEqual([acme[name] for name in sums], [3, Decimal("7.5"), 15, Decimal("7.5")])
        self.assertEqual((acme["refused_calls"], acme["goes_negative"]), (1, True))
        self.assertEqual((acme["lowest_balance_before"], acme["lowest_balance_after"]), (Decimal("2.5"), -5))
        self.assertEqual((rich["calls"], rich["refused_calls"], rich["goes_negative"]), (4, 0, False))
        self.assertEqual([rich["credits_before"], rich["credits_after"]], [Decimal("10.5"), 7])
        none = self.send(200, "POST", path, {**draft, "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})
        self.assertEqual((none["calls"], none["accounts"]), (0, []))
        for status, code, body in [
            (422, "invalid_field", draft), (422, "invalid_field", {**draft, "from": period["to"], "to": period["from"]}),
            (422, "missing_field", period), (422, "unknown_field", {**draft, **period, "until": 1}),
        ]:
            self.assertEqual(self.send(status, "POST", path, body)["code"], code, body)
        self.send(404, "POST", "/v1/price-lists/none/simulate", {**draft, **period})
        self.assertEqual(self.server.stop(), 0)
        file = pathlib.Path(self.folder) / "draft.json"
        file.write_text(json.dumps(draft))
        command = ["prices", "simulate", "default", file, "--data", self.folder]
        done = run_tally(*command, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        again = json.loads(done.stdout, parse_float=Decimal)
        self.assertEqual({**again, "from": told["from"], "to": told["to"]}, told)
        table = run_tally(*command, "--csv").stdout.splitlines()
        self.assertEqual(table, [
            "account,action,calls,credits_before,credits_after,difference,refused_calls,refused_credits,"
            "account_first_refused_at,account_lowest_balance_after,account_goes_negative",
            f"acme,chat,3,7.5,15,7.5,1,5,{acme['first_refused_at']},-5,true",
            "rich,chat,3,3.5,7,3.5,0,0,,990,false", "rich,fetch,1,7,0,-7,0,0,,990,false"])
        self.assertIn("1 call of 1 account would be refused, 1 account would go negative if none were",
                      run_tally(*command).stdout)
        self.assertEqual(run_tally(*command, "--csv", "--json").returncode, 2)
        self.assertEqual(run_tally(*command, "--from", "yesterday").returncode, 2)

    def simulated(self, account, price):
        """What a draft would have made of an account: so much for 1 000 tokens."""
        told = self.send(200, "POST", "/v1/price-lists/default/simulate", {
            "from": "2020-01-01T00:00:00Z", "to": "2120-01-01T00:00:00Z",
            "rules": [{"id": "chat", "action": "chat", "parts": [
                {"parameter": "input_tokens", "price": price, "per": 1000}]}]})
        found = next(one for one in told["accounts"] if one["account"] == account)
        return [found[name] for name in (
            "refused_calls", "refused_credits", "lowest_balance_before", "lowest_balance_after",
            "goes_negative")]

    def charge(self, account, key, tokens=1000, **more):
        return self.send(201, "POST", "/v1/charges", {
            "account": account, "action": "chat", "parameters": {"input_tokens": tokens}, **more},
            idempotency_key=key)

    def test_what_is_collected_in_any_case_is_never_refused_by_a_draft(self):
        """A call of 2.5 credits takes the one there is, and so it would at 5."""
        self.make_account(self.operator, "poor", 1)
        self.charge("poor", "p", on_short="collect")
        self.assertEqual(self.simulated("poor", 2.5), [0, 0, 0, 0, False])
        self.assertEqual(self.simulated("poor", 5), [0, 0, 0, 0, False])

    def test_a_draft_is_followed_through_entries_that_it_does_not_price(self):
        """10 credits, 5 by the list, 4 by hand: at twice the price the account would be 4 short."""
        self.make_account(self.operator, "mixed", 10)
        self.charge("mixed", "m1", tokens=2000)
        self.send(201, "POST", "/v1/charges", {"account": "mixed", "action": "x", "amount": 4},
                  idempotency_key="m2")
        self.assertEqual(self.simulated("mixed", 2.5), [0, 0, 1, 1, False])
        self.assertEqual(self.simulated("mixed", 5), [0, 0, 1, -4, True])

    def test_a_put_from_the_command_line(self):
        options = ["--url", self.server.url, "--key", self.operator.key]
        done = run_tally("prices", "put", "coins", ROOT / "examples/prices/coinstats.json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^coins version 1 from 2")
        file = pathlib.Path(self.folder) / "list.json"
        file.write_text(json.dumps(PRICES))
        done = run_tally("prices", "put", "coins", file, *options)
        self.assertIn("never used: late", done.stderr)
        file.write_text('{"rules":[{"id":"a"}]}')
        done = run_tally("prices", "put", "coins", file, *options)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("missing_field", done.stderr)

    def test_the_command_line_shows_the_same(self):
        parameters = ["--action", "chat", "--parameters", '{"input_tokens":1234}']
        url = ["--url", self.server.url, "--key", self.operator.key, "--account", "acme"]
        shown = run_tally("estimate", *url, *parameters)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(shown.stdout.splitlines(), [
            "3.09 credits by rule tokens of default, version 1", "",
            "  1 234 input tokens x 2.5 / 1 000   3.085",
            "  rounded up to 0.01 from 3.085       3.09", "", "allowed"])
        file = pathlib.Path(self.folder) / "draft.json"
        file.write_text(json.dumps(PRICES))
        alone = run_tally("estimate", "--prices", file, *parameters)
        self.assertEqual(alone.returncode, 0, alone.stderr)
        self.assertIn("3.09 credits by rule tokens of draft", alone.stdout)
        lines = '{"action":"chat","parameters":{"input_tokens":1}}\n\n{"action":"x"}\n{"action":1'
        calls = pathlib.Path(self.folder) / "calls"
        calls.write_text(lines)
        priced = run_tally("estimate", "--prices", file, "--calls", calls)
        answers = [json.loads(line) for line in priced.stdout.splitlines()]
        self.assertEqual(answers[0], {"credits": 0.01, "units": 1, "rule": "tokens"})
        self.assertEqual([answer.get("error") for answer in answers], [None, "invalid_json", "unknown_action", "invalid_json"])
        self.assertEqual((priced.returncode, priced.stderr), (1, "tally estimate: 3 calls have no price\n"))
        wrong = run_tally("estimate", "--prices", file, "--action", "none")
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertEqual(run_tally("estimate", "--prices", file).returncode, 2)
