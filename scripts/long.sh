#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The long runs, by name: scripts/long.sh NAME [ARGUMENT…]. Each leaves its result in tests/results/ with
# the commit that it was made on; those files are committed. Without a name: the list.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:-}
if [ -z "$name" ] || [ ! -x "scripts/long/$name" ]; then
  [ -z "$name" ] || echo "long: there is no run called '$name'" >&2
  echo "usage: scripts/long.sh NAME [ARGUMENT…]"
  for run in scripts/long/*; do printf '  %-12s %s\n' "$(basename "$run")" "$(sed -n '3s/^# //p' "$run")"; done
  [ -z "$name" ] && exit 0 || exit 2
fi
shift
exec "scripts/long/$name" "$@"
