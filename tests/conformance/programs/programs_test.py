#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What holds for the two programs as a whole: what they load, that their command tables agree, that help is complete."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
from tsrun import ROOT, TS, main  # noqa: E402

MEDIA = os.path.join(os.path.dirname(TS), "ts-media")
SETTINGS = {"LIVEKIT_API_KEY": "APIexample", "LIVEKIT_API_SECRET": "a-secret-of-more-than-thirty-two-bytes!"}
HEAVY = re.compile(r"lib(av|sw|gst|curl|pq|ssl|crypto|sqlite)")


def loaded(*words):
    """Names of the shared objects that a run of ts loads, at start or later."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run([TS, *words], env={"LD_DEBUG": "files", "HOME": home, **SETTINGS}, capture_output=True, text=True, cwd="/")
    return done.returncode, set(re.findall(r"calling init: \S*/(lib[^/\s]+)", done.stderr))


class Programs(unittest.TestCase):
    def test_token_create_loads_nothing_of_network_or_media(self):
        code, libraries = loaded("token", "create", "--room", "r", "--identity", "i")
        self.assertEqual(code, 0)
        self.assertTrue(libraries, "LD_DEBUG told nothing")
        self.assertEqual([name for name in libraries if HEAVY.match(name)], [])

    def test_offline_checks_load_nothing_heavy(self):
        # What is delayed is loaded where it is needed: the last one proves that the list would show it.
        for words, heavy in ((("token", "verify", "/dev/null"), []), (("env", "show"), []), (("webhook", "trigger", "--list"), []),
                             (("webhook", "verify", "--provider", "mux", "--body", "/dev/null"), []), (("webhook", "events"), ["libsqlite3.so.0"])):
            with self.subTest(words=" ".join(words)):
                self.assertEqual(sorted(name for name in loaded(*words)[1] if HEAVY.match(name)), heavy)

    def test_help_loads_no_media(self):
        code, libraries = loaded("--help")
        self.assertEqual(code, 0)
        self.assertEqual([name for name in libraries if re.match(r"lib(av|sw|gst)", name)], [])

    def test_delegated_commands_are_those_of_ts_media(self):
        light = subprocess.run([TS, "--commands"], capture_output=True, text=True, check=True).stdout.splitlines()
        media = subprocess.run([MEDIA, "--commands"], capture_output=True, text=True, check=True).stdout.split("\n")
        delegated = {line.removesuffix(" (delegated)") for line in light if line.endswith(" (delegated)")}
        self.assertTrue(delegated)
        self.assertEqual(delegated - set(media), set())

    def test_every_command_has_a_summary_an_example_that_parses_and_a_case(self):
        done = subprocess.run([TS, "docs", "check"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        missing = []
        for path in done.stdout.splitlines():
            folder = os.path.join(ROOT, "tests", "cli", path.replace(" ", "_"))
            if not os.path.isdir(folder):
                folder = os.path.join(ROOT, "tests", "cli", path.replace(" ", "_").replace("-", "_"))
            if not os.path.isdir(folder) or not any(name.endswith(".case") for name in os.listdir(folder)):
                missing.append(path)
        self.assertEqual(missing, [], "commands without a .case in tests/cli")

    def test_man_pages_and_completions_are_made_for_all(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([TS, "docs", "man", folder], check=True, capture_output=True)
            pages = os.listdir(folder)
            self.assertIn("ts-token-create.1", pages)
            self.assertGreater(len(pages), 30)
        for shell in ("bash", "zsh", "fish"):
            done = subprocess.run([TS, "completion", shell], check=True, capture_output=True, text=True)
            self.assertIn("token", done.stdout)
        script = subprocess.run([TS, "completion", "bash"], check=True, capture_output=True, text=True).stdout
        asked = script + '\nCOMP_WORDS=(ts token cr); COMP_CWORD=2; _ts_complete; echo "${COMPREPLY[@]}"'
        self.assertEqual(subprocess.run(["bash", "-c", asked], capture_output=True, text=True).stdout.strip(), "create")


if __name__ == "__main__":
    main()
