#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input on every verb of `ts`: nothing crashes, what is wrong here is never sent, nothing is made twice, and
every failure is one object that says what to do.

A fake of all three services on loopback notes what it is asked; the table of command lines is in table.py, and a
command that has no row there fails the test.
"""
import concurrent.futures
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from table import A, CLOUDFLARE, COMMANDS, LEFT_OUT, LIVEKIT, LOCAL, MUX, N  # noqa: E402

TS = os.path.abspath(os.environ.get("TS_BINARY", "build/dev/bin/ts"))
CRASHES = {70, 134, 136, 139, -6, -8, -11}
KEY = """-----BEGIN PRIVATE KEY-----
nothing that can sign
-----END PRIVATE KEY-----"""


class Service:
    """Answers everything with one answer, and notes who asked what (the first path element tells tests apart)."""

    def __init__(self):
        self.answers, self.asked, lock = {}, {}, threading.Lock()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                who, _, rest = self.path.lstrip("/").partition("/")
                # A LiveKit address has no path of its own: the key says whose call it is.
                if who not in service.answers:
                    who, rest = self.headers.get("X-Test", "livekit"), self.path
                with lock:
                    service.asked.setdefault(who, []).append((self.command, rest, body))
                status, kind, text = service.answers.get(who, (500, "text/plain", b""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

            def log_message(self, *words):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Run:
    """One run in an empty folder against a fake service of its own."""

    def __init__(self, words, answer=(500, "text/plain", b"nobody should ask")):
        service = Service()
        self.words = words
        service.answers = {"livekit": answer, "mux": answer, "cf": answer}
        with tempfile.TemporaryDirectory(prefix="ts-bad-") as folder:
            for name, text in (("key.txt", "stream-key-123"), ("url.txt", "rtmp://host.example/app/key-123"), ("token.txt", "a.b.c"),
                               ("body.json", "{}"), ("show.json", "{}"), *FILES):
                with open(os.path.join(folder, name), "wb") as out:
                    out.write(text if isinstance(text, bytes) else text.encode())
                os.chmod(os.path.join(folder, name), 0o600)
            env = {"PATH": "/usr/bin:/bin", "HOME": folder, "XDG_STATE_HOME": folder + "/state", "XDG_CONFIG_HOME": folder + "/config",
                   "LC_ALL": "C.UTF-8", "TZ": "UTC", "LIVEKIT_URL": service.url, "LIVEKIT_API_KEY": "APIexample",
                   "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes", "MUX_TOKEN_ID": "id", "MUX_TOKEN_SECRET": "mux-secret",
                   "MUX_WEBHOOK_SECRET": "hook-secret", "MUX_BASE_URL": service.url + "/mux", "MUX_STATS_BASE_URL": service.url + "/mux",
                   "MUX_STREAM_BASE_URL": service.url + "/mux", "MUX_IMAGE_BASE_URL": service.url + "/mux",
                   "CLOUDFLARE_ACCOUNT_ID": "acc", "CLOUDFLARE_API_TOKEN": "cf-token", "CLOUDFLARE_BASE_URL": service.url + "/cf"}
            for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
                if name in os.environ:
                    env[name] = os.environ[name]
            done = subprocess.run([TS, *words, "--json"], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        service.server.shutdown()
        service.server.server_close()
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.asked = [entry for entries in service.asked.values() for entry in entries]

    def problem(self):
        """What is wrong with how it ended; None when nothing is."""
        if self.code in CRASHES or self.code < 0 or self.code == 1:
            return f"exit {self.code}"
        if self.code == 0:
            return None
        lines = [line for line in self.err.splitlines() if line.strip()]
        try:
            error = json.loads(lines[-1])
        except (ValueError, IndexError):
            return "stderr is no JSON object"
        if len(lines) != 1:
            return f"stderr has {len(lines)} lines"
        if error.get("schema") != "ts.error/1" or error.get("exit") != self.code or not error.get("message"):
            return "the error object is not whole"
        if not error.get("hint"):
            return "the error does not say what to do next"
        for secret in ("mux-secret", "cf-token", "a-secret-of-more-than", "stream-key-123"):
            if secret in error["message"] + error["hint"]:
                return "the error shows a secret"
        return None

    def __str__(self):
        words = " ".join(repr(word[:40]) for word in self.words)
        return f"ts {words}: exit {self.code}, {len(self.asked)} requests\n    {self.err[:300].decode(errors='replace').strip()}"


FILES = [("big.txt", b"x" * (1 << 20)), ("wrong.json", '{"room_name": 5, "outputs": "none"}'), ("list.json", "[]"), ("cut.json", '{"a": '),
         ("deep.json", "[" * 5000 + "]" * 5000), ("bytes.json", b'{"room_name": "\xff\xfe"}'), ("typo.json", '{"roomName": "main", "layuot": "grid"}'),
         ("claims.json", '{"roomJoin": "yes"}'), ("typo_claims.json", '{"roomJion": true}')]

ID_TROUBLE = ["", ".", "..", "a/b", "../x", "a\nb", "x" * 5000, os.fsdecode(b"\xff\xfe")]
NAME_TROUBLE = ["", "x" * 5000, os.fsdecode(b"\xff\xfe")]

HTML = (200, "text/html", b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>")
HOSTILE = {
    "a web page": HTML,
    "a refusal as a web page": (403, "text/html", b"<html><body>no</body></html>"),
    "a truncated answer": (200, "application/json", b'{"data":{"id":"L'),
    "a list": (200, "application/json", b"[]"),
    "null": (200, "application/json", b"null"),
    "a number": (200, "application/json", b"12345678901234567890123"),
    "text for an object": (200, "application/json", b'{"data":"text","items":"text","rooms":"text","participants":"text","success":true,"result":"text"}'),
    "wrong types": (200, "application/json",
                    b'{"data":{"id":5,"status":[],"playback_ids":7},"egress_id":{},"ingress_id":[],"sid":4,"name":{},"identity":1,"track":"x",'
                    b'"items":[{"egress_id":{},"ingress_id":3}],"rooms":[{"sid":[]}],"participants":[5],"success":true,"result":{"uid":[],"status":5}}'),
    "no text at all": (200, "application/json", b"\xff\xfe\x00"),
    "nothing": (200, "application/json", b""),
}


def replaced(words, place, with_word):
    out = [str(word) for word in words]
    out[place] = with_word
    return out


def in_parallel(runs):
    """`runs`: argument tuples of Run. The machine is shared: two at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda arguments: Run(*arguments), runs))


