#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one .case file against the real binary, or rewrites it with --update.

A case: "# comment" lines, "$ command" (a shell line; `ts` is the binary under test), then any of
  env NAME=VALUE          (any number, after the $ line)
  sandbox [OPTIONS]       a sandbox of its own runs meanwhile; the folder's .env points at it
  setup COMMAND           a shell line run before, in the same folder, which must succeed
  meanwhile COMMAND       a shell line that runs beside, from here on, and is stopped at the end
  until COMMAND           a shell line tried again and again until it succeeds
  (any number of these three, done in their order)
  file NAME [MODE]        followed by its lines, up to the next "---": made in the empty folder the case runs in
  --- stdin  --- stdout  --- stderr  --- exit N
stdout and stderr must be stated, empty ones too. In expected text `{{...}}` is a regular expression.
"""
import os, re, signal, subprocess, sys, tempfile, time

STEPS = ("setup", "meanwhile", "until")


def parse(path):
    case = {"comments": [], "command": None, "env": {}, "sandbox": None, "before": [], "files": [], "stdin": "", "stdout": None, "stderr": None, "exit": None}
    section, lines = None, []

    def close():
        if section is None:
            return
        text = "".join(lines)
        if section[0] == "file":
            case["files"].append((section[1], text, section[2]))
        else:
            case[section[0]] = text

    with open(path, encoding="utf-8") as source:
        raws = list(source)
    for raw in raws:
        line = raw.rstrip("\n")
        if line.startswith("--- "):
            close()
            words = line[4:].split()
            lines = []
            if words[0] == "exit":
                case["exit"], section = int(words[1]), None
            elif words[0] == "file":
                section = ("file", words[1], int(words[2], 8) if len(words) > 2 else 0o644)
            else:
                section = (words[0],)
        elif section is not None:
            lines.append(raw)
        elif line.startswith("$ "):
            case["command"] = line[2:]
        elif line.startswith("env "):
            name, _, value = line[4:].partition("=")
            case["env"][name] = value
        elif line == "sandbox" or line.startswith("sandbox "):
            case["sandbox"] = line[len("sandbox"):].strip()
        elif line.split(" ", 1)[0] in STEPS:
            case["before"].append(line.split(" ", 1))
        elif line.startswith("#"):
            case["comments"].append(line)
        elif line.strip():
            sys.exit(f"{path}: cannot read line {line!r}")
    close()
    return case


def matches(expected, actual):
    pattern = "".join(
        part[2:-2] if part.startswith("{{") else re.escape(part) for part in re.split(r"(\{\{.*?\}\})", expected))
    return re.fullmatch(pattern, actual, re.S) is not None


def stop(child):
    """Ends a process group; only ones that this program started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, sign)
            child.wait(10)
        except ProcessLookupError:
            child.wait(10)
            return
        except subprocess.TimeoutExpired:
            continue


def run(case, binary):
    with tempfile.TemporaryDirectory(prefix="ts-case-") as folder:
        for name, text, mode in case["files"]:
            target = os.path.join(folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "w", encoding="utf-8") as out:
                out.write(text)
            os.chmod(target, mode)
        # No home, no proxies, nothing of the caller's settings; `ts` and `ts-media` first on PATH.
        env = {"PATH": os.path.dirname(binary) + ":/usr/bin:/bin", "HOME": folder, "XDG_STATE_HOME": folder + "/state",
               "XDG_CONFIG_HOME": folder + "/config", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for key in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if key in os.environ:
                env[key] = os.environ[key]
        env.update(case["env"])
        def shell(line, text=b""):
            return subprocess.run(["/bin/sh", "-c", line], cwd=folder, env=env, input=text, capture_output=True, timeout=50)

        beside = []

        def prepare(line, patient=False):
            done, end = shell(line), time.monotonic() + 40
            while patient and done.returncode != 0 and time.monotonic() < end:
                time.sleep(0.05)  # between two polls
                done = shell(line)
            if done.returncode != 0:
                sys.exit(f"setup failed: {line}\n{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}")

        try:
            if case["sandbox"] is not None:
                prepare(f"ts sandbox up --detach --quiet --dir box --port 0 --write-env .env {case['sandbox']}")
            for kind, line in case["before"]:
                if kind == "meanwhile":
                    beside.append(subprocess.Popen(["/bin/sh", "-c", line], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
                else:
                    prepare(line, patient=kind == "until")
            done = shell(case["command"], case["stdin"].encode())
        finally:
            for child in beside:
                stop(child)
            if case["sandbox"] is not None:
                shell("ts sandbox down --dir box")
        return (done.stdout.decode(errors="replace").replace(folder, "DIR"),
                done.stderr.decode(errors="replace").replace(folder, "DIR"), done.returncode)


def write(path, case, stdout, stderr, code):
    with open(path, "w", encoding="utf-8") as out:
        for line in case["comments"]:
            out.write(line + "\n")
        out.write("$ " + case["command"] + "\n")
        for name, value in case["env"].items():
            out.write(f"env {name}={value}\n")
        if case["sandbox"] is not None:
            out.write(f"sandbox {case['sandbox']}".rstrip() + "\n")
        for kind, line in case["before"]:
            out.write(f"{kind} {line}\n")
        for name, text, mode in case["files"]:
            out.write(f"--- file {name} {mode:o}\n{text}")
        if case["stdin"]:
            out.write("--- stdin\n" + case["stdin"])
        out.write("--- stdout\n" + stdout + "--- stderr\n" + stderr + f"--- exit {code}\n")


def main():
    update = "--update" in sys.argv
    binary, *paths = [a for a in sys.argv[1:] if a != "--update"]
    failed = 0
    for path in paths:
        case = parse(path)
        stdout, stderr, code = run(case, os.path.abspath(binary))
        same = (case["stdout"] is not None and case["stderr"] is not None and case["exit"] == code
                and matches(case["stdout"], stdout) and matches(case["stderr"], stderr))
        if same:
            continue
        if update:
            write(path, case, stdout, stderr, code)
            print("rewrote", path)
            continue
        failed += 1
        print(f"{path}: differs\n$ {case['command']}")
        for name, expected, actual in (("stdout", case["stdout"], stdout), ("stderr", case["stderr"], stderr),
                                       ("exit", str(case["exit"]), str(code))):
            if expected is None or not matches(expected, actual):
                print(f"--- expected {name}\n{expected}--- actual {name}\n{actual}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
