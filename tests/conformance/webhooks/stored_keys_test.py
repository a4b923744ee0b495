#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A webhook carries its live stream's key. It is kept and replayed byte for byte, and shown nowhere."""
import http.server
import json
import os
import signal
import subprocess
import tempfile
import threading
import unittest

TS = os.path.abspath(os.environ.get("TS_BINARY", "build/dev/bin/ts"))
KEY = "0f0f-very-secret-stream-key"


class StoredKeys(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ts-stored-")
        self.addCleanup(folder.cleanup)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": folder.name, "XDG_STATE_HOME": folder.name + "/state", "LC_ALL": "C.UTF-8",
                    "MUX_WEBHOOK_SECRET": "hook-secret"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.spoken = ""
        self.received = []
        test = self

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                test.received.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *words):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.receiver = f"http://127.0.0.1:{server.server_address[1]}/hook"

    def ts(self, *words):
        done = subprocess.run([TS, *words], env=self.env, cwd=self.env["HOME"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.spoken += done.stdout + done.stderr
        return done

    def test_the_key_is_replayed_and_never_shown(self):
        listener = subprocess.Popen([TS, "webhook", "listen", "--listen", "127.0.0.1:0", "--json"], env=self.env, cwd=self.env["HOME"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            url = json.loads(listener.stdout.readline())["url"]
            body = json.dumps({"type": "video.live_stream.active", "id": "EV1", "object": {"type": "live", "id": "L1"},
                               "data": {"id": "L1", "status": "active", "stream_key": KEY, "odd  spacing": 1.50}})
            with open(os.path.join(self.env["HOME"], "body.json"), "w", encoding="utf-8") as out:
                out.write(body + " \n")
            signed = json.loads(self.ts("webhook", "sign", "--provider", "mux", "--body", "body.json", "--json").stdout)
            headers = [word for name, value in signed["headers"].items() for word in ("-H", f"{name}: {value}")]
            subprocess.run(["curl", "-sf", "--data-binary", "@body.json", *headers, url + "/api/webhooks/mux"], cwd=self.env["HOME"], check=True)
            received = json.loads(listener.stdout.readline())
            self.assertEqual(received["event_kind"], "received", received)
            self.spoken += json.dumps(received)
        finally:
            listener.send_signal(signal.SIGTERM)
            out, err = listener.communicate(timeout=20)
            self.spoken += out + err

        listed = json.loads(self.ts("webhook", "events", "--json").stdout)["events"]
        dry = json.loads(self.ts("webhook", "replay", "1", "--to", self.receiver, "--dry-run").stdout)
        self.assertEqual(self.received, [])
        self.ts("webhook", "replay", "1", "--to", self.receiver, "--json", "--curl", "-vvv")

        self.assertEqual(listed[0]["type"], "video.live_stream.active")
        self.assertEqual(dry["requests"][0]["body"]["data"]["stream_key"], "***")
        self.assertEqual(self.received[0][1], (body + " \n").encode())
        self.assertNotIn(KEY, self.spoken)


if __name__ == "__main__":
    unittest.main(verbosity=2)
