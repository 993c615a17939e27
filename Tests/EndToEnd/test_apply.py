"""Price lists, plans and accounts as a file has them."""

import json
import os
import pathlib
import subprocess
from decimal import Decimal

from server import BINARY, ROOT, TallyCase, run_tally

EXAMPLE = ROOT / "examples/configuration/tally.yaml"


class ApplyTest(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()
        self.operator = self.client(self.server, self.server.make_key())
        self.text = EXAMPLE.read_text()

    def apply(self, text=None, *options, code=0, name="c.yaml"):
        """Applies a file with this text; gives what was printed, errors for another code than 0."""
        path = pathlib.Path(self.folder) / name
        path.write_text(self.text if text is None else text)
        done = run_tally(
            "apply", path, "--url", self.server.url, "--key", self.operator.key, *options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def state(self):
        """All that a file could change."""
        paths = ["/v1/price-lists/default", "/v1/plans", "/v1/accounts"]
        paths += [f"/v1/accounts/{id}/budgets" for id in ("acme", "trial")]
        answers = [self.operator.get(path).json for path in paths]
        return [answer.get("code") == "not_found" or answer for answer in answers]

    def test_a_file_is_made_true_once(self):
        before = self.state()
        planned = self.apply(None, "--dry-run")
        self.assertEqual(self.state(), before)
        self.assertEqual(planned.splitlines()[0], "+ price list default  2 rules")
        self.assertTrue(planned.endswith("would be created: 7, would be changed: 0, as they are: 0\n"))
        made = self.apply()
        self.assertEqual(made.splitlines()[:-1], planned.splitlines()[:-1])
        account = self.operator.get("/v1/accounts/acme").json
        self.assertEqual(
            (account["plan"], account["time_zone"], account["overdraft_limit"], account["metadata"]),
            ("pro", "Europe/Vienna", 50, {"crm": "4711"}))
        self.assertEqual(self.balance(self.operator, "acme")["available"], 10000)
        after = self.state()
        self.assertEqual(self.apply(), "created: 0, changed: 0, as they are: 7\n")
        self.assertEqual(self.state(), after)

    def test_what_differs_is_told_field_by_field_and_then_made(self):
        self.apply()
        self.text = self.text.replace("per_call: 0.4", "per_call: 0.50").replace(
            "credits: 10000", "credits: 20000").replace("limit: 1500", "limit: 1600").replace(
            "overdraft_limit: 50", "overdraft_limit: 60.5").replace(
            "suspended: false", "suspended: true").replace("price: 2,", "price: 2.0,")
        told = json.loads(self.apply(None, "--dry-run", "--json"), parse_float=Decimal)
        self.assertFalse(told["applied"])
        self.assertEqual(
            [(one["object"], one["id"], one["fields"]) for one in told["changes"]],
            [("price list", "default",
              [{"name": "rule search: per_call", "from": Decimal("0.4"), "to": Decimal("0.5")}]),
             ("plan", "pro", [{"name": "credits", "from": 10000, "to": 20000}]),
             ("account", "acme",
              [{"name": "overdraft_limit", "from": 50, "to": Decimal("60.5")}]),
             ("budget", "acme/daily", [{"name": "limit", "from": 1500, "to": 1600}]),
             ("account", "trial", [{"name": "suspended", "from": False, "to": True}])])
        self.assertEqual(told["unchanged"], 2)
        self.apply()
        self.assertEqual(self.apply(), "created: 0, changed: 0, as they are: 7\n")
        # The plan of before is that of the period under way.
        self.assertEqual(self.balance(self.operator, "acme")["available"], 10000)
        self.assertEqual(self.operator.get("/v1/price-lists/default").json["version"], 2)

    def test_another_plan_waits_for_the_end_of_the_period_unless_told(self):
        self.apply()
        self.text = self.text.replace("plan: pro", "plan: free")
        self.assertIn("at the end of the period", self.apply())
        account = self.operator.get("/v1/accounts/acme").json
        self.assertEqual((account["plan"], account["next_plan"]["plan"]), ("pro", "free"))
        self.assertEqual(self.apply(), "created: 0, changed: 0, as they are: 7\n")
        # One that waits is left alone by a file that says what the plan is now.
        waiting = self.text.replace("plan: free", "plan: pro", 1)
        self.assertEqual(self.apply(waiting), "created: 0, changed: 0, as they are: 7\n")
        self.assertIn("at once", self.apply(None, "--plan-changes", "now"))
        self.assertEqual(self.operator.get("/v1/accounts/acme").json["plan"], "free")

    def test_a_file_that_is_wrong_changes_nothing(self):
        self.apply()
        state = self.state()
        good = "price_lists: {new: {rules: []}}\n"
        for text, told in [
                ("plans: {pro: {name: P, credits: 1, period: weekly}}",
                 "plans.pro.period: it is month, year or none"),
                ("accounts: {a: {plan: nope}}", "accounts.a.plan: there is no plan nope"),
                ("accounts: {a: {price_list: nope}}", "there is no price list nope"),
                ("accounts: {a: {plann: pro}}", "accounts.a.plann: there is no such field"),
                ("accounts: {a: {time_zone: Mars/Base}}", "it is no time zone"),
                ("accounts: {acme: {anchor: 2020-01-01T00:00:00Z}}", "keeps the anchor"),
                ("accounts: {a: {name: x, name: y}}", "c.yaml:2:25: name is there twice"),
                ("accounts: {acme: {budgets: {x: {scope: {}, limit: -1, window: day}}}}",
                 "accounts.acme.budgets.x.limit: a limit is at least 0"),
                ("price_lists: {}", "c.yaml:2:1: price_lists is there twice"),
                ("accounts: {acme: {budgets: {daily: {scope: {team: a}, limit: 1, window: day}}}}",
                 "accounts.acme.budgets.daily.scope: only the limit"),
                ("accounts: {acme: {budgets: {x: {scope: {}, limit: 1, window: day, parent: y}}}}",
                 "accounts.acme.budgets.x.parent: there is no budget y"),
                ("accounts: {acme: {name: }}", "accounts.acme.name: it has no value"),
                ("accounts: {new: {name:A}}", "accounts.new.name:A: it has no value"),
                ("acounts: {}", "unknown acounts"),
                ("a: [1", "c.yaml:3:1: did not find expected ',' or ']'"),
                ("a: &x 1", "c.yaml:2:4: anchors and tags are not taken"),
                ("a: *x", "aliases are not taken")]:
            self.assertIn(told, self.apply(good + text + "\n", code=1), text)
            self.assertEqual(self.state(), state, text)
        self.assertIn("it takes an object", self.apply("", code=1))
        prices = "price_lists: {d: {rules: [{id: a, action: '*', per_call: -1}]}}"
        self.assertIn("price_lists.d: rules[0].per_call: a price", self.apply(prices, code=1))

    def test_json_and_the_environment_do_as_well(self):
        body = {"accounts": {"acme": {"name": "yes", "metadata": {"n": "012"}}}}
        self.apply(json.dumps(body), name="c.json")
        path = pathlib.Path(self.folder) / "c.yaml"
        path.write_text("accounts: {acme: {name: yes, metadata: {n: 012}}}")
        environment = {
            **os.environ, "TALLY_URL": self.server.url, "TALLY_KEY": self.operator.key}
        done = subprocess.run(
            [BINARY, "apply", path], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout, "created: 0, changed: 0, as they are: 1\n", done.stderr)

    def test_what_counts_is_the_price_that_is_in_force(self):
        """Of versions put in any order, and of one that is to begin."""
        def prices(amount, begin=None):
            when = f", effective_at: {begin}" if begin else ""
            return f"price_lists: {{p: {{rules: [{{id: a, action: '*', per_call: {amount}}}]{when}}}}}"

        for text, changed in [
                (prices(1), "+"), (prices(1), None), (prices(100, "2120-01-01T00:00:00Z"), "~"),
                (prices(100, "2120-01-01T00:00:00Z"), None), (prices(1), None), (prices(2), "~"),
                (prices(2), None)]:
            told = self.apply(text)
            self.assertEqual(told.split(" ")[0], changed or "created:", text)
        self.assertIn("effective_at: it is past", self.apply(prices(3, "2026-01-01T00:00:00Z"), code=1))
        self.assertEqual(self.apply(prices(2, "2026-01-01T00:00:00Z"), "--dry-run")[:8], "would be")

    def test_a_budget_comes_after_its_parent(self):
        self.apply("""
            accounts:
              b:
                budgets:
                  a: {scope: {team: t}, limit: 1, window: day, parent: z}
                  z: {scope: {}, limit: 2, window: day}
            """)
        found = self.operator.get("/v1/accounts/b/budgets/a").json
        self.assertEqual(found["parent"], "z")
