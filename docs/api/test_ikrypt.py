"""Tests of `ikrypt.py` that need no server of iKrypt: `python -m unittest discover docs/api`."""
import contextlib
import http.server
import io
import json
import os
import pty
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
from pathlib import Path

import ikrypt

CLIENT = Path(__file__).with_name("ikrypt.py")
VECTORS = json.loads(Path(__file__).parents[2].joinpath("shared-crypto/tests/link_repair_v1.json").read_text())


@contextlib.contextmanager
def empty_folder():
    """Works in a new folder, and captures standard error."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()) as stderr:
        os.chdir(folder)
        try:
            yield stderr
        finally:
            os.chdir(before)


class Links(unittest.TestCase):
    def read(self, text: str, is_receipt: bool) -> str:
        if is_receipt:
            server, token = ikrypt.parse_receipt(text)
            return f"{server}/receipt#t={token}"
        server, secret_id, fragment = ikrypt.parse_link(text)
        return f"{server}/s/{secret_id}#k={ikrypt.b64u(fragment)}"

    def test_altered_links_are_recovered(self):
        for vector in VECTORS["recovered"]:
            with self.subTest(vector["name"]):
                read = self.read(vector["text"], vector["name"].endswith("-receipt"))
                self.assertEqual(read, vector["link"])

    def test_altered_links_that_fail_the_check_are_refused(self):
        for vector in VECTORS["refused"]:
            for is_receipt in (False, True):
                with self.subTest(vector["name"]), self.assertRaises(SystemExit):
                    self.read(vector["text"], is_receipt)

    def test_link_that_lost_its_end_is_recovered(self):
        link = next(v["link"] for v in VECTORS["recovered"] if v["link"].endswith("_"))
        for text in (link[:-1], f"<{link[:-1]}>", f"{link[:-1]}&fbclid=x"):
            self.assertEqual(self.read(text, False), link)

    def test_encoded_hash_is_reported(self):
        for name, expected in (("outlook-safe-links", "encoded"), ("proofpoint-v3", "encoded"), ("entities-decimal", "")):
            vector = next(v for v in VECTORS["recovered"] if v["name"] == name)
            with contextlib.redirect_stderr(io.StringIO()) as stderr:
                ikrypt.parse_link(vector["text"])
            self.assertIn(expected, stderr.getvalue())
            self.assertEqual(bool(expected), bool(stderr.getvalue()))

    def test_link_in_a_gateway_address_is_refused(self):
        link = VECTORS["recovered"][0]["link"].removeprefix("https://")
        for text in (f"https://gateway.example/?u={link}", link, f"ftp://{link}"):
            with self.subTest(text), self.assertRaises(SystemExit):
                ikrypt.parse_link(text)


    def test_server_is_https_or_this_machine_and_has_no_path(self):
        link = VECTORS["recovered"][0]["link"]
        origin = link.partition("/s/")[0]
        for server in (
            "https://a.example", "https://a.example:8443", "https://[2001:db8::1]", "https://[::1]:3000",
            "http://127.0.0.1:3000", "http://127.1.2.3", "http://localhost", "http://a.localhost:3000", "http://[::1]:3000",
        ):
            self.assertEqual(ikrypt.check_server(f"{server}/"), server)
            self.assertEqual(ikrypt.parse_link(link.replace(origin, server))[0], server)
        for server, why in (
            ("http://a.example", "only https"), ("http://127.0.0.1.a.example", "only https"),
            ("http://localhost.a.example", "only https"), ("http://notlocalhost", "only https"),
            ("https://a.example/path", "nothing else"), ("https://a.example/s/b.example", "nothing else"),
            ("https://a.example:80:80", "nothing else"), ("https://~a", "nothing else"),
        ):
            for read in (lambda: ikrypt.check_server(server), lambda: ikrypt.parse_link(link.replace(origin, server))):
                with self.subTest(server), self.assertRaisesRegex(SystemExit, why):
                    read()
        for server in ("a.example", "ftp://localhost", "https://jane@a.example", "https://a.example?x", ""):
            with self.subTest(server), self.assertRaises(SystemExit):
                ikrypt.check_server(server)

    def test_long_text_is_parsed_in_bounded_time(self):
        parts = (
            "/v3/", "/v3/__a;", "/v3/__a*b;Iw!", "/v2/url?", "/v2/url?u=-2F", "eyJ", "aHR0c", "&#35;", "&", "%25",
            "\\u0025", "=3D", "> ", "\u2014", "#k=", "https://", "/s/",
        )
        for part in parts:
            text = part * (64 * 1024 // len(part))
            for read in (ikrypt.parse_link, ikrypt.parse_receipt):
                started = time.monotonic()
                with self.subTest(part), self.assertRaises(SystemExit):
                    read(text)
                self.assertLess(time.monotonic() - started, 10, part)


class Files(unittest.TestCase):
    def saved(self, names: list[str], folder: str | None) -> tuple[dict[str, bytes], str]:
        with empty_folder() as stderr:
            ikrypt.save([(name, name.encode()) for name in names], folder and "named")
            found = {path.as_posix(): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        return found, stderr.getvalue()

    def test_names_that_programs_act_on_are_saved_in_a_new_folder(self):
        for names in ([".bashrc", "authorized_keys", "-rf"], [".env", "Makefile"], ["--help", "json.py", "..."]):
            found, _ = self.saved(names, None)
            self.assertEqual(found, {f"ikrypt-files/{name}": name.encode() for name in names})

    def test_names_and_sizes_are_shown_before_a_file_is_written(self):
        for names in ([".bashrc", "-rf"], [".env", "b.txt"], ["a/\x1b[2J", "report.pdf"]):
            _, stderr = self.saved(names, None)
            shown, _, _ = stderr.partition("saved ")
            self.assertEqual(len(shown.splitlines()), 2, stderr)
            self.assertIn(f" ({len(names[1])} bytes)", shown)
            self.assertNotIn("\x1b", stderr)

    def test_named_folder_keeps_names_and_replaces_nothing(self):
        with empty_folder():
            Path("out").mkdir()
            for _ in range(3):
                ikrypt.save([(".env", b"KEY=1"), ("-rf", b"x"), ("a\\b:c", b"")], "out")
            names = sorted(path.name for path in Path("out").iterdir())
        self.assertEqual(names, sorted([".env", "2 .env", "3 .env", "-rf", "2 -rf", "3 -rf", "b_c", "2 b_c", "3 b_c"]))

    def test_second_secret_gets_a_second_folder(self):
        with empty_folder():
            for _ in range(2):
                ikrypt.save([(".env", b"KEY=1")], None)
            self.assertEqual(sorted(os.listdir()), ["2 ikrypt-files", "ikrypt-files"])


class Terminal(unittest.TestCase):
    TEXTS = ("a\x1b[2Jb\r\n", "title \x1b]0;x\x07", "\x9b31m ü\t\n", "\x08\x7f")

    def write_output(self, text: str, **options) -> None:
        program = "import sys, ikrypt; ikrypt.write_output(sys.argv[1].encode())"
        subprocess.run([sys.executable, "-c", program, text], cwd=CLIENT.parent, check=True, **options)

    def test_terminal_shows_symbols_for_control_characters(self):
        for text in self.TEXTS:
            master, terminal = pty.openpty()
            self.write_output(text, stdout=terminal)
            os.close(terminal)
            output = os.read(master, 1000).decode()
            os.close(master)
            self.assertFalse(set(output) & set("\x1b\x07\x08\x7f\x9b"), output)
        self.assertEqual(ikrypt.escape_control_characters("a\x1b[2Jb\x9b\r\nc\td\x07"), "a\u241b[2Jb\ufffd\nc\td\u2407")

    def test_pipe_gets_every_byte(self):
        for text in self.TEXTS:
            with tempfile.TemporaryFile() as file:
                self.write_output(text, stdout=file)
                file.seek(0)
                self.assertEqual(file.read(), text.encode())

    def test_byte_order_mark_and_line_break_are_not_part_of_a_variable(self):
        for value in ("\ufeffright", "right\r\n", "right\n", "\ufeffright\r", "right"):
            with self.subTest(value), unittest.mock.patch.dict(os.environ, IKRYPT_PASSPHRASE=value):
                self.assertEqual(ikrypt.variable("IKRYPT_PASSPHRASE"), "right")
        with unittest.mock.patch.dict(os.environ, IKRYPT_PASSPHRASE=" inner  space "):
            self.assertEqual(ikrypt.variable("IKRYPT_PASSPHRASE"), " inner  space ")

    def test_empty_passphrase_is_refused_and_empty_token_counts_as_unset(self):
        for value in ("", "\ufeff", "\r\n"):
            with unittest.mock.patch.dict(os.environ, IKRYPT_PASSPHRASE=value, IKRYPT_TOKEN=value):
                self.assertRaises(SystemExit, ikrypt.passphrase)
                self.assertFalse(ikrypt.variable("IKRYPT_TOKEN"))


class Responses(unittest.TestCase):
    def message(self, response: bytes, use) -> str:
        """Returns the message for a server that sends these bytes as its response to each request."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(response)

        threading.Thread(target=serve, daemon=True).start()
        with unittest.mock.patch("ikrypt.time.sleep"), self.assertRaises(SystemExit) as ended:
            use(f"http://127.0.0.1:{listener.getsockname()[1]}")
        listener.close()
        return str(ended.exception)

    def test_message_has_no_control_characters_of_a_server(self):
        create = lambda server: ikrypt.send(server, 1, b"text", None)
        created = json.dumps({"id": "\x1b]0;x\x07c2VjcmV0IGlkIDEy"}).encode()
        for response in (
            b"\x1b[2J\x9b31m\r\n\r\n",
            b"HTTP/1.1 \x1b]0;x\x07 OK\r\n\r\n",
            b"HTTP/1.1 400 \x1b[2J\r\nretry-after: \x1b[2J\r\n\r\n\x1b[2J",
            b"HTTP/1.1 200 OK\r\ncontent-length: \x1b[2J\r\n\r\n\x1b[2J",
            b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%s" % (len(created), created),
        ):
            message = self.message(response, create)
            self.assertFalse(set(message) & set("\x1b\x07\x9b"), message)


