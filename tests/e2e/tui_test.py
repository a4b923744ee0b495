#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The operator's screen in a real terminal (tmux): what it shows, what its keys do, and that the
terminal is given back however it ends."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TS = os.environ["TS_BINARY"]
SHOW = {
    "name": "desk", "canvas": {"width": 320, "height": 180, "fps": 30},
    "sources": {"bars": {"test": "bars", "tone_hz": 1000}, "red": {"color": "#c02020"}},
    "scenes": {"one": {"layout": "full", "slots": ["bars"]}, "two": {"layout": "full", "slots": ["red"]}},
    "overlays": {"name": {"lower_third": {"title": "Ana"}}}, "program": "one"}


def wait_for(what, condition, limit=30.0):
    """Until the condition holds; fails the test after the limit."""
    deadline = time.monotonic() + limit
    last = None
    while time.monotonic() < deadline:
        last = condition()
        if last:
            return last
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


class Tmux:
    def __init__(self, folder):
        self.base = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]

    def run(self, *arguments):
        return subprocess.run([*self.base, *arguments], capture_output=True, text=True, check=True).stdout

    def start(self):
        environment = dict(os.environ, COLORTERM="truecolor", PS1="$ ", LC_ALL="C.UTF-8")
        subprocess.run([*self.base, "-u", "new-session", "-d", "-x", "120", "-y", "40", "sh"], env=environment, check=True)

    def keys(self, *keys):
        self.run("send-keys", *keys)

    def screen(self, *flags):
        return self.run("capture-pane", "-p", *flags)

    def alternate(self):
        return self.run("display-message", "-p", "#{alternate_on}").strip() == "1"

    def cursor(self):
        return self.run("display-message", "-p", "#{cursor_flag}").strip() == "1"


def main():
    if shutil.which("tmux") is None:
        sys.exit("tui_test: tmux is missing (scripts/install_deps.sh test)")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        socket = folder / "c.sock"
        show = folder / "show.json"
        show.write_text(json.dumps(SHOW))
        program = subprocess.Popen(
            [TS, "compose", "run", str(show), "--control", str(socket), "--out", f"file:{folder}/out.mp4"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        tmux = Tmux(folder)

        def status():
            done = subprocess.run([TS, "compose", "status", "--control", str(socket), "--json"], capture_output=True, text=True)
            return json.loads(done.stdout)["status"] if done.returncode == 0 and "status" in json.loads(done.stdout) \
                else (json.loads(done.stdout) if done.returncode == 0 else {})

        try:
            wait_for("a program on air", lambda: status().get("tick", 0) > 5)
            tmux.start()
            tui = f"{TS} compose tui --control {socket}"
            tmux.keys(tui + "; echo LEFT=$?", "Enter")
            wait_for("the screen", lambda: "PROGRAM" in tmux.screen() and "▀" in tmux.screen())
            screen = tmux.screen()
            for text in ("desk", "SOURCES", "OUTPUTS", "LUFS", "q quit", "F1  name"):
                assert text in screen, f"{text!r} is not on\n{screen}"
            assert tmux.alternate() and not tmux.cursor()
            colors = tmux.screen("-e")
            assert "38;2;" in colors, "no 24-bit colors"

            tmux.keys("2")
            wait_for("the preview", lambda: status()["preview"] == "two")
            tmux.keys("c")
            wait_for("a cut", lambda: status()["program"] == "two")
            wait_for("the cut on the screen", lambda: re.search(r"cut to .* at frame", tmux.screen()))
            tmux.keys("Enter")
            wait_for("a fade back", lambda: status()["program"] == "one")
            tmux.keys("F1")
            wait_for("the overlay", lambda: status()["overlays"][0]["on_air"])
            tmux.keys("m")
            wait_for("a mute", lambda: status()["sources"][0]["muted"])
            tmux.keys("Down")
            tmux.keys("-")
            wait_for("a gain", lambda: status()["sources"][1]["gain_db"] == -1)
            # Keys that come in one piece all count.
            tmux.keys("-l", "+++++")
            wait_for("five steps of gain", lambda: status()["sources"][1]["gain_db"] == 4)
            tmux.keys("-l", "ssf")
            wait_for("a solo and back", lambda: status()["sources"][1]["follow"] and not status()["sources"][1]["solo"])
            tmux.keys("b")
            wait_for("black", lambda: status()["black"])
            wait_for("black on the screen", lambda: "BLACK" in tmux.screen())
            tmux.keys("b")
            wait_for("no black", lambda: not status()["black"])

            tmux.keys("Right")
            wait_for("the scene beside it", lambda: status()["preview"] == "one")
            tmux.keys("Right")
            wait_for("the next one", lambda: status()["preview"] == "two")

            # A program that hangs for a while is no reason to lose the desk.
            os.kill(program.pid, signal.SIGSTOP)
            wait_for("word of it", lambda: "did not answer" in tmux.screen())
            os.kill(program.pid, signal.SIGCONT)
            assert tmux.alternate()
            tmux.keys("c")
            wait_for("a cut after it", lambda: status().get("program") == "two")

            tmux.keys("q")
            wait_for("leaving", lambda: "LEFT=0" in tmux.screen())
            assert not tmux.alternate() and tmux.cursor()
            tmux.keys("echo ECHO$((1+1))", "Enter")
            wait_for("an echoing terminal", lambda: "echo ECHO$((1+1))" in tmux.screen() and "ECHO2" in tmux.screen())

            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGABRT):
                tmux.keys("clear", "Enter")
                tmux.keys(f"sh -c 'echo $$ > {folder}/pid; exec {tui}'; echo LEFT=$?", "Enter")
                wait_for("the screen again", lambda: tmux.alternate() and "PROGRAM" in tmux.screen())
                os.kill(int((folder / "pid").read_text()), number)
                wait_for(f"leaving by signal {number}", lambda: "LEFT=" in tmux.screen() and not tmux.alternate())
                assert tmux.cursor(), f"no cursor after signal {number}"
                tmux.keys(f"echo AFTER{int(number)}", "Enter")
                wait_for("an echo", lambda: tmux.screen().count(f"AFTER{int(number)}") == 2)

            tmux.keys("clear", "Enter")
            tmux.keys(tui + "; echo LEFT=$?", "Enter")
            wait_for("the screen once more", lambda: tmux.alternate() and "PROGRAM" in tmux.screen())
            program.send_signal(signal.SIGTERM)
            wait_for("leaving with the program", lambda: "LEFT=0" in tmux.screen())
            assert not tmux.alternate()
            program.wait(timeout=20)
        finally:
            if program.poll() is None:
                program.kill()
            subprocess.run([*tmux.base, "kill-server"], capture_output=True)
    print("tui_test: ok")


if __name__ == "__main__":
    main()
