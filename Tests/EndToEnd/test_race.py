"""64 charges at once on a balance for ten: exactly ten are accepted."""

import unittest

from server import TallyCase

CHARGES = 64
BALANCE = 10
ROUNDS = 5


class RaceTests(TallyCase):
    def test_a_balance_for_ten_pays_for_exactly_ten(self):
        server = self.start("--loops", "2")
        operator = self.client(server, server.make_key())
        service = server.make_key("service")
        for round_number in range(ROUNDS):
            with self.subTest(round=round_number):
                account = f"race-{round_number}"
                self.make_account(operator, account, BALANCE)
                statuses = [answer.status for answer in self.race(server, service, account)]
                self.assertEqual(statuses.count(201), BALANCE, statuses)
                self.assertEqual(statuses.count(402), CHARGES - BALANCE, statuses)
                self.assertEqual(self.balance(operator, account)["available"], 0)
                charged = self.entries(operator, account, "charge")
                self.assertEqual(sum(entry["credits"] for entry in charged), BALANCE)
        self.assert_audited(operator)

    def race(self, server, key, account):
        """Sends every request but its last byte, then all the last bytes at once."""
        connections = [self.raw(server) for _ in range(CHARGES)]
        body = b'{"account":"%s","action":"race","amount":1}' % account.encode()
        for number, connection in enumerate(connections):
            head = (
                f"POST /v1/charges HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: application/json\r\nIdempotency-Key: {account}-{number}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
            connection.send(head.encode() + body[:-1])
        for connection in connections:
            connection.send(body[-1:])
        answers = [connection.answer() for connection in connections]
        for connection in connections:
            connection.close()
        return answers


if __name__ == "__main__":
    unittest.main()
