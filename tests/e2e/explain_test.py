#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ts compose explain prints is pasted into a shell, and ffmpeg makes the picture that the program has."""
import array
import math
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
from tsrun import Machine, main  # noqa: E402

SIZE = {"width": 320, "height": 180, "fps": 25}
#: Enough that what x264 loses does not count.
ENCODE = {"video_bitrate": "12000k", "preset": "ultrafast"}


class Explain(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()

    def tearDown(self):
        self.assertEqual(self.machine.down(), [], "processes were left running")

    def film(self, name, *options, size="400x300", seconds=4, rate=25, after=()):
        """Stripes that move and a tone."""
        path = self.machine.path(name)
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *after, "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}", "-f", "lavfi", "-i",
                        "sine=r=48000", "-t", str(seconds), *options, "-c:v", "libx264", "-preset", "ultrafast", "-qp", "12", "-g", "10",
                        "-pix_fmt", "yuv420p", "-c:a", "aac", path], check=True)
        return path

    def levels(self, name):
        """The sound's level in dBFS, for every 40 ms from time 0 on (an AAC encoder begins before)."""
        done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-copyts", "-i", self.machine.path(name), "-map", "0:a", "-af",
                               "atrim=start=0", "-ac", "2", "-f", "s16le", "-"], capture_output=True, check=True)
        samples = array.array("h", done.stdout)
        step = 2 * 1920
        return [10 * math.log10(max(1e-7, sum(value * value for value in samples[i:i + step]) / step / 32768 ** 2))
                for i in range(0, len(samples) - step + 1, step)]

    def same_sound(self, within_db=0.25, quiet=-55):
        """Every 40 ms is as loud in ffmpeg's file as in the program; what is quieter than `quiet` is silence."""
        ours, theirs = ([max(quiet, level) for level in self.levels(name)] for name in ("program.mp4", "pasted.mp4"))
        self.assertGreater(min(len(ours), len(theirs)), 50)
        # The last ones are the encoder's, which was flushed.
        for number, (one, other) in enumerate(list(zip(ours, theirs))[:-2]):
            self.assertAlmostEqual(one, other, delta=within_db, msg=f"sound at {number * 40} ms")

    def same(self, least=0.985, first=0, seconds=3, arguments=(), **show):
        """The program against ffmpeg's, from the picture `first` on. @return ffmpeg's command."""
        for stale in ("program.mp4", "pasted.mp4"):
            if os.path.exists(self.machine.path(stale)):
                os.remove(self.machine.path(stale))
        path = self.machine.show(canvas=SIZE, encode=ENCODE, duration=f"{seconds}s", frame_code=False, **show)
        self.machine.run("compose", "run", path, "--offline", "--out", "file:program.mp4")
        command = self.machine.run("compose", "explain", path, "--to", "pasted.mp4", *arguments).out
        done = subprocess.run(["bash", "-c", command.replace("ffmpeg ", "ffmpeg -nostdin -v error -y ", 1)], cwd=self.machine.folder,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        seen = subprocess.run(["ffmpeg", "-nostdin", "-i", self.machine.path("program.mp4"), "-i", self.machine.path("pasted.mp4"), "-lavfi",
                               "[0:v]setpts=N/25/TB[a];[1:v]setpts=N/25/TB[b];[a][b]ssim=stats_file=-", "-f", "null", "-"],
                              capture_output=True, text=True, check=True)
        values = [float(value) for value in re.findall(r"All:([0-9.]+)", seen.stdout)]
        self.assertEqual(len(values), seconds * 25)
        worst = min(range(first, len(values)), key=values.__getitem__)
        self.assertGreaterEqual(values[worst], least, f"picture {worst}\n{command}")
        return command

    def test_every_fit_crop_border_and_opacity(self):
        self.film("a.mp4")
        scenes = {"one": {"items": [{"source": "back", "x": 0, "y": 0, "width": 320, "height": 180},
                                    {"source": "a", "x": 10, "y": 10, "width": 100, "height": 160, "fit": "contain", "border": 4,
                                     "border_color": "#e0a030"},
                                    {"source": "a", "x": 120, "y": 10, "width": 100, "height": 70, "fit": "cover", "opacity": 0.6},
                                    {"source": "a", "x": 120, "y": 90, "width": 100, "height": 70, "fit": "stretch", "border": 2,
                                     "crop": {"left": 0.25, "top": 0.1}},
                                    {"source": "a", "x": 250, "y": -20, "width": 120, "height": 120}]}}
        self.same(sources={"back": {"color": "#203050"}, "a": {"url": "a.mp4"}}, scenes=scenes, program="one", cues=[])

    def test_pixels_that_are_no_squares_and_films_that_lie_on_their_side(self):
        self.film("wide.mp4", "-vf", "setsar=16/11", size="352x288")
        self.film("upright.mp4", "-metadata:s:v:0", "rotate=90")
        self.film("other.mp4", "-vf", "scale=out_color_matrix=bt601", "-colorspace", "smpte170m", rate=30)
        self.same(sources={name: {"url": name + ".mp4"} for name in ("wide", "upright", "other")},
                  scenes={"one": {"layout": "grid", "slots": ["wide", "upright", "other"], "fit": "contain"}}, program="one", cues=[])

    def test_a_part_of_a_film_again_and_again(self):
        self.film("a.mp4", size="320x180")
        command = self.same(sources={"a": {"url": "a.mp4", "loop": True, "in": "800ms", "out": "1800ms"}},
                            scenes={"one": {"layout": "full", "slots": ["a"]}}, program="one", cues=[])
        self.assertIn("loop=loop=-1:size=25", command)

    def test_overlays_drawn_by_ts_and_the_filter_of_the_show(self):
        command = self.same(
            arguments=("--overlays", "drawn"), filter="hue=s=0.4", sources={"a": {"test": "bars"}},
            scenes={"one": {"layout": "full", "slots": ["a"]}}, program="one",
            overlays={"name": {"lower_third": {"title": "Ana Ruiz", "subtitle": "أهلا 你好"}, "visible": True, "fade": "0s"},
                      "late": {"text": "Vigil", "fade": "0s"}}, cues=[{"at": "1s", "show": "late"}, {"at": "2s", "hide": "late"}])
        self.assertTrue(command.startswith("ffmpeg"), command)

    def test_fades_wipes_and_black(self):
        self.same(seconds=6, sources={"a": {"test": "bars"}, "b": {"color": "#804020"}},
                  scenes={"one": {"layout": "full", "slots": ["a"]}, "two": {"layout": "pip", "slots": ["b", "a"]}}, program="one",
                  cues=[{"at": "500ms", "take": "two", "transition": "fade", "duration": "800ms"},
                        {"at": "2s", "take": "one", "transition": "ftb", "duration": "1s"},
                        {"at": "4s", "take": "two", "transition": "wipe", "duration": "400ms"},
                        {"at": "5s", "black": True, "duration": "200ms"}, {"at": "5500ms", "black": False, "duration": "200ms"}])

    def test_what_a_wipe_brings_in_has_gone_on_meanwhile(self):
        self.film("a.mp4", size="320x180", seconds=6)
        self.film("b.mp4", "-vf", "hflip", size="320x180", seconds=6)
        self.same(least=0.975, seconds=6, sources={"a": {"url": "a.mp4"}, "b": {"url": "b.mp4"}, "c": {"test": "moving"}},
                  scenes={"one": {"layout": "full", "slots": ["a"]}, "two": {"layout": "pip", "slots": ["b", "a"]},
                          "three": {"layout": "full", "slots": ["c"]}}, program="one",
                  cues=[{"at": "1s", "take": "two", "transition": "wipe", "duration": "500ms"},
                        {"at": "2s", "take": "three", "transition": "fade", "duration": "400ms"},
                        {"at": "3s", "take": "one", "transition": "wipe", "duration": "1s"},
                        {"at": "4500ms", "take": "three", "transition": "ftb", "duration": "600ms"}])
        self.same_sound()

    def test_sound_is_as_loud_and_goes_with_the_black(self):
        self.same(least=0.975, seconds=4, sources={"a": {"test": "moving", "tone_hz": 440, "gain_db": -3}},
                  scenes={"one": {"layout": "full", "slots": ["a"]}}, program="one",
                  cues=[{"at": "1s", "black": True, "duration": "400ms"}, {"at": "2s", "black": False, "duration": "600ms"},
                        {"at": "3s", "black": True, "duration": "0ms"}])
        self.same_sound(within_db=0.5)

    def test_a_source_that_is_delayed(self):
        """Until it is there the program has its card, which the line says that it lacks."""
        self.film("a.mp4", size="320x180")
        command = self.same(first=8, sources={"a": {"url": "a.mp4", "delay": "300ms"},
                                              "b": {"url": "a.mp4", "delay": "300ms", "loop": True, "in": "1s", "out": "2s", "gain_db": -60}},
                            scenes={"one": {"layout": "side-by-side", "slots": ["a", "b"]}}, program="one", cues=[])
        self.same_sound(within_db=1)
        self.assertTrue(command.startswith("# not in this line: the cards of sources that are not there yet\n"), command)


if __name__ == "__main__":
    main()
