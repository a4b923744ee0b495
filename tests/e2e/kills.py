#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills and revives a running program's sources and outputs while three outputs record: kills.py COUNT [SEED]. Prints a report."""
import json
import os
import random
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from peers import Authority, Nginx, Proxy, frame_codes, make_clip, publish  # noqa: E402
from tsrun import Machine, ffprobe, wait_until  # noqa: E402

BACK = 2.0  # seconds within which a revived source or output must be back


class Events:
    """The program's own event lines, with the time at which they came."""

    def __init__(self, machine):
        self.process = machine.start("compose", "events", "--json")
        self.states, self.changed = {}, threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            name = event.get("source") or event.get("output")
            if event.get("event") in ("source", "output") and name:
                with self.changed:
                    self.states[name] = event["state"]
                    self.changed.notify_all()

    def wait(self, name, states, seconds):
        """@return how long it took, None when it did not happen."""
        began = time.monotonic()
        with self.changed:
            there = self.changed.wait_for(lambda: self.states.get(name) in states, seconds)
        return time.monotonic() - began if there else None


class Kills:
    def __init__(self, machine, seed):
        self.machine, self.random, self.rows, self.faults = machine, random.Random(seed), [], []
        authority = Authority(machine.folder)
        self.nginx = Nginx(machine.folder)
        clip = make_clip(machine.path("clip.mp4"), seconds=2, options=("-bf", "0", "-g", "10"))
        self.sender = publish(clip, self.nginx.url("cam", "relay"))
        self.good, self.bad = (authority.server("localhost", "DNS:localhost"), authority.server("other.example", "DNS:other.example"))
        # What is killed: a source, and an output that nobody records; what must not notice: file, HLS and RTMP.
        self.source, self.victim, self.secure = Proxy(self.nginx.port), Proxy(self.nginx.port), Proxy(self.nginx.port, self.good)
        urls = {"steady": self.nginx.url("steady"), "victim": f"rtmp://127.0.0.1:{self.victim.port}/relay/victim",
                "secure": f"rtmps://localhost:{self.secure.port}/relay/secure"}
        for name, url in urls.items():
            with open(machine.path(name), "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as out:
                out.write(url + "\n")
        show = machine.show(canvas={"width": 320, "height": 180, "fps": 30}, name="kills",
                            sources={"cam": {"url": f"rtmp://127.0.0.1:{self.source.port}/relay/cam"}, "bars": {"test": "bars"}},
                            scenes={"one": {"layout": "side-by-side", "slots": ["cam", "bars"]}}, program="one", cues=[],
                            encode={"video_bitrate": "300k", "gop": "2s", "preset": "ultrafast"},
                            outputs=[{"file": "steady.mkv", "name": "file"}, {"hls": "hls", "name": "hls"},
                                     {"rtmp_url_file": "steady", "name": "steady"}, {"rtmp_url_file": "victim", "name": "victim"},
                                     {"rtmp_url_file": "secure", "name": "secure"}])
        self.process = machine.start("compose", "run", show, "--json", env={"TS_CA_FILE": authority.file})
        self.lines = []
        threading.Thread(target=self.read, daemon=True).start()
        wait_until(lambda: machine.run("compose", "status", check=False).code == 0, 30, "the program")
        self.events = Events(machine)
        for name in ("cam", "victim", "secure"):
            if self.events.wait(name, ("live",), 0.1) is None:
                wait_until(lambda: self.state(name) == "live", 30, name)

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def state(self, name):
        status = self.machine.run("compose", "status", "--json").json()
        return next(item["state"] for item in status["sources"] + status["outputs"] if item["name"] == name)

    def kill(self):
        name, kind = self.random.choice([("cam", "reset"), ("cam", "stall"), ("cam", "reject"), ("victim", "reset"), ("victim", "stall"),
                                         ("victim", "reject"), ("secure", "tls"), ("secure", "reset")])
        proxy = {"cam": self.source, "victim": self.victim, "secure": self.secure}[name]
        away = self.random.uniform(0.2, 1.5)
        gone = ("lost", "stale", "connecting") if name == "cam" else ("reconnecting", "connecting", "stalled")
        accepted = proxy.accepted
        if kind == "stall":
            proxy.mode = "stall"
            away = away + 0.7 if name == "cam" else away
        elif kind == "reject":
            proxy.mode = "reject"
            proxy.reset()
        elif kind == "tls":
            proxy.tls = self.bad
            proxy.reset()
        else:
            proxy.reset()
        # What was buffered may bridge a short fault, so that nobody sees it; a new connection is proof enough that it happened.
        noticed, ends = kind == "stall", time.monotonic() + 5
        while not noticed and time.monotonic() < ends:
            noticed = self.events.wait(name, gone, 0.05) is not None or proxy.accepted > accepted
        if kind == "stall":
            self.events.wait(name, gone, 2)
        if kind != "reset":
            time.sleep(away)  # how long the fault lasts
        proxy.mode, proxy.tls = "pass", self.good if proxy is self.secure else None
        back = self.events.wait(name, ("live", "still"), 15)
        self.rows.append((name, kind, noticed, back))
        if not noticed or back is None or back > BACK:
            self.faults.append(f"{name} {kind}: noticed {noticed}, back after {back}")

    def end(self):
        self.machine.run("compose", "stop")
        self.process.wait(60)
        wait_until(lambda: self.lines and '"ended"' in self.lines[-1], 10, "the last line")
        self.sender.stop()
        self.nginx.stop()
        return json.loads(self.lines[-1])

    def judge(self, ended):
        """Every frame of the program is in each healthy output, in order. A frame that the encoder had no time for repeats the
        number before it; the program counts those."""
        frames, repeats = ended["frames"], ended["skipped"]
        if ended["gaps"] or ended["frames"] != ended["tick"]:
            self.faults.append(f'the program itself: {ended["frames"]} of {ended["tick"]} frames, {ended["gaps"]} gaps')
        recordings = self.nginx.recordings("steady")
        outputs = {"file": self.machine.path("steady.mkv"), "HLS": self.machine.path("hls/index.m3u8"), "RTMP": recordings[0]}
        if len(recordings) != 1:
            self.faults.append(f"the healthy RTMP output was published {len(recordings)} times")
        missing = {}
        for name, path in outputs.items():
            codes = frame_codes(path)
            steps = [after - before for before, after in zip(codes, codes[1:]) if before is not None and after is not None]
            stamps = sorted(float(p["pts_time"]) for p in ffprobe(path, "-select_streams", "v:0", "-show_entries", "packet=pts_time",
                                                                 "-show_packets")["packets"])
            holes = sum(1 for a, b in zip(stamps, stamps[1:]) if b - a > 1.5 / 30)
            missing[name] = frames - len(codes)
            if len(codes) != frames or None in codes or holes or any(step < 0 for step in steps) or steps.count(0) > repeats:
                self.faults.append(f"{name}: {len(codes)} of {frames} frames, {codes.count(None)} unreadable, {holes} holes, "
                                   f"{steps.count(0)} repeated of {repeats}")
        return missing

    def report(self, count, seed, ended, missing, seconds):
        lines = [f"# kills: {count} faults, seed {seed}\n",
                 f'{seconds / 60:.1f} minutes, {ended["frames"]} frames, {ended["samples"]} samples, {ended["lagged"]} late, {ended["skipped"]} repeated, '
                 f'{ended["gaps"]} missing.\n', "| what | fault | times | back after, median | worst, s |", "| --- | --- | --- | --- | --- |"]
        for name, kind in sorted({row[:2] for row in self.rows}):
            times = [row[3] for row in self.rows if row[:2] == (name, kind) and row[3] is not None]
            lines.append(f"| {name} | {kind} | {len(times)} | {statistics.median(times):.2f} | {max(times):.2f} |" if times else f"| {name} | {kind} | 0 | | |")
        lines += ["", "0.00: the viewer saw nothing of it, what was buffered bridged the fault (or it was over before the next look at the state, every 0.1 s)."]
        lines += ["", "| healthy output | frames missing |", "| --- | --- |"]
        lines += [f"| {name} | {count} |" for name, count in missing.items()]
        lines += ["", "Everything as it should be." if not self.faults else "WRONG:"] + [f"* {fault}" for fault in self.faults]
        return "\n".join(lines)


def run(count, seed):
    """@return the report, and what was wrong."""
    machine = Machine()
    try:
        kills = Kills(machine, seed)
        began = time.monotonic()
        for _ in range(count):
            kills.kill()
        seconds = time.monotonic() - began
        ended = kills.end()
        missing = kills.judge(ended)
        return kills.report(count, seed, ended, missing, seconds), kills.faults
    finally:
        machine.down()


if __name__ == "__main__":
    text, wrong = run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(text)
    sys.exit(1 if wrong else 0)
