#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tokens and webhooks: ts beside the vendors' Node SDKs, in one run. Usage: scripts/bench_tokens.sh
# [BUILD_DIR] (default build/release; it needs TS_BENCH=ON for the in-process part).
# Prints operations per second in-process, then the time of whole processes. RUNS=40 by default.
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
"$build/bin/token_bench" --benchmark_repetitions=3 --benchmark_min_time=1 \
  --benchmark_format=json >"$work/ts.json" 2>/dev/null
node tests/bench/sdk_bench.mjs >"$work/sdk.json"
python3 - "$work" "$ts" "${RUNS:-40}" <<'PY'
import json, os, statistics, subprocess, sys, time
work, ts, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
mine = {}
for b in json.load(open(f"{work}/ts.json"))["benchmarks"]:
    if b["run_type"] == "iteration":
        mine[b["name"]] = max(mine.get(b["name"], 0), 1e9 / b["real_time"])
sdk = json.load(open(f"{work}/sdk.json"))
print(f"{'in-process, operations per second':36}{'ts':>12}{'Node SDK':>12}{'ratio':>9}")
for name, rate in sdk.items():
    print(f"{name:36}{mine[name]:12,.0f}{rate:12,.0f}{mine[name] / rate:8.1f}x")

def median_ms(commands):
    """Interleaved, so that a busy machine weighs on all of them alike."""
    times = [[] for _ in commands]
    for _ in range(runs):
        for i, (argv, stdin) in enumerate(commands):
            start = time.perf_counter()
            subprocess.run(argv, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            times[i].append((time.perf_counter() - start) * 1000)
    return [statistics.median(t) for t in times]

body = subprocess.run([ts, "webhook", "trigger", "video.asset.ready", "-o", "raw"], capture_output=True, check=True).stdout
header = subprocess.run([ts, "webhook", "sign", "--provider", "mux", "--body", "-", "-o", "raw"], input=body, capture_output=True, check=True).stdout.decode().strip()
token = subprocess.run([ts, "token", "--room", "main", "--identity", "cam-1", "-q"], capture_output=True, check=True).stdout
bench = "tests/bench/sdk_bench.mjs"
create = [ts, "token", "create", "--room", "main", "--identity", "cam-1", "--role", "camera", "-q"]
verify = [ts, "webhook", "verify", "--provider", "mux", "--body", "-", "--header", f"Mux-Signature: {header}"]
true, ours, check, hook, node_mint, node_hook = median_ms([
    (["/bin/true"], b""), (create, b""), ([ts, "token", "verify", "-"], token), (verify, body),
    (["node", bench, "once"], b""),
    (["node", bench, "once-verify", header, os.environ["MUX_WEBHOOK_SECRET"]], body)])
print(f"\nwhole process, median of {runs}, ms")
print(f"{'/bin/true':36}{true:12.2f}")
print(f"{'ts token create':36}{ours:12.2f}   {ours - true:+.2f} over /bin/true")
print(f"{'ts token verify':36}{check:12.2f}   {check - true:+.2f} over /bin/true")
print(f"{'ts webhook verify':36}{hook:12.2f}   {hook - true:+.2f} over /bin/true")
print(f"{'node, LiveKit SDK, one token':36}{node_mint:12.2f}   {node_mint / ours:.1f}x ts")
print(f"{'node, Mux SDK, one webhook':36}{node_hook:12.2f}   {node_hook / hook:.1f}x ts")
PY
