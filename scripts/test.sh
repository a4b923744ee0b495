#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything (Release) and runs every test that CI runs; lists skips by name.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$(date +%s)
scripts/build.sh --tests
scripts/check_layers
# Tests talk to loopback only: no proxy in between, nothing of the caller's credentials.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
for name in $(env | grep -E '^(LIVEKIT|MUX|CLOUDFLARE|TS)_' | cut -d= -f1); do unset "$name"; done
status=0
log=build/release/test.log
ctest --test-dir build/release --output-on-failure -j "$(nproc)" --timeout 300 2>&1 | tee "$log" || status=$?
skipped=$(grep -E '\*\*\*Skipped' "$log" | sed -E 's/.*Test +#[0-9]+: ([^ ]+).*/\1/' | sort -u || true)
count=0
if [ -n "$skipped" ]; then count=$(printf '%s\n' "$skipped" | wc -l); fi
echo "skipped: $count"
[ -z "$skipped" ] || printf '  %s\n' $skipped
# Only what needs a device or a livekit-server may be skipped; anything else has to be there.
unexpected=$(printf '%s\n' $skipped | grep -v -x -F -f tests/allowed_skips.txt || true)
if [ -n "$unexpected" ]; then
  echo "tests were skipped that tests/allowed_skips.txt does not list:" >&2
  printf '  %s\n' $unexpected >&2
  status=1
fi
echo "time: $(( $(date +%s) - started )) s"
exit $status
