#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ts env check --online`, `ts doctor` and `ts webhook endpoint` say of services that refuse, lie about the time, or
are not there: fakes on loopback answer as the vendors' documentation says."""
import http.server
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest

TS = os.path.abspath(os.environ.get("TS_BINARY", "build/dev/bin/ts"))
JSON = "application/json"


class Fake:
    """Answers "METHOD /path" from a table; anything else is 404. `ahead`: seconds its Date header is before our time."""

    def __init__(self, answers, ahead=0):
        self.answers, self.ahead, self.asked = answers, ahead, []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                fake.asked.append((self.command, path, body))
                status, kind, text = fake.answers.get(f"{self.command} {path}", (404, "text/html", "<html>no such page</html>"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def date_time_string(self, timestamp=None):
                return super().date_time_string(time.time() - fake.ahead)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class RtmpGreeter:
    """Takes the first half of the RTMP handshake and answers it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtmp://127.0.0.1:{self.listener.getsockname()[1]}/app"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                left = 1537
                while left > 0:
                    got = peer.recv(left)
                    if not got:
                        break
                    left -= len(got)
                peer.sendall(b"\x03" + bytes(3072))

    def close(self):
        self.listener.close()


class Signalling:
    """Answers every connection with the bytes given, as LiveKit's /rtc would; keeps the requests."""

    def __init__(self, answer):
        self.listener, self.requests = socket.create_server(("127.0.0.1", 0)), []
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer = answer
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                request = b""
                while b"\r\n\r\n" not in request:
                    got = peer.recv(4096)
                    if not got:
                        break
                    request += got
                self.requests.append(request)
                peer.sendall(self.answer)

    def close(self):
        self.listener.close()


def member(number, data):
    """A length-delimited member of a protobuf message, shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(data)]) + data


def join_answer(*urls):
    """The upgrade and the first frame of a server that hands out these servers."""
    join = member(4, b"1.13.5") + b"".join(member(5, member(1, url.encode()) + member(3, b"p")) for url in urls)
    message = b"\x0a" + bytes([len(join)]) + join
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n" + bytes([0x82, len(message)]) + message


LIVEKIT_GOOD = {"GET /": (200, "text/plain", "OK"), "POST /twirp/livekit.RoomService/ListRooms": (200, JSON, '{"rooms":[]}')}
MUX_GOOD = {"GET /video/v1/live-streams": (200, JSON, '{"data":[]}'),
            "GET /system/v1/whoami": (200, JSON, '{"data":{"environment_id":"e1","environment_name":"Production"}}'),
            "GET /system/v1/signing-keys": (200, JSON, '{"data":[{"id":"KEY_1"}]}'),
            "GET /system/v1/webhooks": (200, JSON, '{"data":[]}')}
CLOUDFLARE_GOOD = {"GET /accounts/acc/stream/live_inputs": (200, JSON, '{"success":true,"errors":[],"result":[]}')}


def mux_error(kind, text):
    return json.dumps({"error": {"type": kind, "messages": [text]}})


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ts-doctor-")
        self.addCleanup(self.folder.cleanup)

    def fake(self, answers, ahead=0):
        fake = Fake(answers, ahead)
        self.addCleanup(fake.close)
        return fake

    def run_ts(self, *words, **settings):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "XDG_STATE_HOME": self.folder.name + "/state", "LC_ALL": "C.UTF-8", "TZ": "UTC", **settings}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        return subprocess.run([TS, *words], cwd=self.folder.name, env=env, capture_output=True, text=True, timeout=120)

    def livekit(self, fake):
        return {"LIVEKIT_URL": fake.url.replace("http", "ws"), "LIVEKIT_API_KEY": "APIexample", "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes"}

    def mux(self, fake):
        return {"MUX_TOKEN_ID": "token-1", "MUX_TOKEN_SECRET": "mux-secret", "MUX_BASE_URL": fake.url, "MUX_STREAM_BASE_URL": fake.url}

    def cloudflare(self, fake):
        return {"CLOUDFLARE_ACCOUNT_ID": "acc", "CLOUDFLARE_API_TOKEN": "cf-token", "CLOUDFLARE_BASE_URL": fake.url}

    def checked(self, name, *words, **settings):
        """The line of that name, and the exit code."""
        done = self.run_ts(*words, "--json", **settings)
        lines = {line["name"]: line for line in json.loads(done.stdout)["checks"]}
        self.assertIn(name, lines, done.stdout)
        return lines[name], done.returncode


class EnvCheckOnline(Case):
    def refused(self, name, settings, *parts, hint):
        line, code = self.checked(name, "env", "check", "--online", **settings)
        self.assertEqual((line["state"], code), ("failed", 10), line)
        for part in parts:
            self.assertIn(part, line["message"])
        self.assertIn(hint, line["hint"])

    def test_good_credentials_are_said_to_be(self):
        settings = {**self.livekit(self.fake(LIVEKIT_GOOD)), **self.mux(self.fake(MUX_GOOD)), **self.cloudflare(self.fake(CLOUDFLARE_GOOD))}

        done = self.run_ts("env", "check", "--online", **settings)

        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("environment 'Production'", done.stdout)

    def test_a_wrong_livekit_key(self):
        fake = self.fake({**LIVEKIT_GOOD, "POST /twirp/livekit.RoomService/ListRooms": (401, "text/plain", "invalid API key: APIexample")})
        self.refused("LiveKit API", self.livekit(fake), "does not know the API key 'APIexample'", hint="of one project")

    def test_a_wrong_livekit_secret(self):
        fake = self.fake({**LIVEKIT_GOOD, "POST /twirp/livekit.RoomService/ListRooms":
                          (401, "text/plain", "invalid token: x, error: go-jose/go-jose: error in cryptographic primitive")})
        self.refused("LiveKit API", self.livekit(fake), "refused the token", hint="LIVEKIT_API_SECRET")

    def test_a_clock_that_is_wrong_explains_the_refusal(self):
        fake = self.fake({**LIVEKIT_GOOD, "POST /twirp/livekit.RoomService/ListRooms":
                          (401, "text/plain", "invalid token: validation failed, token is not valid yet (nbf)")}, ahead=3600)
        self.refused("LiveKit API", self.livekit(fake), "clock is 1h0", hint="set the clock")

    def test_a_clock_that_is_wrong_is_told_even_when_nothing_refuses(self):
        fake = self.fake(MUX_GOOD, ahead=-600)

        line, code = self.checked("Clock", "env", "check", "--online", **self.mux(fake))

        self.assertEqual(code, 10)
        self.assertRegex(line["message"], "(10m0|9m5).s behind")

    def test_an_address_that_is_no_livekit(self):
        fake = self.fake({"GET /": (200, "text/html", "<html>a shop</html>")})
        self.refused("LiveKit API", self.livekit(fake), "is no LiveKit server", hint="LIVEKIT_URL")

    def test_a_mux_token_of_nowhere(self):
        fake = self.fake({"GET /video/v1/live-streams": (401, JSON, mux_error("unauthorized", "Unauthorized request"))})
        self.refused("Mux API", self.mux(fake), "token-1", "MUX_TOKEN_SECRET", hint="Access Tokens")

    def test_a_mux_token_without_permission(self):
        fake = self.fake({"GET /video/v1/live-streams": (403, JSON, mux_error("forbidden", "no"))})
        self.refused("Mux API", self.mux(fake), "may not read live streams", hint="Mux Video")

    def test_an_address_that_is_no_mux(self):
        self.refused("Mux API", self.mux(self.fake({})), "is no Mux API", hint="MUX_BASE_URL")

    def test_a_signing_key_of_another_mux_environment(self):
        settings = {**self.mux(self.fake(MUX_GOOD)), "MUX_SIGNING_KEY": "KEY_2", "MUX_PRIVATE_KEY": "unused"}
        self.refused("Mux signing key", settings, "KEY_2 is not among", hint="one environment")

    def test_an_account_that_cloudflare_does_not_know(self):
        fake = self.fake({"GET /accounts/acc/stream/live_inputs": (404, JSON, '{"success":false,"errors":[{"code":7003,"message":"Could not route"}],"result":null}')})
        self.refused("Cloudflare API", self.cloudflare(fake), "no account acc", hint="CLOUDFLARE_ACCOUNT_ID")

    def test_a_cloudflare_token_without_permission(self):
        fake = self.fake({"GET /accounts/acc/stream/live_inputs": (403, JSON, '{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}')})
        self.refused("Cloudflare API", self.cloudflare(fake), "Authentication error", hint="Stream permission")


class Doctor(Case):
    def test_everything_well_is_measured(self):
        receiver = self.fake({"POST /hook": (401, "text/plain", "no signature")})
        mux = self.fake({**MUX_GOOD, "GET /system/v1/webhooks": (200, JSON, json.dumps({"data": [{"id": "W", "address": receiver.url + "/hook"}]}))})
        greeter = RtmpGreeter()
        self.addCleanup(greeter.close)
        settings = {**self.livekit(self.fake(LIVEKIT_GOOD)), **self.mux(mux), **self.cloudflare(self.fake(CLOUDFLARE_GOOD)), "MUX_INGEST_URL": greeter.url}

        done = self.run_ts("doctor", "env", "clock", "dns", "tls", "livekit", "mux", "cloudflare", "webhook", "rtmps", "--json", **settings)

        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual((document["schema"], document["ok"]), ("ts.doctor/1", True))
        measured = {(line["area"], line["name"]): line for line in document["checks"]}
        for area, name, unit in (("livekit", "LiveKit API", "ms"), ("mux", "Mux API", "ms"), ("cloudflare", "Cloudflare API", "ms"),
                                 ("clock", "LiveKit", "s"), ("clock", "Mux", "s"), ("dns", "LiveKit", "ms"), ("tls", "Mux", "ms"),
                                 ("rtmps", "Mux ingest", "ms"), ("webhook", "receiver", "ms")):
            line = measured[(area, name)]
            self.assertEqual((line["state"], line["unit"]), ("ok", unit), line)
            self.assertIsInstance(line["value"], (int, float))
        self.assertIn("refuses what is not signed", measured[("webhook", "receiver")]["message"])
        self.assertEqual([path for method, path, _ in receiver.asked], ["/hook"])

    def test_a_receiver_that_takes_anything_is_warned_of(self):
        receiver = self.fake({"POST /hook": (200, "text/plain", "thanks")})

        line, code = self.checked("receiver", "doctor", "webhook", "--webhook-url", receiver.url + "/hook")

        self.assertEqual((line["state"], code), ("warning", 0))
        self.assertIn("without a signature", line["message"])

    def test_a_receiver_that_is_not_there_fails(self):
        receiver = self.fake({})

        line, code = self.checked("receiver", "doctor", "webhook", "--webhook-url", receiver.url + "/hook")

        self.assertEqual((line["state"], code), ("failed", 10))
        self.assertIn("answered 404", line["message"])
        self.assertTrue(line["hint"])

    def test_an_ingest_that_is_no_rtmp_server_fails(self):
        web = self.fake({})

        line, code = self.checked("Mux ingest", "doctor", "rtmps", MUX_INGEST_URL=web.url.replace("http", "rtmp") + "/app")

        self.assertEqual((line["state"], code), ("failed", 10))
        self.assertIn("MUX_INGEST_URL", line["hint"])

    def test_a_clock_half_an_hour_off_fails(self):
        line, code = self.checked("LiveKit", "doctor", "clock", **self.livekit(self.fake(LIVEKIT_GOOD, ahead=1800)))

        self.assertEqual((line["state"], code), ("failed", 10))
        self.assertRegex(line["message"], "(30m0|29m5).s ahead")
        self.assertAlmostEqual(line["value"], 1800, delta=5)

    def test_without_a_network_it_says_so_and_ends_soon(self):
        begin = time.monotonic()
        done = self.run_ts("doctor", "dns", "tls", "livekit", "mux", "rtmps", "clock", "--json", LIVEKIT_URL="wss://no-such-project.invalid",
                           LIVEKIT_API_KEY="APIexample", LIVEKIT_API_SECRET="a-secret-of-more-than-thirty-two-bytes",
                           MUX_TOKEN_ID="id", MUX_TOKEN_SECRET="s", MUX_BASE_URL="https://api.invalid", MUX_STREAM_BASE_URL="https://stream.invalid",
                           MUX_INGEST_URL="rtmps://ingest.invalid:443/app")

        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertLess(time.monotonic() - begin, 30)
        lines = json.loads(done.stdout)["checks"]
        failed = [line for line in lines if line["state"] == "failed"]
        self.assertEqual({line["area"] for line in failed}, {"dns"}, lines)
        self.assertTrue(all(line["hint"] for line in failed))
        self.assertIn(("livekit", "unset"), {(line["area"], line["state"]) for line in lines})

    def test_a_stun_server_is_asked_over_udp(self):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            request, peer = server.recvfrom(100)
            server.sendto(b"\x01\x01" + request[2:], peer)

        threading.Thread(target=serve, daemon=True).start()
        uri = f"stun:127.0.0.1:{server.getsockname()[1]}"

        line, code = self.checked(uri, "doctor", "turn", "--turn", uri)

        self.assertEqual((line["state"], line["unit"], code), ("ok", "ms", 0), line)


    def signalling(self, answer):
        server = Signalling(answer)
        self.addCleanup(server.close)
        return server, {"LIVEKIT_URL": server.url, "LIVEKIT_API_KEY": "APIexample", "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes"}

    def test_the_turn_servers_that_livekit_hands_out_are_asked(self):
        turn = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        turn.bind(("127.0.0.1", 0))
        self.addCleanup(turn.close)

        def serve():  # Without credentials a TURN server refuses: 401.
            request, peer = turn.recvfrom(200)
            turn.sendto(b"\x01\x13\x00\x08" + request[4:20] + b"\x00\x09\x00\x04\x00\x00\x04\x01", peer)

        threading.Thread(target=serve, daemon=True).start()
        uri = f"turn:127.0.0.1:{turn.getsockname()[1]}?transport=udp"
        server, settings = self.signalling(join_answer("stun:stun.example:19302", uri))

        done = self.run_ts("doctor", "turn", "--json", **settings)

        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = {line["name"]: line for line in json.loads(done.stdout)["checks"]}
        self.assertIn("1 TURN and 1 STUN", lines["LiveKit"]["message"])
        self.assertEqual((lines[uri]["state"], lines[uri]["unit"]), ("ok", "ms"))
        self.assertRegex(server.requests[0].decode(), r"\AGET /rtc\?\S* HTTP/1.1\r\n(?s:.*)\r\nAuthorization: Bearer eyJ")

    def test_a_livekit_without_turn_is_a_warning(self):
        _, settings = self.signalling(join_answer())

        line, code = self.checked("LiveKit", "doctor", "turn", **settings)

        self.assertEqual((line["state"], line["value"], code), ("warning", 0, 0))
        self.assertIn("livekit.yaml", line["hint"])

    def test_a_livekit_that_refuses_the_join_is_told(self):
        for status, state in ((b"401 Unauthorized", "failed"), (b"404 Not Found", "unset"), (b"503 Busy", "failed")):
            with self.subTest(status):
                _, settings = self.signalling(b"HTTP/1.1 " + status + b"\r\n\r\nwhy: it is so")
                line, _ = self.checked("LiveKit", "doctor", "turn", **settings)
                self.assertEqual(line["state"], state)
                self.assertIn("it is so", line["message"])

    def test_signalling_that_is_none_is_told(self):
        _, settings = self.signalling(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x82\x02\x0a\x7f")

        line, code = self.checked("LiveKit", "doctor", "turn", **settings)

        self.assertEqual((line["state"], code), ("failed", 10))
        self.assertIn("broken", line["message"])


class WebhookEndpoints(Case):
    URL = "https://live.example.com/api/webhooks/mux"

    def test_the_secret_goes_into_a_private_file_and_nowhere_else(self):
        made = {"data": {"id": "W1", "address": self.URL, "enabled": True, "signing_secret": "whsec-very-secret"}}
        fake = self.fake({"POST /system/v1/webhooks": (201, JSON, json.dumps(made))})

        done = self.run_ts("webhook", "endpoint", "add", self.URL, "--provider", "mux", "--secret-to", "hook.secret", "--json", **self.mux(fake))

        self.assertEqual(done.returncode, 0, done.stderr)
        path = os.path.join(self.folder.name, "hook.secret")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as secret:
            self.assertEqual(secret.read(), "whsec-very-secret\n")
        self.assertNotIn("whsec", done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["id"], "W1")
        self.assertEqual(json.loads(fake.asked[0][2]), {"address": self.URL})

    def test_reveal_prints_it(self):
        made = {"data": {"id": "W1", "address": self.URL, "signing_secret": "whsec-very-secret"}}
        fake = self.fake({"POST /system/v1/webhooks": (201, JSON, json.dumps(made))})

        done = self.run_ts("webhook", "endpoint", "add", self.URL, "--provider", "mux", "--reveal", "-o", "env", **self.mux(fake))

        self.assertEqual(done.stdout, "MUX_WEBHOOK_SECRET=whsec-very-secret\n")

    def test_a_token_without_the_system_permission_is_explained(self):
        fake = self.fake({"POST /system/v1/webhooks": (403, JSON, mux_error("forbidden", "Forbidden"))})

        done = self.run_ts("webhook", "endpoint", "add", self.URL, "--provider", "mux", "--reveal", **self.mux(fake))

        self.assertEqual(done.returncode, 4)
        self.assertIn("System permission", done.stderr)

    def test_an_endpoint_is_removed_by_its_address(self):
        fake = self.fake({"GET /system/v1/webhooks": (200, JSON, json.dumps({"data": [{"id": "W1", "address": self.URL}]})),
                          "DELETE /system/v1/webhooks/W1": (204, JSON, "")})

        done = self.run_ts("webhook", "endpoint", "remove", self.URL, "--provider", "mux", "--yes", "-o", "id", **self.mux(fake))

        self.assertEqual((done.returncode, done.stdout), (0, "W1\n"), done.stderr)

    def test_cloudflare_has_one_address_and_keeps_it_unless_told(self):
        path = "/accounts/acc/stream/webhook"
        present = {"success": True, "result": {"notificationUrl": "https://old.example/hook"}}
        made = {"success": True, "result": {"notificationUrl": self.URL, "secret": "cf-hook-secret"}}
        fake = self.fake({f"GET {path}": (200, JSON, json.dumps(present)), f"PUT {path}": (200, JSON, json.dumps(made))})
        words = ["webhook", "endpoint", "add", self.URL, "--provider", "cloudflare", "--reveal"]

        kept = self.run_ts(*words, **self.cloudflare(fake))
        replaced = self.run_ts(*words, "--replace", "-o", "raw", **self.cloudflare(fake))

        self.assertEqual(kept.returncode, 6)
        self.assertIn("--replace", kept.stderr)
        self.assertEqual((replaced.returncode, replaced.stdout), (0, "cf-hook-secret\n"), replaced.stderr)
        self.assertEqual([entry[0] for entry in fake.asked], ["GET", "GET", "PUT"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
