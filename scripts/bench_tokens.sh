#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tokens and webhooks: ts beside the vendors' Node SDKs, in one run. Usage: scripts/bench_tokens.sh
# [BUILD_DIR] (default build/release; it needs TS_BENCH=ON for the in-process part).
# Prints operations per second of processor time in-process, then whole processes: processor time and
# wall time, interleaved so that a busy machine weighs on all alike. RUNS=40 by default.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
ts=$build/bin/ts
[ -x "$build/bin/token_bench" ] || {
  echo "bench_tokens: $build/bin/token_bench is not built: cmake --preset release -DTS_BENCH=ON && cmake --build $build --target token_bench ts" >&2
  exit 2
}
[ -d tests/node/node_modules ] || npm ci --prefix tests/node --no-audit --no-fund >/dev/null

export LIVEKIT_API_KEY=APIbench LIVEKIT_API_SECRET=a-secret-of-at-least-thirty-two-bytes
export MUX_WEBHOOK_SECRET=$LIVEKIT_API_SECRET
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/bin/token_bench" --benchmark_repetitions=3 --benchmark_min_time=0.5 \
  --benchmark_format=json >"$work/ts.json" 2>/dev/null
node tests/bench/sdk_bench.mjs >"$work/sdk.json"
python3 - "$work" "$ts" "${RUNS:-40}" <<'PY'
import json, os, statistics, subprocess, sys, tempfile, time
work, ts, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
mine = {}
for b in json.load(open(f"{work}/ts.json"))["benchmarks"]:
    if b["run_type"] == "iteration":
        mine[b["name"]] = max(mine.get(b["name"], 0), 1e9 / b["cpu_time"])
sdk = json.load(open(f"{work}/sdk.json"))
print(f"{'in-process, per CPU second':36}{'ts':>12}{'Node SDK':>12}{'ratio':>9}")
for name, rate in sdk.items():
    print(f"{name:36}{mine[name]:12,.0f}{rate:12,.0f}{mine[name] / rate:8.1f}x")

def medians(commands):
    """(wall ms, CPU ms) of each command."""
    times = [[] for _ in commands]
    for _ in range(runs):
        for i, (argv, stdin) in enumerate(commands):
            with tempfile.TemporaryFile() as source:
                source.write(stdin)
                source.seek(0)
                start = time.perf_counter()
                child = subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                _, status, usage = os.wait4(child.pid, 0)
                wall = time.perf_counter() - start
                child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                sys.exit(f"{argv} ended with {child.returncode}")
            times[i].append((wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000))
    return [tuple(statistics.median(column) for column in zip(*each)) for each in times]

body = subprocess.run([ts, "webhook", "trigger", "video.asset.ready", "-o", "raw"], capture_output=True, check=True).stdout
header = subprocess.run([ts, "webhook", "sign", "--provider", "mux", "--body", "-", "-o", "raw"], input=body, capture_output=True, check=True).stdout.decode().strip()
token = subprocess.run([ts, "token", "--room", "main", "--identity", "cam-1", "-q"], capture_output=True, check=True).stdout
bench = "tests/bench/sdk_bench.mjs"
create = [ts, "token", "create", "--room", "main", "--identity", "cam-1", "--role", "camera", "-q"]
verify = [ts, "webhook", "verify", "--provider", "mux", "--body", "-", "--header", f"Mux-Signature: {header}"]
rows = medians([
    (["/bin/true"], b""), (create, b""), ([ts, "token", "verify", "-"], token), (verify, body),
    (["node", bench, "once"], b""),
    (["node", bench, "once-verify", header, os.environ["MUX_WEBHOOK_SECRET"]], body)])
names = ["/bin/true", "ts token create", "ts token verify", "ts webhook verify",
         "node, LiveKit SDK, one token", "node, Mux SDK, one webhook"]
print(f"\n{f'whole process, median of {runs}':36}{'wall ms':>12}{'CPU ms':>12}")
for i, (name, (wall, cpu)) in enumerate(zip(names, rows)):
    note = ""
    if 1 <= i <= 3:
        note = f"   {wall - rows[0][0]:+.2f} wall, {cpu - rows[0][1]:+.2f} CPU over /bin/true"
    elif i >= 4:
        ours = rows[1 if i == 4 else 3]
        note = f"   {wall / ours[0]:.1f}x wall, {cpu / ours[1]:.1f}x CPU of ts"
    print(f"{name:36}{wall:12.2f}{cpu:12.2f}{note}")
PY
