#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job on this machine, without any account: installs what is missing, builds, starts the sandbox (LiveKit and Mux
# on loopback, real media), takes the rehearsal show live, watches it as a viewer does, ends it, and leaves one picture of
# what viewers got. Exit 0 only when the right picture arrived.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$(date +%s)
scripts/build.sh
built=$(date +%s)
ts=$PWD/build/release/bin/ts
run=${TS_DEMO_DIR:-$PWD/build/demo}
rm -rf "$run"
mkdir -p "$run"
# Everything of the demo in one folder; nothing of the caller's settings or state.
for name in $(env | grep -E '^(LIVEKIT|MUX|CLOUDFLARE|TS)_' | cut -d= -f1); do unset "$name"; done
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
export XDG_STATE_HOME=$run/state XDG_CONFIG_HOME=$run/config
cd "$run"

up=
finish() {
  code=$?
  trap - EXIT
  # Nothing is left running, whatever happened.
  [ -z "$up" ] || "$ts" sandbox down --dir "$run/sandbox" -q --yes || true
  if [ $code -ne 0 ]; then echo "demo: FAILED (exit $code); what there is lies in $run"; fi
  exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "== sandbox: LiveKit and Mux on this machine"
up=1
"$ts" sandbox up --detach --dir "$run/sandbox" --write-env "$run/sandbox.env"
echo
echo "== the rehearsal show, live for about ${TS_DEMO_DURATION:-30s} (ts live start examples/rehearsal/show.json)"
"$ts" live start "$OLDPWD/examples/rehearsal/show.json" --env-file "$run/sandbox.env" --duration "${TS_DEMO_DURATION:-30s}" --timeout 60s
echo
echo "== what viewers got, fetched from the playback URL"
"$ts" live report rehearsal --env-file "$run/sandbox.env" --sheet "$run/sheet.png"
"$ts" live report rehearsal --env-file "$run/sandbox.env" --json >"$run/report.json"
"$ts" sandbox down --dir "$run/sandbox" -q --yes
up=
ended=$(date +%s)
echo
echo "picture   $run/sheet.png"
echo "report    $run/report.json"
echo "built in $((built - started)) s, ran in $((ended - built)) s"
echo "demo: OK"
