"""64 requests at once on what suffices for ten: exactly ten are accepted."""

import os
import unittest

from server import TallyCase

CHARGES = 64
BALANCE = 10
# Scripts set it higher.
ROUNDS = int(os.environ.get("TALLY_ROUNDS", "5"))


class RaceTests(TallyCase):
    def test_a_balance_for_ten_pays_for_exactly_ten(self):
        server = self.start("--loops", "2")
        operator = self.client(server, server.make_key())
        service = server.make_key("service")
        for round_number in range(ROUNDS):
            with self.subTest(round=round_number):
                account = f"race-{round_number}"
                self.make_account(operator, account, BALANCE)
                statuses = [answer.status for answer in self.send_at_once(
                    server, service, self.requests("/v1/charges", account, account))]
                self.assertEqual(statuses.count(201), BALANCE, statuses)
                self.assertEqual(statuses.count(402), CHARGES - BALANCE, statuses)
                self.assertEqual(self.balance(operator, account)["available"], 0)
                charged = self.entries(operator, account, "charge")
                self.assertEqual(sum(entry["credits"] for entry in charged), BALANCE)
        self.assert_audited(operator)

    def requests(self, path, name, account):
        """As many requests of one credit each as race."""
        body = {"account": account, "action": "race", "amount": 1}
        return [(path, body, f"{name}-{number}") for number in range(CHARGES)]

    def test_holds_on_a_balance_for_ten_reserve_exactly_ten(self):
        server = self.start("--loops", "2")
        key = server.make_key()
        operator = self.client(server, key)
        self.make_account(operator, "held", BALANCE)
        answers = self.send_at_once(server, key, self.requests("/v1/holds", "h", "held"))
        statuses = [answer.status for answer in answers]
        self.assertEqual(statuses.count(201), BALANCE, statuses)
        self.assertEqual(self.balance(operator, "held")["held"], BALANCE)
        self.assert_audited(operator)

    def test_a_hold_is_settled_once_whoever_tries(self):
        server = self.start("--loops", "2")
        key = server.make_key()
        operator = self.client(server, key)
        for round_number in range(ROUNDS):
            account = f"once-{round_number}"
            self.make_account(operator, account, BALANCE)
            hold = operator.post(
                "/v1/holds", {"account": account, "action": "race", "amount": 2},
                idempotency_key="hold").json["hold_id"]
            requests = []
            for number in range(CHARGES):
                verb, body = [("capture", {"amount": 1}), ("release", {})][number % 2]
                requests.append((f"/v1/holds/{hold}/{verb}", body, f"{round_number}-{number}"))
            statuses = [answer.status for answer in self.send_at_once(server, key, requests)]
            self.assertEqual(statuses.count(201), 1, statuses)
            self.assertEqual(statuses.count(409), CHARGES - 1, statuses)
            balance = self.balance(operator, account)
            captured = self.entries(operator, account, "capture")
            self.assertEqual(balance["held"], 0)
            self.assertEqual(balance["available"], BALANCE - len(captured))
        self.assert_audited(operator)

    def test_a_charge_is_refunded_to_its_end_and_no_further(self):
        server = self.start("--loops", "2")
        key = server.make_key()
        operator = self.client(server, key)
        self.make_account(operator, "back", BALANCE)
        entry = operator.post(
            "/v1/charges", {"account": "back", "action": "race", "amount": BALANCE},
            idempotency_key="charge").json["entry_id"]
        requests = [
            ("/v1/refunds", {"entry_id": entry, "amount": 1}, f"r-{number}")
            for number in range(CHARGES)]
        statuses = [answer.status for answer in self.send_at_once(server, key, requests)]
        self.assertEqual(statuses.count(201), BALANCE, statuses)
        self.assertEqual(statuses.count(422), CHARGES - BALANCE, statuses)
        self.assertEqual(self.balance(operator, "back")["available"], BALANCE)
        self.assert_audited(operator)

    def test_a_budget_for_ten_allows_exactly_ten(self):
        server = self.start("--loops", "2")
        key = server.make_key()
        operator = self.client(server, key)
        self.make_account(operator, "capped", 1000)
        operator.send(
            "PUT", "/v1/accounts/capped/budgets/all",
            {"scope": {}, "limit": BALANCE, "window": "none"})
        answers = self.send_at_once(
            server, key,
            self.requests("/v1/charges", "c", "capped")[:CHARGES // 2]
            + self.requests("/v1/holds", "h", "capped")[CHARGES // 2:])
        statuses = [answer.status for answer in answers]
        self.assertEqual(statuses.count(201), BALANCE, statuses)
        self.assertEqual(statuses.count(402), CHARGES - BALANCE, statuses)
        self.assert_audited(operator)


if __name__ == "__main__":
    unittest.main()
