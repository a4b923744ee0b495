#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives ts room, ts ingress and ts egress against a sandbox of its own, as a user's script would.

Every output is kept, and at the end none of it may hold a stream key or the API secret.
"""
import json, os, subprocess, sys, tempfile, unittest

TS = os.path.abspath(sys.argv.pop(1))


class LivekitCommands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ts-e2e-livekit-")
        cls.dir = cls.folder.name
        cls.env = {"PATH": os.environ["PATH"], "HOME": cls.dir, "XDG_STATE_HOME": cls.dir + "/state",
                   "XDG_CONFIG_HOME": cls.dir + "/config", "LC_ALL": "C.UTF-8"}
        for key in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if key in os.environ:
                cls.env[key] = os.environ[key]
        cls.spoken = []
        cls.publisher = None
        subprocess.run([TS, "sandbox", "up", "--detach", "--dir", cls.dir + "/sandbox"], env=cls.env, check=True,
                       capture_output=True, timeout=60)
        cls.addClassCleanup(cls.down)
        with open(cls.dir + "/sandbox/env", encoding="utf-8") as settings:
            for line in settings:
                name, equals, value = line.strip().partition("=")
                if equals and not line.startswith("#"):
                    cls.env[name] = value
        # One program for all tests: a room with a participant that sends picture and sound.
        cls.ok("room", "create", "main", "--empty-timeout", "10m")
        cls.ingress = cls.ok("ingress", "create", "--rtmp", "--room", "main", "--identity", "program", "--save-url",
                             "publish.txt", "-o", "id").strip()
        with open(cls.dir + "/publish.txt", encoding="utf-8") as address:
            cls.address = address.read().strip()
        cls.publisher = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30", "-f", "lavfi", "-i",
             "sine=f=440:r=48000", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30",
             "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", cls.address],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.ok("ingress", "wait", cls.ingress, "--state", "publishing", "--timeout", "40s")
        who = cls.json("room", "who", "main")["participants"]
        tracks = {track["type"]: track["sid"] for person in who for track in person["tracks"]}
        cls.video, cls.audio = tracks["video"], tracks["audio"]
        cls.live = cls.new_live_stream()

    @classmethod
    def down(cls):
        if cls.publisher:
            cls.publisher.terminate()
            cls.publisher.wait(10)
        subprocess.run([TS, "sandbox", "down", "--dir", cls.dir + "/sandbox"], env=cls.env, capture_output=True,
                       timeout=60)
        cls.folder.cleanup()

    @classmethod
    def ts(cls, *words, env=None, stdin=""):
        done = subprocess.run([TS, *words], cwd=cls.dir, env={**cls.env, **(env or {})}, input=stdin,
                              capture_output=True, text=True, timeout=90)
        cls.spoken.append(done.stdout + done.stderr)
        return done

    @classmethod
    def ok(cls, *words, **more):
        done = cls.ts(*words, **more)
        if done.returncode != 0:
            raise AssertionError(f"ts {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @classmethod
    def json(cls, *words):
        return json.loads(cls.ok(*words, "--json"))

    def fails(self, code, *words, **more):
        done = self.ts(*words, "--json", **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        error = json.loads(done.stderr)
        self.assertEqual(error["schema"], "ts.error/1")
        self.assertEqual(error["exit"], code)
        self.assertEqual(done.stdout, "")
        return error

    @classmethod
    def new_live_stream(cls):
        return cls.ok("mux", "create", "--title", "e2e", "-o", "id").strip()

    def start(self, *more):
        return self.json("egress", "start", "--room", "main", "--video-track", self.video, "--audio-track", self.audio,
                         *more)

    def test_rooms_are_made_found_and_told_apart(self):
        made = self.json("room", "create", "second", "--metadata", "hello")
        self.assertTrue(made["sid"].startswith("RM_"))
        self.assertEqual(self.json("room", "create", "second")["sid"], made["sid"])
        self.assertEqual(self.json("room", "get", "second")["metadata"], "hello")
        self.assertIn("second", [room["name"] for room in self.json("room", "list")["rooms"]])
        self.assertEqual(self.fails(5, "room", "get", "nobody")["kind"], "not_found")
        self.fails(13, "room", "delete", "second")
        self.ok("room", "delete", "second", "--yes")
        self.fails(5, "room", "get", "second")

    def test_the_program_is_in_the_room(self):
        person = self.json("room", "who", "main", "--identity", "program")["participants"][0]
        self.assertEqual((person["state"], person["kind"]), ("active", "ingress"))
        ingress = self.json("ingress", "get", self.ingress)
        self.assertEqual((ingress["state"], ingress["video"]["width"], ingress["audio"]["sample_rate"]),
                         ("publishing", 640, 48000))
        self.assertNotIn(self.address.rsplit("/", 1)[1], json.dumps(ingress))

    def test_an_egress_reaches_mux_and_ends_when_stopped(self):
        egress = self.start("--mux", self.live, "--wait", "active", "--ref", "show-1")
        self.assertEqual(egress["status"], "active")
        self.assertEqual(egress["kind"], "track_composite")
        self.assertEqual(egress["streams"][0]["status"], "active")
        self.assertTrue(egress["streams"][0]["started_at"])
        self.ok("mux", "wait", self.live, "--state", "active", "--timeout", "40s")
        # The same key finds it; nothing is sent twice.
        self.assertEqual(self.start("--mux", self.live, "--ref", "show-1")["egress_id"], egress["egress_id"])
        running = self.json("egress", "list", "--room", "main", "--active")["egress"]
        self.assertIn(egress["egress_id"], [one["egress_id"] for one in running])
        self.assertEqual(self.fails(6, "egress", "start", "--room", "main", "--video-track", self.video, "--mux",
                                    self.live, "--ref", "show-1")["code"], "ref_mismatch")
        ended = self.json("egress", "stop", egress["egress_id"], "--wait")["egress"][0]
        self.assertEqual(ended["status"], "complete")
        again = self.ts("egress", "stop", egress["egress_id"])
        self.assertEqual(again.returncode, 0)
        self.assertIn("had ended already", again.stderr)

    def test_outputs_come_and_go_by_our_own_label(self):
        first, second = self.new_live_stream(), self.new_live_stream()
        egress = self.start("--mux", first, "--wait", "active")["egress_id"]
        self.ok("egress", "outputs", egress, "add", "--mux", second, "--label", "backup")
        self.ok("mux", "wait", second, "--state", "active", "--timeout", "40s")
        self.assertEqual(self.json("egress", "outputs", egress)["outputs"],
                         {"backup": "mux:" + second, "mux": "mux:" + first})
        self.assertEqual(self.fails(5, "egress", "outputs", egress, "remove", "--label", "bakcup")["hint"],
                         "did you mean backup?")
        left = self.json("egress", "outputs", egress, "remove", "--label", "backup")
        self.assertEqual(left["outputs"], {"mux": "mux:" + first})
        self.assertEqual(self.json("egress", "get", egress)["status"], "active")
        self.ok("egress", "stop", egress, "--wait")

    def test_failures_are_told_apart(self):
        self.assertEqual(self.fails(5, "egress", "start", "--room", "nobody", "--video-track", self.video, "--mux",
                                    self.live)["kind"], "not_found")
        self.assertEqual(self.fails(5, "egress", "stop", "EG_nobody")["kind"], "not_found")
        no_worker = self.fails(7, "egress", "start", "--web", "https://example.com/", "--mux", self.live)
        self.assertEqual((no_worker["code"], no_worker["http"]["status"]), ("no_response", 503))
        with open(self.dir + "/refused.txt", "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write("rtmp://127.0.0.1:9/app/secretkey99\n")
        refused = self.fails(12, "egress", "start", "--room", "main", "--video-track", self.video, "--rtmp-url-file",
                             "refused.txt", "--wait", "active", "--timeout", "40s")
        self.assertEqual(refused["code"], "output_refused")
        self.assertNotIn("secretkey99", refused["message"])

    def test_refused_credentials_are_explained(self):
        wrong = self.fails(4, "room", "list", env={"LIVEKIT_API_SECRET": "x" * 40})
        self.assertIn("LIVEKIT_API_SECRET", wrong["hint"])
        unknown = self.fails(4, "room", "list", env={"LIVEKIT_API_KEY": "APInobody"})
        self.assertEqual(unknown["code"], "unknown_key")
        self.assertEqual(self.fails(7, "room", "list", env={"LIVEKIT_URL": "ws://127.0.0.1:9"})["retryable"], True)

    def test_nothing_is_sent_by_a_dry_run(self):
        before = self.json("egress", "list")["egress"]
        planned = json.loads(self.ok("egress", "start", "--room", "main", "--video-track", self.video, "--mux",
                                     self.live, "--dry-run"))
        self.assertEqual(planned["schema"], "ts.dry_run/1")
        self.assertEqual([request["method"] for request in planned["requests"]], ["GET", "POST"])
        self.assertEqual(planned["requests"][1]["body"]["streamOutputs"][0]["urls"], [f"mux://STREAM_KEY_OF_{self.live}"])
        self.assertEqual(len(self.json("egress", "list")["egress"]), len(before))

    @classmethod
    def tearDownClass(cls):
        spoken = "\n".join(cls.spoken)
        for secret in (cls.env["LIVEKIT_API_SECRET"], cls.env["MUX_TOKEN_SECRET"], cls.address.rsplit("/", 1)[1]):
            assert secret not in spoken, "a secret was printed"


if __name__ == "__main__":
    unittest.main(verbosity=2)
