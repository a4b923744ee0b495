#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of the program has golden cases of three kinds: it succeeds, it is typed wrongly, it fails in JSON.

  success      exit 0, of a run that does its work: a --dry-run does not count
  usage error  exit 2, text for people on stderr, nothing on stdout
  JSON error   --json, exit neither 0 nor 1, nothing on stdout, and stderr is exactly one ts.error/1 object
A case belongs to the command of its folder and must run it. What a command cannot have is in EXCEPTIONS with its reason.
"""
import json
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from run_case import parse  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TS = os.path.abspath(os.environ.get("TS_BINARY", "build/release/bin/ts"))
HIDDEN = {"docs check", "docs man"}  # of the build, not in help
KINDS = ("success", "usage error", "JSON error")

# (command, kind): why there can be none.
EXCEPTIONS = {
    ("room unmute", "success"): "servers refuse it unless room.enable_remote_unmute is set, and so does the sandbox: refused_by_default.case",
    # Their answers come from an app in the room, and from LiveKit Cloud: room_client_test.cpp holds the calls, sandbox.case what
    # others answer.
    ("room rpc", "success"): "an ingress registers no method: sandbox.case",
    ("room forward", "success"): "LiveKit Cloud only: sandbox.case",
    ("room move", "success"): "LiveKit Cloud only: sandbox.case",
    # A whole show of media each.
    **{(f"live {verb}", "success"): "tests/e2e/go_live_test.py runs it" for verb in ("end", "preflight", "report", "start", "status")},
    ("playback check", "success"): "needs a recording: tests/e2e/go_live_test.py runs it",
}
# Cases that run no command: why.
RUN_NONE = {"version/typo.case": "the mistyped noun is what it is about", "compose_run/mistyped_verb.case": "so is the mistyped verb"}


def commands():
    """The program's own table, delegated commands too."""
    listed = subprocess.run([TS, "--commands"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.removesuffix(" (delegated)") for line in listed} - HIDDEN


def folder_of(command):
    return command.replace(" ", "_")


def is_json_error(stderr):
    """One object on one line. A regular expression of the case ({{...}}) stands for text inside a string."""
    lines = re.sub(r"\{\{.*?\}\}", "x", stderr).splitlines()
    if len(lines) != 1:
        return False
    try:
        error = json.loads(lines[0])
    except ValueError:
        return False
    return error.get("schema") == "ts.error/1" and bool(error.get("message")) and bool(error.get("hint"))


def kind_of(case):
    """One of KINDS, or None for a case of another kind."""
    text = case["command"]
    in_json = re.search(r"(^|\s)(--json|-o json|--output json)(\s|$)", text) is not None
    if case["exit"] == 0:
        return None if "--dry-run" in text else "success"
    if case["exit"] == 2 and not in_json and case["stdout"] == "" and case["stderr"].startswith("ts: ") and "\n    " in case["stderr"]:
        return "usage error"
    if case["exit"] > 1 and in_json and case["stdout"] == "" and is_json_error(case["stderr"]):
        return "JSON error"
    return None


def cases_of(command):
    folder = os.path.join(HERE, folder_of(command))
    if not os.path.isdir(folder):
        return {}
    return {name: parse(os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.endswith(".case")}


class Kinds(unittest.TestCase):
    def test_every_command_has_a_case_of_each_kind(self):
        missing = []
        for command in sorted(commands()):
            kinds = {kind_of(case) for case in cases_of(command).values() if runs(command, case)}
            missing += [f"{command}: no {kind} case" for kind in KINDS if kind not in kinds and (command, kind) not in EXCEPTIONS]
        self.assertEqual(missing, [], "\n" + "\n".join(missing))

    def test_every_case_runs_the_command_of_its_folder(self):
        stray = [f"{folder_of(command)}/{name}: {case['command']}" for command in sorted(commands())
                 for name, case in cases_of(command).items()
                 if not runs(command, case) and f"{folder_of(command)}/{name}" not in RUN_NONE]
        self.assertEqual(stray, [], "\n" + "\n".join(stray))

    def test_no_folder_without_a_command(self):
        folders = {name for name in os.listdir(HERE) if os.path.isdir(os.path.join(HERE, name)) and name != "__pycache__"}
        self.assertEqual(folders - {folder_of(command) for command in commands()}, set())

    def test_no_exception_without_need(self):
        known = commands()
        for command, kind in EXCEPTIONS:
            with self.subTest(f"{command}: {kind}"):
                self.assertIn(command, known)
                self.assertIn(kind, KINDS)
                self.assertNotIn(kind, {kind_of(case) for case in cases_of(command).values()}, "there is one now")


def runs(command, case):
    """Whether the case's line runs the command; the bare noun stands for its main verb."""
    words = command.split()
    return any(re.search(rf"(^|[\s;(&|])ts {re.escape(name)}(\s|$)", case["command"]) for name in (command, words[0]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
