#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of address a program takes pictures from, sent by other people's programs; what breaks, comes back; what is no
media, or points where it must not, is refused."""
import array
import json
import os
import struct
import subprocess
import sys
import time
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from peers import Child, HttpFolder, Nginx, Proxy, free_port, listening, make_clip, publish, tone_level  # noqa: E402
from tsrun import Machine, ffprobe, main, wait_until  # noqa: E402

COLORS = {"http": (0xC0, 0x20, 0x20), "hls": (0x20, 0xA0, 0x20), "vod": (0x20, 0x20, 0xC0),
          "srt": (0xC0, 0xC0, 0x20), "rtsp": (0x20, 0xC0, 0xC0), "rtmp": (0xC0, 0x20, 0xC0)}
TONES = {name: 500 + 350 * i for i, name in enumerate(COLORS)}


class Sources(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.ends = []

    def tearDown(self):
        for end in reversed(self.ends):
            end.stop()
        self.assertEqual(self.machine.down(), [], "processes were left running")

    def end(self, end):
        self.ends.append(end)
        return end

    def clip(self, name, seconds=20):
        color = "0x" + "".join(f"{part:02x}" for part in COLORS[name])
        return make_clip(self.machine.path(name + ".mp4"), color=color, tone=TONES[name], seconds=seconds, options=("-movflags", "+faststart"))

    def peers(self):
        """All of them at once. Returns their addresses."""
        clips = {name: self.clip(name) for name in COLORS}
        web = self.end(HttpFolder(self.machine.folder))
        for folder in ("live", "whole"):
            os.mkdir(self.machine.path(folder))
        hls = ("-hls_time", "1", "-hls_segment_type", "mpegts")
        self.end(publish(clips["hls"], self.machine.path("live/index.m3u8"), "hls", *hls, "-hls_list_size", "4", "-hls_flags", "delete_segments"))
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clips["vod"], "-c", "copy", *hls, "-hls_playlist_type", "vod",
                        self.machine.path("whole/index.m3u8")], check=True, timeout=60)
        srt, rtsp = free_port(), free_port()
        self.end(publish(clips["srt"], f"srt://127.0.0.1:{srt}?mode=listener", "mpegts"))
        server = os.path.join(os.path.dirname(__file__), "..", "support", "rtsp_server.py")
        self.end(Child("/usr/bin/python3", server, str(rtsp), clips["rtsp"]))
        nginx = self.end(Nginx(self.machine.folder))
        self.end(publish(clips["rtmp"], nginx.url("rtmp", "relay")))
        # With one segment in it, whoever comes is at its edge and waits for the next ones, sound and all.
        playlist = self.machine.path("live/index.m3u8")
        wait_until(lambda: os.path.exists(playlist) and open(playlist, encoding="utf-8").read().count(".ts") >= 4, 20, "the live playlist")
        wait_until(lambda: listening(rtsp), 20, "the RTSP server")
        return {"http": web.url + "/http.mp4", "hls": web.url + "/live/index.m3u8", "vod": web.url + "/whole/index.m3u8",
                "srt": f"srt://127.0.0.1:{srt}", "rtsp": f"rtsp://127.0.0.1:{rtsp}/clip", "rtmp": nginx.url("rtmp", "relay")}

    def test_pictures_and_sound_come_from_every_kind_of_address(self):
        addresses = self.peers()
        show = self.machine.show(sources={name: {"url": url, "gain_db": -12} for name, url in addresses.items()}, frame_code=False,
                                 scenes={"all": {"layout": "grid", "slots": list(addresses)}}, program="all", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "10s", "--out", "file:out.mkv")

        ended = done.lines()[-1]
        self.assertEqual((ended["frames"], ended["samples"], ended["gaps"]), (300, 480000, 0))
        self.assertEqual({s["name"]: s["state"] for s in ended["sources"]}, {name: "live" for name in addresses})
        picture = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "8", "-i", self.machine.path("out.mkv"), "-frames:v", "1",
                                  "-vf", "format=rgb24,scale=3:2:flags=area", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
        for i, (name, color) in enumerate(COLORS.items()):
            # The cell's border and what lies around the picture are in the mean: the nearest color is what counts.
            seen = picture[3 * i:3 * i + 3]
            nearest = min(COLORS, key=lambda other: sum((a - b) ** 2 for a, b in zip(COLORS[other], seen)))
            self.assertEqual(nearest, name, f"cell {i} shows {tuple(seen)}, not {color}")
        sound = array.array("h", subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "7", "-i", self.machine.path("out.mkv"), "-ac", "1",
                                                 "-ar", "48000", "-f", "s16le", "-t", "1", "-"], capture_output=True, check=True).stdout)
        quiet = tone_level(sound, 450)
        for name, tone in TONES.items():
            self.assertGreater(tone_level(sound, tone), max(0.01, 4 * quiet), f"the tone of {name}")

    def states(self, name):
        """A source's state as the running program reports it."""
        for source in self.machine.run("compose", "status", "--json").json()["sources"]:
            if source["name"] == name:
                return source
        raise AssertionError(name)

    def test_a_source_comes_back_after_a_reset_and_after_its_server_was_away(self):
        nginx = self.end(Nginx(self.machine.folder))
        self.end(publish(self.clip("rtmp", 4), nginx.url("rtmp", "relay")))
        proxy = self.end(Proxy(nginx.port))
        show = self.machine.show(sources={"rtmp": {"url": f"rtmp://127.0.0.1:{proxy.port}/relay/rtmp"}, "bars": {"test": "bars"}},
                                 scenes={"one": {"layout": "full", "slots": ["rtmp"]}}, program="one", cues=[])
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv")
        self.addCleanup(process.kill)

        def live():
            return self.states("rtmp")["state"] == "live"

        def returned(before):
            now = self.states("rtmp")
            return now["state"] == "live" and now["frames"] > before["frames"] + 5

        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        wait_until(live, 20, "the first picture")

        proxy.reset()
        lost = wait_until(lambda: (now := self.states("rtmp"))["losses"] == 1 and now, 5, "the loss")
        wait_until(lambda: returned(lost), 10, "the return after a reset")
        proxy.mode = "reject"
        proxy.reset()
        wait_until(lambda: self.states("rtmp")["losses"] == 2 and not live(), 5, "the second loss")
        proxy.mode = "pass"
        since = time.monotonic()
        wait_until(live, 5, "the return of the server")
        back = time.monotonic() - since

        self.machine.run("compose", "stop")
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        ended = json.loads(out.splitlines()[-1])
        self.assertEqual((ended["gaps"], ended["frames"]), (0, ended["tick"]))
        # The clip has a key frame every second: 2 s after the first one that can come.
        self.assertLess(back, 3.2)

    def test_cameras_call_us(self):
        rtmp, srt = free_port(), free_port()
        listen = {"rtmp": f"rtmp://127.0.0.1:{rtmp}/live/one", "hls": f"rtmp://127.0.0.1:{rtmp}/live/two", "srt": f"srt://127.0.0.1:{srt}"}
        sources = {**{name: {"listen": url} for name, url in listen.items()}, "gray": {"color": "#808080"}}
        show = self.machine.show(sources=sources, frame_code=False, scenes={"all": {"layout": "grid", "slots": list(sources)}}, program="all", cues=[])
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv", "--iso", "iso")
        self.addCleanup(process.kill)
        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        clips = {name: self.clip(name, 4) for name in listen}

        stranger = publish(clips["rtmp"], f"rtmp://127.0.0.1:{rtmp}/live/three")
        self.assertNotEqual(stranger.process.wait(20), 0, "a key that nobody waits for was taken")
        cameras = {name: self.end(publish(clips[name], url, "mpegts" if name == "srt" else "flv")) for name, url in listen.items()}
        for name in listen:
            wait_until(lambda name=name: self.states(name)["state"] == "live" and self.states(name)["frames"] > 60, 20, name)
        # A camera that is switched off and on again.
        for name in ("rtmp", "srt"):
            cameras[name].stop()
            lost = wait_until(lambda name=name: (now := self.states(name))["state"] == "lost" and now, 15, "the loss")

            def returned(name=name, lost=lost):
                # As cameras do, it calls again until it is let in: SRT takes 5 s to notice that the first one is gone.
                if cameras[name].process.poll() is not None:
                    cameras[name] = self.end(publish(clips[name], listen[name], "mpegts" if name == "srt" else "flv"))
                now = self.states(name)
                return now["state"] == "live" and now["frames"] > lost["frames"] + 60
            wait_until(returned, 30, f"the return of {name}")

        self.machine.run("compose", "stop")
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        ended = json.loads(out.splitlines()[-1])
        self.assertEqual((ended["gaps"], ended["frames"]), (0, ended["tick"]))
        # Clean recordings: the camera's own pictures and sound, a file for each time it called.
        for name, files in {"rtmp": 2, "hls": 1, "srt": 2}.items():
            for n in range(1, files + 1):
                probe = ffprobe(self.machine.path(f"iso/{name}.mkv" if n == 1 else f"iso/{name}-{n}.mkv"), "-show_streams", "-count_frames")
                kinds = {s["codec_type"]: s for s in probe["streams"]}
                self.assertEqual((kinds["video"]["width"], kinds["video"]["height"], kinds["audio"]["codec_name"]), (320, 180, "aac"), name)
                self.assertGreater(int(kinds["video"]["nb_read_frames"]), 20, name)
        picture = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-sseof", "-0.3", "-i", self.machine.path("out.mkv"), "-frames:v", "1",
                                  "-vf", "format=rgb24,scale=2:2:flags=area", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
        for i, name in enumerate(listen):
            seen = picture[3 * i:3 * i + 3]
            self.assertEqual(min(COLORS, key=lambda other: sum((a - b) ** 2 for a, b in zip(COLORS[other], seen))), name, tuple(seen))

    def test_a_playlist_goes_on_at_the_seam_of_its_encoder(self):
        # The encoder began anew, its clock with it: we come while both sides are in the list.
        folder = self.machine.path("web")
        os.makedirs(folder)
        for name in ("a", "b"):
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i", "sine=r=48000", "-t", "12",
                            "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "hls", "-hls_time", "2",
                            "-hls_list_size", "0", "-hls_segment_filename", f"{folder}/{name}%d.ts", f"{folder}/{name}.m3u8"], check=True)
        segments = ["a4", "a5", "", "b0", "b1"]
        with open(f"{folder}/live.m3u8", "w", encoding="utf-8") as out:
            out.write("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:4\n")
            out.write("".join(f"#EXTINF:2.0,\n{name}.ts\n" if name else "#EXT-X-DISCONTINUITY\n" for name in segments))
        web = self.end(HttpFolder(folder))
        show = self.machine.show(sources={"hls": {"url": web.url + "/live.m3u8"}}, frame_code=False,
                                 scenes={"one": {"layout": "full", "slots": ["hls"]}}, program="one", cues=[])

        self.machine.run("compose", "run", show, "--out", "file:out.mkv", "--duration", "6s")

        said = subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-ss", "1", "-t", "4", "-i", self.machine.path("out.mkv"), "-vf", "freezedetect=n=0.003:d=0.3",
                               "-af", "silencedetect=n=-50dB:d=0.2", "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
        self.assertNotIn("freeze_start", said)
        self.assertNotIn("silence_start", said)

    def test_a_film_behind_an_address_ends_like_a_file(self):
        make_clip(self.machine.path("film.mp4"), seconds=5, options=("-movflags", "+faststart"))
        web = self.end(HttpFolder(self.machine.folder))
        show = self.machine.show(sources={"film": {"url": web.url + "/film.mp4"}}, scenes={"one": {"layout": "full", "slots": ["film"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--out", "file:out.mkv", "--duration", "7s")

        film = next(s for s in done.lines()[-1]["sources"] if s["name"] == "film")
        self.assertEqual((film["state"], film["losses"]), ("ended", 0))

    def test_a_source_that_gives_nothing_leaves_no_recordings(self):
        # Its index is at its end, and this server sends no parts: it opens and fails, again and again.
        make_clip(self.machine.path("late.mp4"), seconds=4)
        web = self.end(HttpFolder(self.machine.folder))
        show = self.machine.show(sources={"late": {"url": web.url + "/late.mp4"}, "gray": {"color": "#808080"}},
                                 scenes={"one": {"layout": "full", "slots": ["late"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--out", "file:out.mkv", "--iso", "iso", "--duration", "3s")

        late = next(s for s in done.lines()[-1]["sources"] if s["name"] == "late")
        self.assertEqual((late["state"], late["frames"]), ("lost", 0))
        self.assertEqual(os.listdir(self.machine.path("iso")), [])

    def test_a_camera_is_seen_from_its_first_key_frame(self):
        # One key frame in a minute: who misses it, waits for the next.
        rtmp, srt = free_port(), free_port()
        listen = {"rtmp": f"rtmp://127.0.0.1:{rtmp}/live/one", "srt": f"srt://127.0.0.1:{srt}"}
        show = self.machine.show(sources={name: {"listen": url} for name, url in listen.items()}, frame_code=False,
                                 scenes={"all": {"layout": "side-by-side", "slots": list(listen)}}, program="all", cues=[])
        clip = make_clip(self.machine.path("long.mp4"), seconds=60, options=("-g", "1800", "-sc_threshold", "0"))
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv", "--iso", "iso")
        self.addCleanup(process.kill)
        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        for name, url in listen.items():
            self.end(publish(clip, url, "mpegts" if name == "srt" else "flv"))
        for name in listen:
            wait_until(lambda name=name: self.states(name)["state"] == "live" and self.states(name)["frames"] > 30, 25, name)
        self.machine.run("compose", "stop")
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        for name in listen:
            first = ffprobe(self.machine.path(f"iso/{name}.mkv"), "-show_packets", "-select_streams", "v", "-read_intervals", "%+#1")["packets"][0]
            self.assertTrue(first["flags"].startswith("K"), name)

    def test_a_camera_that_ends_off_air_is_called_again(self):
        """Its packets are only kept, not decoded, when nobody looks at it: that it is gone must be noticed all the same."""
        url = f"rtmp://127.0.0.1:{free_port()}/live/one"
        show = self.machine.show(sources={"rtmp": {"listen": url}, "gray": {"color": "#808080"}}, frame_code=False, program="off", cues=[],
                                 scenes={"off": {"layout": "full", "slots": ["gray"]}, "on": {"layout": "full", "slots": ["rtmp"]}})
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv")
        self.addCleanup(process.kill)
        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        clip = self.clip("rtmp", 4)
        for n in range(2):
            camera = self.end(publish(clip, url))
            wait_until(lambda: self.states("rtmp")["state"] == "live", 20, "the camera")
            self.assertEqual(self.states("rtmp")["frames"], 0, "it was decoded")
            camera.stop()
            wait_until(lambda n=n: (now := self.states("rtmp"))["state"] == "lost" and now["losses"] == n + 1, 15, "the loss")
        self.end(publish(clip, url))
        wait_until(lambda: self.states("rtmp")["state"] == "live", 20, "the return of the camera")
        self.machine.run("compose", "cut", "on")
        wait_until(lambda: self.states("rtmp")["frames"] > 30, 20, "its pictures")
        self.machine.run("compose", "stop")
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        picture = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-sseof", "-0.3", "-i", self.machine.path("out.mkv"), "-frames:v", "1",
                                  "-vf", "format=rgb24,scale=1:1:flags=area", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
        self.assertLess(max(abs(a - b) for a, b in zip(picture, COLORS["rtmp"])), 24, tuple(picture))

    def test_sources_come_and_go_while_the_program_runs(self):
        for name in ("http", "vod"):
            self.clip(name, 4)
        show = self.machine.show(sources={"gray": {"color": "#808080"}, "other": {"color": "#404040"}}, frame_code=True,
                                 scenes={"one": {"layout": "full", "slots": ["gray"]}, "two": {"layout": "side-by-side", "slots": ["gray", "other"]}},
                                 program="one", cues=[])
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv")
        self.addCleanup(process.kill)
        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        ts = self.machine.run

        ts("compose", "source", "add", "late", "--url", "http.mp4", "--loop")
        wait_until(lambda: self.states("late")["frames"] > 0, 20, "the new source")
        ts("compose", "cut", "late")
        self.assertEqual(ts("compose", "source", "remove", "late", check=False).code, 6, "it is on air")
        self.assertEqual(ts("compose", "source", "add", "late", "--url", "vod.mp4", check=False).code, 6, "the name is taken")
        self.assertEqual(ts("compose", "source", "add", "bad", "--url", "nothing.mp4", check=False).code, 12)
        self.assertEqual(ts("compose", "source", "remove", "nobody", check=False).code, 5)
        ts("compose", "shot", self.machine.path("late.png"))
        ts("compose", "cut", "one")
        ts("compose", "source", "remove", "late")
        names = [source["name"] for source in ts("compose", "status", "--json").json()["sources"]]
        self.assertEqual(names, ["gray", "other"])
        # The name is free again, and its scene shows whatever has it.
        ts("compose", "source", "add", "late", "--url", "vod.mp4", "--loop")
        ts("compose", "cut", "late")
        ts("compose", "source", "restart", "late")
        wait_until(lambda: self.states("late")["state"] == "live", 20, "the restarted source")
        ts("compose", "shot", self.machine.path("again.png"))
        ts("compose", "cut", "one")
        # A source that a scene has a place for: its card is shown there.
        ts("compose", "source", "remove", "other")
        ts("compose", "cut", "two")

        ts("compose", "stop")
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        ended = json.loads(out.splitlines()[-1])
        self.assertEqual((ended["gaps"], ended["frames"]), (0, ended["tick"]))
        for name, color in (("late.png", "http"), ("again.png", "vod")):
            seen = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.machine.path(name), "-vf", "crop=iw:ih/2:0:ih/4,scale=1:1:flags=area",
                                   "-pix_fmt", "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
            self.assertEqual(min(COLORS, key=lambda other: sum((a - b) ** 2 for a, b in zip(COLORS[other], seen))), color, tuple(seen))

    def test_a_port_in_use_is_refused(self):
        nginx = self.end(Nginx(self.machine.folder))
        show = self.machine.show(sources={"cam": {"listen": nginx.url("x")}}, scenes={"one": {"layout": "full", "slots": ["cam"]}},
                                 program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "1s", "--out", "file:x.mkv", check=False)

        self.assertEqual(done.code, 6, done.err)
        self.assertIn("'cam'", done.error()["message"])
        self.assertTrue(done.error()["hint"])

    def test_a_device_that_is_not_there_is_lost_and_the_program_goes_on(self):
        show = self.machine.show(sources={"cam": {"device": "v4l2:/dev/video-none", "size": "640x480", "fps": 30}, "mic": {"device": "alsa:nothing"}},
                                 scenes={"one": {"layout": "full", "slots": ["cam"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "2s", "--out", "file:x.mkv")

        ended = done.lines()[-1]
        self.assertEqual((ended["frames"], [source["state"] for source in ended["sources"]]), (60, ["lost", "lost"]))
        self.assertIn("cannot open video device /dev/video-none (no such file", ended["sources"][0]["reason"])

    def refuse(self, source, *words):
        show = self.machine.show("bad.json", sources={"bad": source}, scenes={"one": {"layout": "full", "slots": ["bad"]}},
                                 program="one", cues=[])
        done = self.machine.run("compose", "run", show, "--json", "--duration", "1s", "--out", "file:bad.mkv", check=False, timeout=30)
        self.assertEqual(done.code, 12, (source, done.err))
        error = done.error()
        self.assertTrue(error["hint"])
        self.assertIn("'bad'", error["message"])
        for word in words:
            self.assertIn(word, error["message"])
        self.assertFalse(os.path.exists(self.machine.path("bad.mkv")), "an output was begun")

    def test_files_that_are_no_media_are_refused(self):
        whole = open(self.clip("http", 2), "rb").read()
        files = {"empty.mp4": b"", "zeros.mkv": bytes(1 << 20), "text.ts": b"this is no film\n" * 1000,
                 "random.mp4": os.urandom(1 << 16), "random.mkv": os.urandom(1 << 16), "no-index.mp4": whole[200_00:]}
        for name, data in files.items():
            with self.subTest(name=name):
                with open(self.machine.path(name), "wb") as out:
                    out.write(data)
                self.refuse({"url": name})
        os.mkfifo(self.machine.path("fifo.mp4"))
        self.refuse({"url": "fifo.mp4"}, "no regular file")
        self.refuse({"url": "/dev/zero"}, "no regular file")
        self.refuse({"url": "."}, "no regular file")
        self.refuse({"url": "nothing.mp4"}, "no such file")

    def test_raw_video_plays_at_its_own_rate_and_loops(self):
        """Without a single time in it, and with pictures that are not stored in the order they are shown in."""
        make = ["ffmpeg", "-nostdin", "-v", "error"]
        subprocess.run([*make, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-t", "2", "-c:v", "libx264", "-bf", "3", "-g", "20",
                        "-pix_fmt", "yuv420p", self.machine.path("a.mp4")], check=True)
        subprocess.run([*make, "-i", self.machine.path("a.mp4"), "-c", "copy", "-bsf:v", "h264_mp4toannexb", self.machine.path("a.h264")], check=True)
        seen = {}
        for name in ("a.mp4", "a.h264"):
            show = self.machine.show(sources={"a": {"url": name, "loop": True}}, scenes={"one": {"layout": "full", "slots": ["a"]}},
                                     canvas={"width": 320, "height": 180, "fps": 25}, program="one", cues=[], frame_code=False, duration="5s")
            self.machine.run("compose", "run", show, "--offline", "--out", "file:out.mkv", timeout=15)
            seen[name] = subprocess.run([*make, "-i", self.machine.path("out.mkv"), "-map", "v", "-f", "framemd5", "-"],
                                        capture_output=True, check=True, text=True).stdout
        self.assertEqual(seen["a.h264"].count("\n0,"), 125)
        self.assertEqual(seen["a.h264"], seen["a.mp4"])

    def test_a_film_without_times_says_so_and_the_program_goes_on(self):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.clip("http", 2), "-c", "copy", self.machine.path("whole.ts")], check=True)
        data = bytearray(open(self.machine.path("whole.ts"), "rb").read())
        for at in range(0, len(data), 188):
            head = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
            # The header of a PES packet: its flags say that no times follow, and stuffing does.
            if data[at + 1] & 0x40 and data[head:head + 3] == b"\0\0\1":
                length = data[head + 8]
                data[head + 7] &= 0x3F
                data[head + 9:head + 9 + length] = b"\xff" * length
        with open(self.machine.path("timeless.ts"), "wb") as out:
            out.write(data)
        show = self.machine.show(sources={"film": {"url": "timeless.ts"}}, scenes={"one": {"layout": "full", "slots": ["film"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "2s", "--out", "file:out.mkv")

        self.assertRegex(done.err, "source 'film': its (pictures carry|sound carries) no times")
        self.assertEqual(done.lines()[-1]["frames"], 60)
        self.assertGreater(done.lines()[-1]["sources"][0]["losses"], 0)

    def test_a_bad_file_is_a_card_and_comes_when_it_is_mended(self):
        os.mkfifo(self.machine.path("fifo.mp4"))
        with open(self.machine.path("slide.png"), "wb") as out:
            out.write(b"no picture")
        show = self.machine.show(sources={"good": {"test": "bars"}, "film": {"url": "film.mp4", "loop": True}, "slide": {"url": "slide.png"},
                                          "pipe": {"url": "fifo.mp4"}},
                                 scenes={"film": {"layout": "full", "slots": ["film"]}, "good": {"layout": "full", "slots": ["good"]}},
                                 program="film", cues=[])
        process = self.machine.start("compose", "run", show, "--json", "--out", "file:out.mkv")
        self.addCleanup(process.kill)
        wait_until(lambda: self.machine.run("compose", "status", "--json", check=False).code == 0, 20, "the program")
        self.assertEqual([self.states(name)["state"] for name in ("film", "slide", "pipe")], ["lost"] * 3)
        self.assertIn("no such file", self.states("film")["reason"])
        self.assertIn("no regular file", self.states("pipe")["reason"])

        os.rename(self.clip("http", 3), self.machine.path("film.mp4"))
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1",
                        self.machine.path("new.png")], check=True)
        os.rename(self.machine.path("new.png"), self.machine.path("slide.png"))

        wait_until(lambda: self.states("film")["state"] == "live", 10, "the film")
        wait_until(lambda: self.states("slide")["state"] == "still", 10, "the slide")
        first = self.states("film")["frames"]
        wait_until(lambda: self.states("film")["frames"] > first + 100, 20, "its next round")
        self.machine.run("compose", "stop")
        out, err = process.communicate(timeout=30)
        ended = json.loads(out.splitlines()[-1])
        self.assertEqual((ended["gaps"], ended["frames"]), (0, ended["tick"]))
        self.assertEqual(process.returncode, 12, err)
        self.assertIn("'pipe'", err)
        self.assertNotIn("'film'", json.loads(err.splitlines()[-1])["message"])
        colors = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-sseof", "-1", "-i", self.machine.path("out.mkv"), "-vf",
                                 "crop=iw:ih/2:0:ih/4,scale=1:1:flags=area", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
                                capture_output=True, check=True).stdout
        self.assertEqual(min(COLORS, key=lambda other: sum((a - b) ** 2 for a, b in zip(COLORS[other], colors))), "http", tuple(colors))

    def test_a_file_of_a_hundred_thousand_streams_is_refused_at_once(self):
        def element(identity, body):
            return identity + (len(body) | 1 << 56).to_bytes(8, "big") + body
        ebml = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
        track = element(b"\xae", b"".join([element(b"\xd7", b"\x01"), element(b"\x73\xc5", b"\x01"), element(b"\x83", b"\x11"),
                                           element(b"\x86", b"S_TEXT/UTF8")]))
        tracks, cluster = element(b"\x16\x54\xae\x6b", track * 100_000), element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\x00"))
        with open(self.machine.path("many.mkv"), "wb") as out:
            out.write(ebml + element(b"\x18\x53\x80\x67", tracks + cluster))
        self.refuse({"url": "many.mkv"}, "more than 64 streams")

    def test_a_picture_of_sixteen_thousand_pixels_is_refused(self):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        with open(self.machine.path("huge.png"), "wb") as out:
            out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16384, 16384, 8, 2, 0, 0, 0)) +
                      chunk(b"IDAT", zlib.compress(bytes(1 << 16))) + chunk(b"IEND", b""))
        self.refuse({"url": "huge.png"}, "16384x16384", "too large")

    def test_without_a_single_font_the_program_goes_on(self):
        with open(self.machine.path("fonts.conf"), "w", encoding="utf-8") as out:
            out.write('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
        show = self.machine.show(sources={"red": {"color": "#c02020"}}, scenes={"one": {"layout": "full", "slots": ["red"]}},
                                 overlays={"name": {"lower_third": {"title": "Ana"}, "visible": True}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--offline", "--duration", "1s", "--out", "file:x.mkv",
                                env={"FONTCONFIG_FILE": self.machine.path("fonts.conf")})

        self.assertEqual(done.lines()[-1]["frames"], 30)
        self.assertIn("no font for overlays was found", done.lines()[-1]["overlays"][0]["trouble"])
        self.assertIn("install fonts-dejavu-core", done.err)

    def test_a_truncated_film_plays_to_where_it_was_cut(self):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.clip("http", 4), "-c", "copy", self.machine.path("whole.ts")], check=True)
        data = open(self.machine.path("whole.ts"), "rb").read()
        with open(self.machine.path("cut.ts"), "wb") as out:
            out.write(data[:len(data) // 2 + 17])
        show = self.machine.show(sources={"cut": {"url": "cut.ts"}}, scenes={"one": {"layout": "full", "slots": ["cut"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "4s", "--out", "file:out.mkv")

        self.assertEqual(done.lines()[-1]["frames"], 120)
        self.assertEqual(done.lines()[-1]["sources"][0]["state"], "ended")

    def test_pictures_and_sound_may_change_in_the_middle(self):
        self.check_changes(lambda part: 2 * part)

    def test_a_film_goes_on_where_its_times_start_anew(self):
        """Recordings that were put one behind the other with `cat`: every part's clock begins where it likes."""
        self.check_changes(lambda part: (5, 5, 1)[part])
        # More than a minute back: FFmpeg takes it for a clock of 33 bits that ran over, and it is a day ahead.
        self.check_changes(lambda part: (200, 5, 9000)[part])

    def check_changes(self, begin):
        parts = [("320x180", "0xC02020", ("-pix_fmt", "yuv420p", "-ac", "2")), ("640x480", "0x20A020", ("-pix_fmt", "yuv444p", "-ac", "1")),
                 ("176x144", "0x2020C0", ("-pix_fmt", "yuv422p", "-aspect", "4:3", "-ac", "2", "-ar", "44100"))]
        with open(self.machine.path("changing.ts"), "wb") as whole:
            for i, (size, color, options) in enumerate(parts):
                part = make_clip(self.machine.path(f"part{i}.ts"), color=color, tone=500 + 400 * i, seconds=2, size=size,
                                 options=(*options, "-output_ts_offset", str(begin(i)), "-muxdelay", "0"))
                whole.write(open(part, "rb").read())
        show = self.machine.show(sources={"film": {"url": "changing.ts"}}, scenes={"one": {"layout": "full", "slots": ["film"]}}, program="one", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--offline", "--duration", "6s", "--out", "file:out.mkv", timeout=20)

        ended = done.lines()[-1]
        self.assertEqual((ended["frames"], ended["samples"], ended["sources"][0]["losses"]), (180, 288000, 0))
        for i, (_, color, _) in enumerate(parts):
            at = ("-ss", f"{2 * i + 1}", "-i", self.machine.path("out.mkv"))
            seen = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *at, "-frames:v", "1", "-vf", "format=rgb24,crop=iw/2:ih/2,scale=1:1:flags=area",
                                   "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
            wanted = bytes.fromhex(color[2:])
            self.assertLess(max(abs(a - b) for a, b in zip(seen, wanted)), 24, (i, tuple(seen)))
            sound = array.array("h", subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *at, "-ac", "1", "-ar", "48000", "-f", "s16le", "-t", "0.5", "-"],
                                                    capture_output=True, check=True).stdout)
            self.assertGreater(tone_level(sound, 500 + 400 * i), 0.03, f"the tone of part {i}")

    def test_playlists_lead_nowhere_but_to_the_network_they_came_from(self):
        with open(self.machine.path("secret.ts"), "wb") as out:
            subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", self.clip("http", 2), "-c", "copy", "-f", "mpegts", "-"], check=True, stdout=out)
        web = self.end(HttpFolder(self.machine.folder))
        head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n"
        evil = {"file": f"file://{self.machine.path('secret.ts')}", "path": self.machine.path("secret.ts"), "concat": f"concat:{self.machine.path('secret.ts')}",
                "gopher": "gopher://127.0.0.1:9/x"}
        for name, address in evil.items():
            with open(self.machine.path(name + ".m3u8"), "w", encoding="utf-8") as out:
                out.write(f"{head}{address}\n#EXT-X-ENDLIST\n")
        sources = {name: {"url": f"{web.url}/{name}.m3u8"} for name in evil}
        show = self.machine.show(sources=sources, scenes={"all": {"layout": "grid", "slots": list(sources)}}, program="all", cues=[])

        done = self.machine.run("compose", "run", show, "--json", "--duration", "3s", "--out", "file:out.mkv")

        ended = done.lines()[-1]
        self.assertEqual(ended["frames"], 90)
        for source in ended["sources"]:
            self.assertEqual((source["state"], source["frames"]), ("lost", 0), source)
            self.assertTrue(source["reason"])
        for scheme in ("file", "concat", "pipe", "udp", "data", "fd"):
            show = self.machine.show("scheme.json", sources={"bad": {"url": scheme + ":///etc/passwd"}}, scenes={"one": {"layout": "full", "slots": ["bad"]}},
                                     program="one", cues=[])
            refused = self.machine.run("compose", "run", show, "--duration", "1s", "--json", "--out", "file:x.mkv", check=False)
            self.assertEqual(refused.code, 2, scheme)
            self.assertIn("not allowed", refused.error()["message"])


if __name__ == "__main__":
    main()
