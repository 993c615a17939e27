"""One request is one request: what the framing allows, byte by byte."""

import json
import unittest

from server import TallyCase

HOST = b"Host: a\r\n"
GET = b"GET /health HTTP/1.1\r\n" + HOST
POST = b"POST /v1/charges HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# What must be refused with 400 and a closed connection, whatever follows it.
REFUSED = {
    "two hosts": GET + HOST + b"\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "an empty host": b"GET /health HTTP/1.1\r\nHost:\r\n\r\n",
    "a space before the colon": b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n",
    "a space in a field name": GET + b"X Y: a\r\n\r\n",
    "NUL in a field": GET + b"X: a\x00b\r\n\r\n",
    "a folded field": GET + b"X: a\r\n b\r\n\r\n",
    "bare LF after the request line": b"GET /health HTTP/1.1\n" + HOST + b"\r\n",
    "bare LF after a field": b"GET /health HTTP/1.1\r\nHost: a\n\r\n",
    "bare LF at the end of the head": GET + b"\n",
    "bare CR in a field": GET + b"X: a\rb\r\n\r\n",
    "no colon": GET + b"X\r\n\r\n",
    "a lower-case method": b"get /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "no version": b"GET /health\r\n\r\n",
    "a fragment": b"GET /health#a HTTP/1.1\r\n" + HOST + b"\r\n",
    "length and chunks": POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and length": POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "a list of lengths": POST + b"Content-Length: 1, 1\r\n\r\na",
    "a signed length": POST + b"Content-Length: +1\r\n\r\na",
    "a hexadecimal length": POST + b"Content-Length: 0x1\r\n\r\na",
    "a length beyond 64 bits": POST + b"Content-Length: 18446744073709551617\r\n\r\na",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a signed chunk": POST + CHUNKED + b"\r\n+1\r\na\r\n0\r\n\r\n",
    "a chunk without its end": POST + CHUNKED + b"\r\n1\r\nab\r\n0\r\n\r\n",
    "bare LF in a chunk": POST + CHUNKED + b"\r\n1\na\r\n0\r\n\r\n",
}

# What is refused with another status.
OTHER = {
    "a URL over 8 KiB": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "a head over 16 KiB": (GET + b"X: " + b"a" * 17_000 + b"\r\n\r\n", 431),
    "over 100 fields": (GET + b"X: a\r\n" * 101 + b"\r\n", 431),
    "a body over 1 MiB": (POST + b"Content-Length: 1048577\r\n\r\n", 413),
}


class RawHTTPTests(TallyCase):
    def setUp(self):
        super().setUp()
        self.server = self.start()

    def test_what_could_be_read_in_two_ways_is_refused(self):
        for name, request in REFUSED.items():
            with self.subTest(name):
                connection = self.raw(self.server)
                connection.send(request + GET + b"\r\n")
                answer = connection.answer()
                self.assertIsNotNone(answer)
                self.assertEqual(answer.status, 400, answer)
                self.assertTrue(connection.is_closed(), "a second answer, or still open")

    def test_what_is_too_large_is_refused(self):
        for name, (request, status) in OTHER.items():
            with self.subTest(name):
                connection = self.raw(self.server)
                connection.send(request)
                answer = connection.answer()
                self.assertIsNotNone(answer)
                self.assertEqual(answer.status, status, answer)
                self.assertTrue(connection.is_closed())

    def test_answers_come_in_order(self):
        connection = self.raw(self.server)
        paths = [b"/health", b"/v1/none", b"/health", b"/v1/balance", b"/health"]
        connection.send(
            b"".join(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n" for path in paths))
        statuses = [connection.answer().status for _ in paths]
        self.assertEqual([statuses[place] for place in (0, 2, 4)], [200, 200, 200])
        self.assertNotIn(200, [statuses[1], statuses[3]])

    def test_a_request_may_come_byte_by_byte_and_in_chunks(self):
        key = self.server.make_key()
        body = json.dumps({"id": "bytes", "name": "Bytes"}).encode()
        head = (
            b"POST /v1/accounts HTTP/1.1\r\n" + HOST + CHUNKED
            + f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n\r\n".encode())
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        connection = self.raw(self.server)
        for byte in head + chunks:
            connection.send(bytes([byte]))
        self.assertEqual(connection.answer().status, 201)
        self.assertFalse(connection.is_closed(seconds=0.1))

    def test_every_answer_names_its_request(self):
        for request in (GET + b"\r\n", b"GET /none HTTP/1.1\r\n" + HOST + b"\r\n"):
            connection = self.raw(self.server)
            connection.send(request)
            self.assertRegex(connection.answer().fields["x-request-id"], "^req_[0-9A-Z]{26}$")

    def test_a_wrong_key_gets_one_answer_whatever_is_wrong(self):
        bodies = set()
        for key in ("", "x", "tally_op_" + "a" * 36, self.server.make_key()[:-1] + "~"):
            connection = self.raw(self.server)
            connection.send(
                b"GET /v1/accounts HTTP/1.1\r\n" + HOST
                + f"Authorization: Bearer {key}\r\n\r\n".encode())
            answer = connection.answer()
            self.assertEqual(answer.status, 401, answer)
            problem = answer.json
            self.assertEqual(problem["code"], "unauthorized")
            del problem["request_id"]
            bodies.add(json.dumps(problem, default=str))
        self.assertEqual(len(bodies), 1, bodies)


if __name__ == "__main__":
    unittest.main()
