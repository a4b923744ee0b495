# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a sandbox in a folder of its own, the ts program, and the judges (ffprobe, ffmpeg)."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TS = os.path.abspath(os.environ.get("TS_BINARY", "build/release/bin/ts"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def wait_until(condition, seconds, what):
    """Polls a condition; the deadline is for hangs, not part of what is tested."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen in {seconds} s")
        time.sleep(0.1)  # between two polls


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def error(self):
        return json.loads(self.err.strip().splitlines()[-1])


class Machine:
    """A folder with its own state, configuration and home; commands run in it with nothing of the caller's settings."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ts-e2e-")
        self.env = {"PATH": os.path.dirname(TS) + ":/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                    "XDG_STATE_HOME": self.folder + "/state", "XDG_CONFIG_HOME": self.folder + "/config"}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.sandbox_up = False

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *words, env=None, **more):
        return subprocess.Popen([TS, *words], cwd=self.folder, env={**self.env, **(env or {})}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **more)

    def run(self, *words, env=None, check=True, timeout=120, stdin=None):
        done = subprocess.run([TS, *words], cwd=self.folder, env={**self.env, **(env or {})}, text=True, input=stdin,
                              stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"ts {' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return Result(done)

    def up(self, *more):
        self.run("sandbox", "up", "--detach", "--dir", self.path("sandbox"), "--write-env", self.path(".env"), "--port", "0", *more)
        self.sandbox_up = True
        self.settings = {}
        with open(self.path(".env"), encoding="utf-8") as lines:
            for line in lines:
                name, equals, value = line.strip().partition("=")
                if equals and not name.startswith("#"):
                    self.settings[name] = value.strip("'\"")
        return self

    def down(self):
        if self.sandbox_up:
            self.run("sandbox", "down", "--dir", self.path("sandbox"), "--yes", check=False)
            self.sandbox_up = False
        left = self.processes()
        for pid, _ in left:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        return left

    def processes(self):
        """ts and ts-media processes with our folder as their home or in their arguments (ts-media hides its environment)."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                environment = b""
            ours = f"HOME={self.folder}".encode() in environment.split(b"\0") or self.folder in command
            if ours and os.path.basename(command.split(" ")[0]) in ("ts", "ts-media"):
                found.append((int(pid), command))
        return found

    def show(self, name="show.json", **changes):
        """A small show of test patterns with burnt-in frame numbers."""
        show = {
            "schema": "ts.show/1", "name": "e2e", "canvas": {"width": 640, "height": 360, "fps": 30},
            "sources": {"bars": {"test": "bars"}, "moving": {"test": "moving"}},
            "scenes": {"one": {"layout": "full", "slots": ["bars"]}, "both": {"layout": "side-by-side", "slots": ["moving", "bars"]}},
            "program": "one", "cues": [{"at": "4s", "take": "both", "transition": "fade", "duration": "500ms"}],
            "frame_code": True, "encode": {"video_bitrate": "800k", "gop": "1s", "preset": "ultrafast"},
        }
        show.update(changes)
        with open(self.path(name), "w", encoding="utf-8") as out:
            json.dump(show, out)
        return self.path(name)


def ffprobe(url, *more, timeout=60):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *more, url], capture_output=True, text=True, timeout=timeout)
    if done.returncode != 0:
        raise AssertionError(f"ffprobe {url}: {done.stderr}")
    return json.loads(done.stdout)


def main():
    if not os.access(TS, os.X_OK):
        sys.exit(f"{TS} is not there; set TS_BINARY")
    unittest.main(verbosity=2)
