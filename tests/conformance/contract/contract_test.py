#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contract.txt against the program: every command, option, argument and value that the contract names is in its help."""
import os
import re
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TS = os.path.abspath(os.environ.get("TS_BINARY", "build/release/bin/ts"))
OF_EVERY_COMMAND = ["--json", "-o", "--output", "-q", "-v", "--color", "-P", "--env-file", "--curl", "--dry-run", "-y", "--yes"]
NOT_IN_THE_CONTRACT = {"docs check", "docs man"}  # of the build, hidden


def read_contract():
    """(wanted: {command: [(name, values)]}, later: {command: reason}, refused: {(command, option): reason})"""
    wanted, later, refused = {}, {}, {}
    with open(os.path.join(HERE, "contract.txt"), encoding="utf-8") as source:
        for line in (line.strip() for line in source):
            if not line or line.startswith("#"):
                continue
            command, colon, rest = line.partition(":")
            assert colon, f"cannot read {line!r}"
            if command.startswith("later "):
                later[command.removeprefix("later ")] = rest.strip()
            elif command.startswith("no "):
                name, _, option = command.removeprefix("no ").rpartition(" ")
                refused[name, option] = rest.strip()
            else:
                words = re.findall(r"([^\s()]+)(?:\(([^)]*)\))?", rest)
                wanted.setdefault(command, []).extend((name, values.split()) for name, values in words)
    return wanted, later, refused


def help_of(command):
    done = subprocess.run([TS, *command.split(), "--help"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def option_lines(text):
    """{name: its line of help, the next one too when the name is too long for one}"""
    out, names = {}, []
    for line in text.splitlines():
        if re.match(r"  \S", line) and not line.startswith("  ts "):
            left = re.split(r"\s{2,}", line.strip())[0]
            names = [word for word in re.split(r"[,\s]+", left) if word]
            for name in names:
                out.setdefault(name.lower(), "")
        for name in names:
            out[name.lower()] += line + "\n"
    return out


class Contract(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.wanted, self.later, self.refused = read_contract()
        listed = subprocess.run([TS, "--commands"], capture_output=True, text=True, check=True).stdout.splitlines()
        self.commands = {line.removesuffix(" (delegated)") for line in listed}
        self.delegated = {line.removesuffix(" (delegated)") for line in listed if line.endswith(" (delegated)")}

    def test_every_command_and_option_of_the_contract_is_there(self):
        missing = []
        for command, words in self.wanted.items():
            if command not in self.commands:
                missing.append(f"{command}: there is no such command")
                continue
            text = help_of(command)
            lines = option_lines(text)
            for name, values in words:
                key = name.strip("<>").lower()
                if key not in lines:
                    missing.append(f"{command}: {name}")
                    continue
                missing += [f"{command}: {name} does not name '{value}'" for value in values if value not in lines[key]]
            missing += [f"{command}: {name}" for name in OF_EVERY_COMMAND if command not in self.delegated and name.lower() not in lines]
        self.assertEqual(missing, [], "\n" + "\n".join(missing))

    def test_every_example_of_help_comes_first(self):
        for command in self.wanted:
            with self.subTest(command):
                self.assertRegex(help_of(command), r"\A[^\n]+\n\nExamples:\n  \S")

    def test_no_command_is_outside_the_contract_without_a_line(self):
        extra = self.commands - set(self.wanted) - NOT_IN_THE_CONTRACT - EXTRA
        self.assertEqual(extra, set(), "give them a line in contract.txt, or in EXTRA")

    def test_what_is_to_come_later_is_not_there_yet(self):
        self.assertEqual(self.commands & set(self.later), set(), "these are there now: move their lines up")
        self.assertEqual([command for command, reason in {**self.later, **self.refused}.items() if not reason], [])

    def test_creates_take_a_key_or_say_why_not(self):
        for command in sorted(self.commands):
            if command.split()[0] in ("mux", "cloudflare", "egress", "ingress", "room", "webhook") and command.split()[-1] in ("create", "add", "start"):
                with self.subTest(command):
                    self.assertEqual("--ref" in option_lines(help_of(command)), (command, "--ref") not in self.refused)


# Verbs beyond the contract: a running compositor's, kept short here because compose's own tests hold them.
EXTRA = {"compose batch", "compose black", "compose go", "compose overlay set", "compose scene set", "compose source restart"}

if __name__ == "__main__":
    unittest.main(verbosity=2)