class BadInput(unittest.TestCase):
    def test_every_command_has_a_row(self):
        listed = subprocess.run([TS, "--commands"], capture_output=True, text=True, check=True).stdout.splitlines()
        commands = {line for line in listed if not line.endswith("(delegated)")}

        self.assertEqual(commands - set(COMMANDS) - LEFT_OUT, set(), "commands without a row in table.py")
        self.assertEqual(set(COMMANDS) - commands, set(), "rows without a command")

    def test_ids_that_address_something_else_are_never_sent(self):
        runs = []
        for path, (_, words, _) in COMMANDS.items():
            for place, word in enumerate(words):
                trouble = ID_TROUBLE if isinstance(word, A) else NAME_TROUBLE if isinstance(word, N) else []
                runs += [(path.split() + replaced(words, place, bad),) for bad in trouble]

        problems = []
        for run in in_parallel(runs):
            if run.problem():
                problems.append(f"{run.problem()}: {run}")
            elif run.asked:
                problems.append(f"it was sent: {run} {run.asked[0][:2]}")
            elif run.code not in (2, 3, 5):
                problems.append(f"not refused as usage: {run}")

        self.assertEqual(problems, [], "\n".join(["", *problems]))

    def test_options_do_not_take_the_next_option_for_their_value(self):
        runs = []
        for path, (_, words, _) in COMMANDS.items():
            for place, word in enumerate(words[:-1]):
                if str(word).startswith("--") and not str(words[place + 1]).startswith("--") and "=" not in word and word not in FLAGS:
                    runs.append((path.split() + replaced(words, place + 1, "--verbose"),))
                    runs.append((path.split() + replaced(words, place + 1, "--dry-run"),))

        problems = [f"{run.problem() or 'not refused'}: {run}" for run in in_parallel(runs) if run.problem() or run.code != 2 or run.asked]

        self.assertEqual(problems, [], "\n".join(["", *problems]))

    def test_files_of_a_megabyte_and_of_the_wrong_kind(self):
        lines = [["room", "create", "main", "--metadata", "@big.txt"], ["room", "update", "main", "--metadata", "@big.txt"],
                 ["room", "send", "main", "@big.txt"], ["mux", "api", "POST", "/video/v1/live-streams", "--body", "@cut.json"],
                 ["mux", "api", "POST", "/video/v1/live-streams", "--body", "@bytes.json"],
                 ["mux", "api", "POST", "/video/v1/live-streams", "--body", "@deep.json"],
                 ["token", "create", "--room", "main", "--identity", "cam", "--metadata", "@big.txt"],
                 ["token", "create", "--room", "main", "--identity", "cam", "--grant", "@claims.json"],
                 ["token", "create", "--room", "main", "--identity", "cam", "--grant", "@typo_claims.json"],
                 ["token", "inspect", "big.txt"], ["token", "verify", "big.txt"], ["mux", "simulcast", "add", "LIVE_1", "twitch", "--key-file", "big.txt"],
                 ["compose", "batch", "@deep.json"], ["live", "preflight", "deep.json"], ["live", "start", "cut.json"],
                 ["mux", "create", "--passthrough", "x" * 100000], ["mux", "create", "--title", "x" * 100000],
                 ["mux", "api", "GET", "video"], ["mux", "api", "GET", "/video/../x"], ["mux", "api", "BREW", "/video"]]
        for name in ("wrong.json", "list.json", "cut.json", "deep.json", "bytes.json", "typo.json"):
            lines.append(["egress", "start", "--request", "@" + name, "--file", "out.mp4"])
            lines.append(["room", "create", "main", "--auto-egress", "@" + name])

        problems = []
        for run in in_parallel([(words,) for words in lines]):
            if run.problem():
                problems.append(f"{run.problem()}: {run}")
            elif run.asked or run.code not in (2, 3, 10):
                problems.append(f"not refused here: {run}")

        self.assertEqual(problems, [], "\n".join(["", *problems]))

    def test_a_wrong_member_is_named_by_its_path(self):
        run = Run(["egress", "start", "--request", "@wrong.json", "--file", "out.mp4"])
        typo = Run(["egress", "start", "--request", "@typo.json", "--file", "out.mp4"])

        self.assertIn("$.room_name", json.loads(run.err)["message"])
        self.assertIn("expected", json.loads(run.err)["message"])
        self.assertIn("layuot", json.loads(typo.err)["message"])
        self.assertIn("layout", json.loads(typo.err)["hint"])

    def test_answers_that_are_none(self):
        runs, names = [], []
        for path, (service, words, _) in COMMANDS.items():
            if service == LOCAL:
                continue
            for name, answer in HOSTILE.items():
                runs.append((path.split() + [str(word) for word in words], answer))
                names.append(name)

        problems = []
        for name, run in zip(names, in_parallel(runs)):
            service, _, creates = COMMANDS[command_of(run.words)]
            if run.problem():
                problems.append(f"{name}: {run.problem()}: {run}")
            if run.code in (2, 3) and run.asked:
                problems.append(f"{name}: blamed on the command line: {run}")
            posts = [entry for entry in run.asked if entry[0] == "POST" and not is_read(entry[1])]
            if service != CLOUDFLARE and len(posts) > 1 and (creates or len(set(posts)) < len(posts)):
                problems.append(f"{name}: sent {len(posts)} times: {run}")

        self.assertEqual(problems, [], "\n".join(["", *problems]))

    def test_wrong_types_are_named_by_their_path(self):
        for words, member in ((["mux", "get", "LIVE_1"], "$.data"), (["mux", "list"], "$.data"), (["room", "list"], "$.rooms"),
                              (["egress", "list"], "$.items"), (["ingress", "list"], "$.items"), (["cloudflare", "input", "get", "I"], "$.result")):
            run = Run(words, HOSTILE["wrong types"])
            with self.subTest(" ".join(words)):
                self.assertEqual(run.code, 7, run)
                self.assertIn(member, json.loads(run.err)["message"])
                self.assertRegex(json.loads(run.err)["message"], "expected|found|missing")

    def test_numbers_as_strings_and_words_nobody_knows_are_taken(self):
        for number in ('"1700000000123456789"', "1700000000123456789"):
            egress = (200, "application/json", ('{"items":[{"egress_id":"EG_1","status":"EGRESS_FROM_THE_FUTURE","started_at":%s,"room_name":"r"}]}' % number).encode())
            run = Run(["egress", "list"], egress)
            self.assertEqual(run.code, 0, run)
            self.assertTrue(json.loads(run.out)["egress"][0]["started_at"].startswith("2023-11-14T22:13:20"), run.out)
        for number in ('"1700000000"', "1700000000"):
            room = (200, "application/json", ('{"rooms":[{"sid":"RM_1","name":"r","creation_time":%s,"num_participants":3}]}' % number).encode())
            stream = (200, "application/json", ('{"data":{"id":"L","status":"dreaming","created_at":%s,"latency_mode":"telepathic","playback_ids":'
                                                '[{"id":"P","policy":"friends"}]}}' % number).encode())
            rooms, live = Run(["room", "list"], room), Run(["mux", "get", "L"], stream)
            self.assertEqual((rooms.code, live.code), (0, 0), f"{rooms}\n{live}")
            self.assertEqual(json.loads(rooms.out)["rooms"][0]["created_at"], "2023-11-14T22:13:20Z")
            self.assertEqual(json.loads(live.out)["created_at"], "2023-11-14T22:13:20Z")
            self.assertEqual(json.loads(live.out)["status"], "dreaming")


FLAGS = {"--record", "--yes", "--rtmp", "--active", "--back", "--online"}


def command_of(words):
    for count in (3, 2, 1):
        if " ".join(words[:count]) in COMMANDS:
            return " ".join(words[:count])
    raise KeyError(words)


def is_read(path):
    """LiveKit asks by POST too."""
    return any(word in path for word in ("/List", "/Get"))


if __name__ == "__main__":
    if not os.access(TS, os.X_OK):
        sys.exit(f"{TS} is not there; set TS_BINARY")
    unittest.main(verbosity=2)
