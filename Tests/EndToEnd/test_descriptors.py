"""A server that runs out of file descriptors goes on charging, and takes connections again later."""

import socket
import unittest

from server import Client, Server, TallyCase, run_tally, wait_until

DESCRIPTORS = 64
CONNECTIONS = 100


class DescriptorTests(TallyCase):
    def test_running_out_of_descriptors_stops_nobody_who_is_connected(self):
        limit = f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"
        server = Server(self.folder, before=("prlimit", limit))
        self.addCleanup(self._stop, server)
        key = server.make_key()
        client = self.client(server, key)
        self.make_account(client, "acme", 100)
        waiting = [socket.create_connection(server.address) for _ in range(CONNECTIONS)]
        for number in range(20):
            answer = client.post(
                "/v1/charges", {"account": "acme", "action": "tick", "amount": 1},
                idempotency_key=f"k{number}")
            self.assertEqual(answer.status, 201, answer)
        for connection in waiting:
            connection.close()

        def is_open_again():
            late = Client(server, key)
            try:
                return late.get("/v1/balance?account=acme").json["available"] == 80
            except OSError:
                return False
            finally:
                late.close()

        wait_until(is_open_again)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(run_tally("verify", "--data", self.folder).returncode, 0)


if __name__ == "__main__":
    unittest.main()
