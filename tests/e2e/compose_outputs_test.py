#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a program's outputs do when the other end is not as it should be: certificates, full disks."""
import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from peers import Authority, Child, Nginx, Proxy, frame_codes, free_port  # noqa: E402
from tsrun import TS, Machine, main, wait_until  # noqa: E402


class Rtmps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = Machine()
        cls.nginx = Nginx(cls.machine.folder)
        cls.authority = Authority(cls.machine.folder)
        cls.right = Proxy(cls.nginx.port, cls.authority.server("localhost", "DNS:localhost"))
        cls.wrong = Proxy(cls.nginx.port, cls.authority.server("other.example", "DNS:other.example"))

    @classmethod
    def tearDownClass(cls):
        for end in (cls.right, cls.wrong, cls.nginx):
            end.stop()
        cls.machine.down()

    def send(self, key, proxy, env):
        with open(self.machine.path(key), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(f"rtmps://localhost:{proxy.port}/live/{key}\n")
        return self.machine.run("compose", "run", self.machine.show(), "--json", "--duration", "3s", "--out", f"rtmp-url-file:{key}",
                                check=False, env=env)

    def refused(self, done, *words):
        self.assertEqual(done.code, 12, done.err)
        error = done.error()
        self.assertEqual(error["schema"], "ts.error/1")
        for word in words:
            self.assertIn(word, error["message"])
        self.assertTrue(error["hint"])
        return error

    def test_an_untrusted_certificate_is_refused(self):
        done = self.send("untrusted-key", self.right, {})

        error = self.refused(done, "certificate", "trusted")
        self.assertIn("TS_CA_FILE", error["hint"])
        self.assertEqual(self.nginx.recordings("untrusted-key"), [])

    def test_a_certificate_for_another_host_is_refused(self):
        done = self.send("host-key", self.wrong, {"TS_CA_FILE": self.authority.file})

        self.refused(done, "certificate", "localhost")
        self.assertEqual(self.nginx.recordings("host-key"), [])

    def test_every_frame_arrives_when_the_certificate_is_right(self):
        done = self.send("good-key", self.right, {"TS_CA_FILE": self.authority.file})

        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(done.lines()[-1]["frames"], 90)
        [recording] = self.nginx.recordings("good-key")
        self.assertEqual(frame_codes(recording), list(range(90)))


class Srt(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()

    def tearDown(self):
        self.assertEqual(self.machine.down(), [], "processes were left running")

    def test_every_frame_arrives_and_a_receiver_that_comes_back_gets_on(self):
        port = free_port()
        with open(self.machine.path("url"), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(f"srt://127.0.0.1:{port}?passphrase=correct-horse&latency=200000")
        address = f"srt://127.0.0.1:{port}?mode=listener&passphrase=correct-horse"
        receive = ["ffmpeg", "-nostdin", "-v", "fatal", "-y", "-i", address, "-c", "copy"]
        first = Child(*receive, self.machine.path("first.ts"))
        process = self.machine.start("compose", "run", self.machine.show(), "--json", "--out", "srt-url-file:url")
        self.addCleanup(process.kill)

        def output():
            done = self.machine.run("compose", "output", "list", "--json", check=False)
            return done.json()["outputs"][0] if done.code == 0 else {"state": "", "frames": 0}
        written = {name: self.machine.path(name) for name in ("first.ts", "second.ts")}

        def received(name):
            return os.path.exists(written[name]) and os.path.getsize(written[name]) > 150_000
        wait_until(lambda: received("first.ts"), 30, "the first pictures")
        first.stop(signal.SIGTERM)
        wait_until(lambda: output()["state"] != "live", 20, "the loss of the receiver")
        second = Child(*receive, self.machine.path("second.ts"))
        wait_until(lambda: received("second.ts"), 30, "the return of the receiver")
        self.machine.run("compose", "stop")
        out, err = process.communicate(timeout=30)
        second.process.wait(20)

        self.assertEqual(process.returncode, 0, err)
        for name in ("first.ts", "second.ts"):
            codes = frame_codes(self.machine.path(name))
            self.assertGreater(len(codes), 30, name)
            self.assertEqual(codes, list(range(codes[0], codes[0] + len(codes))), name)
        self.assertNotIn("correct-horse", out + err)


class Restart(unittest.TestCase):
    """A program that is killed and started again, by a supervisor or an operator."""

    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.down)
        self.show = self.machine.show(cues=[])
        self.playlist = self.machine.path("live/index.m3u8")

    def listed(self):
        """The playlist's segments, in order; and its tags."""
        if not os.path.exists(self.playlist):
            return [], []
        with open(self.playlist, encoding="utf-8") as lines:
            lines = [line.strip() for line in lines]
        return [line for line in lines if not line.startswith("#")], [line for line in lines if line.startswith("#")]

    def broken_off(self, out):
        process = self.machine.start("compose", "run", self.show, "--out", out)
        wait_until(lambda: len(self.listed()[0]) >= 2, 30, "two segments")
        process.kill()
        process.communicate()
        return self.listed()[0]

    def test_viewers_of_hls_go_on_where_they_were(self):
        before = self.broken_off("hls:live")

        self.machine.run("compose", "run", self.show, "--out", "hls:live", "--duration", "5s")

        after, tags = self.listed()
        self.assertEqual(after[:len(before)], before, "what was there is lost")
        self.assertEqual(len(set(after)), len(after), "a segment was written over")
        self.assertIn("#EXT-X-MEDIA-SEQUENCE:0", tags)
        self.assertEqual(tags.count("#EXT-X-DISCONTINUITY"), 1)
        self.assertEqual(tags[-1], "#EXT-X-ENDLIST")
        for name in after:
            codes = frame_codes(self.machine.path("live/" + name))
            self.assertGreater(len(codes), 10, name)

    def test_a_show_that_ended_is_not_gone_on_with(self):
        self.machine.run("compose", "run", self.show, "--out", "hls:live", "--duration", "3s")

        self.machine.run("compose", "run", self.show, "--out", "hls:live", "--duration", "3s")

        _, tags = self.listed()
        self.assertNotIn("#EXT-X-DISCONTINUITY", tags)


class NobodyReads(unittest.TestCase):
    """Whoever reads the program's lines stands still: a pager, a terminal on Ctrl-S, a log collector that hangs."""

    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.down)

    def test_the_program_goes_on_and_ends(self):
        sources = {f"tone{i}": {"test": "bars", "tone_hz": 300 + i} for i in range(8)}
        show = self.machine.show(sources=sources, scenes={"one": {"layout": "full", "slots": ["tone0"]}}, cues=[
            {"at": f"{100 * i}ms", "gain": {name: -i for name in sources}} for i in range(1, 60)])
        process = self.machine.start("compose", "run", show, "--json", "-v", "--out", "file:out.mp4", pipesize=4096)
        self.addCleanup(process.kill)

        def ticks():
            done = self.machine.run("compose", "status", "--json", check=False)
            return done.json()["tick"] if done.code == 0 else 0

        wait_until(lambda: ticks() > 150, 30, "150 frames on air")
        self.machine.run("compose", "stop")

        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        ended = json.loads(out.splitlines()[-1])
        self.assertEqual(ended["event"], "ended")
        self.assertEqual((ended["gaps"], ended["frames"]), (0, ended["tick"]))


class FullDisk(unittest.TestCase):
    """A disk that is full after 300 kB: a size limit for the files of the process gives the same error, on every machine."""

    def setUp(self):
        self.machine = Machine()
        self.nginx = Nginx(self.machine.folder)

    def tearDown(self):
        self.nginx.stop()
        self.machine.down()

    def compose(self, *outputs, limit, **changes):
        show = self.machine.show(**{"encode": {"video_bitrate": "2000k", "gop": "500ms", "preset": "ultrafast"},
                                    "sources": {"noise": {"test": "moving", "filter": "noise=alls=60:allf=t"}, "gray": {"color": "#808080"}},
                                    "scenes": {"loud": {"layout": "full", "slots": ["noise"]}, "calm": {"layout": "full", "slots": ["gray"]}},
                                    "cues": [], "program": "loud", **changes})
        words = [TS, "compose", "run", show, "--json", "--duration", "5s"]
        for output in outputs:
            words += ["--out", output]

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(words, cwd=self.machine.folder, env=self.machine.env, text=True, capture_output=True, timeout=120,
                              preexec_fn=small_files)

    def test_a_full_disk_ends_the_recording_and_nothing_else(self):
        url = self.machine.path("url")
        with open(url, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
            out.write(self.nginx.url("healthy"))

        done = self.compose("file:full.mp4", f"rtmp-url-file:{url}", limit=300_000)

        self.assertEqual(done.returncode, 12, done.stderr)
        error = json.loads(done.stderr.strip().splitlines()[-1])
        self.assertIn("full.mp4", error["message"])
        self.assertRegex(error["message"], "no space|too large")
        self.assertIn("room on the disk", error["hint"])
        ended = json.loads(done.stdout.strip().splitlines()[-1])
        states = {output["name"]: output["state"] for output in ended["outputs"]}
        self.assertEqual((ended["event"], ended["frames"], sorted(states.values())), ("ended", 150, ["failed", "finished"]))
        [recording] = self.nginx.recordings("healthy")
        self.assertEqual(frame_codes(recording), list(range(150)))
        codes = frame_codes(self.machine.path("full.mp4"))
        self.assertGreaterEqual(len(codes), 15)
        self.assertEqual(codes, list(range(len(codes))))

    def test_hls_and_mkv_say_so_too(self):
        for output, written in (("hls:live", "live/*.ts"), ("file:full.mkv", "full.mkv")):
            with self.subTest(output=output):
                done = self.compose(output, limit=200_000)

                self.assertEqual(done.returncode, 12, done.stderr)
                error = json.loads(done.stderr.strip().splitlines()[-1])
                self.assertRegex(error["message"], "no space|too large")
                self.assertIn("room on the disk", error["hint"])
                first = sorted(glob.glob(self.machine.path(written)))[0]
                self.assertGreater(len(frame_codes(first)), 0)

    def playlist(self):
        with open(self.machine.path("live/index.m3u8"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[:1], ["#EXTM3U"])
        return [line for line in lines if line and not line.startswith("#")]

    def test_a_playlist_names_no_segment_that_was_not_written(self):
        for fmp4 in (False, True):
            with self.subTest(fmp4=fmp4):
                shutil.rmtree(self.machine.path("live"), ignore_errors=True)
                # Two seconds of one color are small; noise is not.
                done = self.compose(limit=100_000, outputs=[{"hls": "live", "segment": "500ms", "fmp4": fmp4}],
                                    cues=[{"at": "2s", "take": "loud"}], program="calm")

                self.assertEqual(done.returncode, 12, done.stderr)
                parts = self.playlist()
                self.assertGreaterEqual(len(parts), 2)
                # Read whole by somebody else: not one complaint.
                read = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.machine.path("live/index.m3u8"), "-f", "null", "-"],
                                      text=True, capture_output=True, check=True)
                self.assertEqual(read.stderr, "")

    def test_a_playlist_stays_as_it_was_when_it_cannot_be_written(self):
        show = self.machine.show(outputs=[{"hls": "live", "segment": "500ms"}])
        process = self.machine.start("compose", "run", show, "--json", "--duration", "60s")
        self.addCleanup(process.kill)

        def no_room_for_the_next():
            if not os.path.exists(self.machine.path("live/index.m3u8")) or len(self.playlist()) < 2:
                return False
            try:
                os.symlink("/dev/full", self.machine.path("live/index.m3u8.tmp"))
            except FileExistsError:
                return False  # it is being written just now
            return True
        wait_until(no_room_for_the_next, 30, "a playlist of two segments")
        out, err = process.communicate(timeout=60)

        self.assertEqual(process.returncode, 12, err)
        self.assertIn("room on the disk", json.loads(err.strip().splitlines()[-1])["hint"])
        self.assertFalse(os.path.islink(self.machine.path("live/index.m3u8")))
        parts = self.playlist()
        self.assertGreaterEqual(len(parts), 2)
        for part in parts:
            self.assertGreater(len(frame_codes(self.machine.path(f"live/{part}"))), 10, part)

    def test_a_device_that_is_always_full(self):
        os.symlink("/dev/full", self.machine.path("full.mkv"))

        done = self.machine.run("compose", "run", self.machine.show(), "--json", "--duration", "2s", "--out", "file:full.mkv", check=False)

        self.assertEqual(done.code, 12, done.err)
        self.assertIn("no space left", done.error()["message"])
        self.assertIn("room on the disk", done.error()["hint"])


if __name__ == "__main__":
    main()
