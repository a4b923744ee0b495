#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job against the sandbox: a show goes live, viewers get the right picture, and nothing stays behind."""
import json
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from peers import flashes_and_beeps, make_clip  # noqa: E402
from tsrun import Machine, ffprobe, main, wait_until  # noqa: E402


class GoLive(unittest.TestCase):
    def setUp(self):
        self.machine = Machine().up()

    def tearDown(self):
        left = self.machine.down()
        self.assertEqual(left, [], "processes were left running")

    def sandbox_is_empty(self):
        rooms = self.machine.run("room", "list", "--json").json()["rooms"]
        ingress = self.machine.run("ingress", "list", "--json").json()["ingress"]
        egress = self.machine.run("egress", "list", "--active", "--json").json()["egress"]
        self.assertEqual((rooms, ingress, egress), ([], [], []))

    def test_viewers_get_the_show_and_everything_is_ended(self):
        make_clip(self.machine.path("flash.mp4"), flash=True, seconds=4, size="1280x720")
        show = self.machine.show(canvas={"width": 1280, "height": 720, "fps": 30},
                                 sources={"flash": {"url": "flash.mp4", "loop": True}, "bars": {"test": "bars"}},
                                 scenes={"one": {"layout": "full", "slots": ["flash"]}, "both": {"layout": "pip", "slots": ["flash", "bars"]}})

        done = self.machine.run("live", "start", show, "--duration", "10s", "--json", timeout=180)

        summary = done.lines()[-1]
        self.assertTrue(summary["ended_by_show"])
        self.sandbox_is_empty()
        report = self.machine.run("live", "report", "e2e", "--sheet", self.machine.path("sheet.png"), "--json").json()
        self.assertTrue(report["sheet"]["ok"])
        self.assertGreater(os.path.getsize(self.machine.path("sheet.png")), 10000)
        url = f'{self.machine.settings["MUX_STREAM_BASE_URL"]}/{summary["asset_playback_id"]}.m3u8'
        self.judge(url)

    def judge(self, url):
        """ffprobe's view of the recording: codecs, monotonic timestamps, sound and picture together."""
        probe = ffprobe(url, "-show_streams", "-show_packets")
        kinds = {s["codec_type"]: s for s in probe["streams"]}
        self.assertEqual((kinds["video"]["codec_name"], kinds["audio"]["codec_name"]), ("h264", "aac"))
        self.assertEqual((kinds["video"]["width"], kinds["video"]["height"], kinds["video"]["r_frame_rate"]), (1280, 720, "30/1"))
        times = {"video": [], "audio": []}
        for packet in probe["packets"]:
            times[packet["codec_type"]].append(float(packet["dts_time"]))
        for kind, dts in times.items():
            self.assertEqual(dts, sorted(set(dts)), f"{kind} timestamps go back or stand still")
        frame = [after - before for before, after in zip(times["video"], times["video"][1:])]
        self.assertLess(max(abs(step - 1 / 30) for step in frame), 0.002, "a frame is missing or late")
        # A white picture and a beep begin together every second: what reaches the viewer, from the first to the last.
        flashes, beeps = flashes_and_beeps(url)
        self.assertGreaterEqual(len(flashes), 8)
        offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes]
        self.assertLess(max(abs(offset) for offset in offsets), 0.04, [f"{offset * 1000:.1f} ms" for offset in offsets])
        self.assertLess(max(offsets) - min(offsets), 0.015, "sound drifts against the picture")

    def test_direct_without_livekit(self):
        show = self.machine.show()

        done = self.machine.run("live", "start", show, "--duration", "5s", "--direct", "--json", timeout=180)

        self.assertEqual(done.lines()[-1]["state"], "ended")
        self.assertTrue(done.lines()[-1]["asset_id"])

    def test_detach_status_and_end(self):
        show = self.machine.show()

        started = self.machine.run("live", "start", show, "--detach", "--json", timeout=180).json()
        self.assertEqual(started["state"], "live")
        self.assertTrue(self.machine.run("live", "status", "--json").json()["running"])
        ended = self.machine.run("live", "end", "--json", timeout=120).json()

        self.assertEqual(ended["state"], "ended")
        self.sandbox_is_empty()
        wait_until(lambda: not [p for p in self.machine.processes() if "live start" in p[1]], 10, "the end of the detached process")

    def test_a_dead_compositor_is_started_again(self):
        show = self.machine.show()
        self.machine.run("live", "start", show, "--detach", "--json", timeout=180)
        compositor = [pid for pid, command in self.machine.processes() if "compose run" in command]
        self.assertEqual(len(compositor), 1)

        self.machine.run("compose", "audio", "bars", "--gain=-7")
        scene = self.machine.run("compose", "status", "--json").json()["program"]
        self.machine.run("compose", "black")
        # A terminal that is closed ends nothing.
        for pid, command in self.machine.processes():
            if "live start" in command or "compose run" in command:
                os.kill(pid, signal.SIGHUP)
        os.kill(compositor[0], signal.SIGKILL)

        def mended():
            timeline = self.machine.run("live", "report", "--json").json()["timeline"]
            steps = [(line["step"], line["state"]) for line in timeline]
            return ("mend", "note") in steps and steps.count(("wait_egress", "done")) == 2
        wait_until(mended, 60, "the mending")
        status = self.machine.run("compose", "status", "--json").json()
        self.assertEqual((status["program"], status["black"], status["holding"]), (scene, True, False))
        self.assertEqual([s["gain_db"] for s in status["sources"] if s["name"] == "bars"], [-7])
        self.machine.run("compose", "black", "--back")
        self.machine.run("playback", "check", self.machine.run("live", "status", "--json").json()["playback_url"], "--for", "6s")
        self.machine.run("live", "end", timeout=120)
        self.sandbox_is_empty()

    def test_viewers_who_wait_are_noticed(self):
        show = self.machine.show()
        process = self.machine.start("live", "start", show, "--json")
        events = (json.loads(line) for line in process.stdout)
        next(event for event in events if event.get("step") == "live")
        recorders = [pid for pid, command in self.machine.processes() if " ingest " in command]
        self.assertTrue(recorders)

        for pid in recorders:
            os.kill(pid, signal.SIGSTOP)
        stalled = next(event for event in events if event.get("step") == "viewers")
        for pid in recorders:
            os.kill(pid, signal.SIGCONT)
        over = next(event for event in events if event.get("step") == "viewers")
        self.machine.run("live", "end", timeout=120)
        summary = [event for event in events if event["schema"] == "ts.live/1"][-1]
        process.stderr.read()

        self.assertEqual(process.wait(60), 0)
        self.assertIn("stood still", stalled["text"])
        self.assertIn("goes on", over["text"])
        self.assertEqual(summary["problems"], [stalled["text"], over["text"]])

    def test_a_killed_run_is_ended_from_its_record(self):
        show = self.machine.show()
        self.machine.run("live", "start", show, "--detach", timeout=180)
        owner = [pid for pid, command in self.machine.processes() if "live start" in command]

        for pid in owner:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not [p for p in self.machine.processes() if "compose run" in p[1]], 10, "the compositor's end with its owner")
        self.machine.run("live", "end", timeout=120)

        self.sandbox_is_empty()

    def test_a_failing_step_undoes_what_was_made(self):
        show = self.machine.show()
        refused = self.machine.run("live", "start", show, "--json", "--timeout", "4s", timeout=120, check=False,
                                   env={"TS_MEDIA": "/bin/false"})

        self.assertNotEqual(refused.code, 0)
        self.assertEqual(refused.error()["schema"], "ts.error/1")
        self.sandbox_is_empty()
        self.assertEqual(self.machine.run("mux", "list", "--json").json()["live_streams"], [])

    def test_ctrl_c_at_any_moment_leaves_nothing(self):
        show = self.machine.show()
        for step in ("create_stream", "create_ingress", "wait_tracks", "wait_egress", "check_playlist"):
            with self.subTest(step=step):
                process = self.machine.start("live", "start", show, "--json")
                for line in process.stdout:
                    event = json.loads(line)
                    if event.get("step") == step:
                        process.send_signal(signal.SIGINT)
                        break
                process.stdout.read()
                error = process.stderr.read()
                self.assertEqual(process.wait(60), 130, error)
                self.sandbox_is_empty()
                streams = self.machine.run("mux", "list", "--json").json()["live_streams"]
                # What viewers may have seen keeps its recording: that stream is completed, not deleted.
                self.assertEqual([s["status"] for s in streams], ["idle"] if step == "check_playlist" else [])

    def test_preconditions_refuse_early(self):
        cases = [
            (self.machine.show("missing.json", sources={"bars": {"url": "not-there.mp4"}},
                               scenes={"one": {"layout": "full", "slots": ["bars"]}}, cues=[]), {}, 12),
            (self.machine.show("half.json"), {"LIVEKIT_API_SECRET": "wrong-secret-wrong-secret-wrong-secret"}, 4),
            (self.machine.show("gone.json"), {"LIVEKIT_URL": "ws://127.0.0.1:9"}, 7),
        ]
        for show, env, code in cases:
            with self.subTest(show=show):
                refused = self.machine.run("live", "start", show, "--json", env=env, check=False)
                self.assertEqual(refused.code, code, refused.err)
                self.assertTrue(refused.error()["hint"])
        self.assertEqual(self.machine.run("mux", "list", "--json").json()["live_streams"], [])


if __name__ == "__main__":
    main()
