#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# npm ci in FOLDER, skipped when its lockfile is installed already.
set -euo pipefail
cd "$(dirname "$0")/../$1" 2>/dev/null || exit 0
[ -e package-lock.json ] || exit 0
stamp=node_modules/.lock.sha256
sum=$(sha256sum package-lock.json | cut -d' ' -f1)
[ -e "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && exit 0
for try in 1 2 3; do
  if npm ci --no-audit --no-fund --loglevel=error; then echo "$sum" >"$stamp"; exit 0; fi
  echo "npm ci failed in $1 (try $try of 3)" >&2
done
echo "npm_ci: the packages of $1 could not be installed; check the network, then run this again" >&2
exit 3