class RejectingHandler(http.server.BaseHTTPRequestHandler):
    """Responds before it reads a body, and closes the connection."""

    limits, status, headers_sent, requests = None, 413, {}, []

    def do_GET(self):
        body = json.dumps(self.limits).encode()
        self.send_response(200 if self.limits else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.requests.append(self.path)
        body = json.dumps({"error": {413: "too_large", 429: "rate_limited", 401: "unauthorized"}[self.status]}).encode()
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        # Servers read a bounded part of the rest, so that the response is not lost.
        self.rfile.read(1 << 20)

    def log_message(self, *_):
        pass


class Bodies(unittest.TestCase):
    def sent(self, size: int, **options) -> tuple[str, list[str], float]:
        handler = type("Handler", (RejectingHandler,), options | {"requests": []})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started = time.monotonic()
        arguments = [sys.executable, CLIENT, "send", f"http://127.0.0.1:{server.server_port}"]
        ended = subprocess.run(arguments, input=b"x" * size, capture_output=True, timeout=60)
        server.shutdown()
        server.server_close()
        self.assertEqual(ended.returncode, 1)
        return ended.stderr.decode(), handler.requests, time.monotonic() - started

    def test_reported_size_limit_is_named_before_a_body_is_sent(self):
        for size, limit in ((30_000_000, 1_048_576), (65_537, 65_536), (2_000_000, 1000)):
            stderr, requests, elapsed = self.sent(size, limits={"max_secret_bytes": limit})
            self.assertIn(f"at most {limit} bytes", stderr)
            self.assertEqual(requests, [])
            self.assertLess(elapsed, 10)

    def test_rejected_body_is_not_sent_again(self):
        for status, word in ((413, "too_large"), (429, "rate_limited"), (401, "unauthorized")):
            for size in (10, 3_000_000):
                stderr, requests, _ = self.sent(size, status=status, headers_sent={"Retry-After": "90"})
                self.assertIn(word, stderr)
                self.assertIn("Try again in 90 seconds", stderr)
                self.assertEqual(requests, ["/api/v1/create"])


if __name__ == "__main__":
    unittest.main()
