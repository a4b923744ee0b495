#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds ts and ts-media (Release) into build/release, and makes the example media.
#   scripts/build.sh [--tests]
set -euo pipefail
cd "$(dirname "$0")/.."
tests=OFF
set_name=build
if [ "${1:-}" = --tests ]; then tests=ON; set_name=test; fi

scripts/install_deps.sh "$set_name"
# Web assets and, for tests, the vendors' SDKs: from lockfiles only.
if command -v npm >/dev/null; then
  scripts/npm_ci.sh web
  [ "$tests" = OFF ] || scripts/npm_ci.sh tests/node
else
  echo "build: without Node.js the web pages are off; everything else builds"
fi
# Re-configuring with tests off would throw away the test targets of an earlier run.
if [ "$tests" = OFF ] && grep -qs 'BUILD_TESTING:BOOL=ON' build/release/CMakeCache.txt; then tests=ON; fi
cmake --preset release -DBUILD_TESTING="$tests" >build-release.log 2>&1 || { cat build-release.log >&2; rm -f build-release.log; exit 1; }
rm -f build-release.log
if [ "${1:-}" = --tests ]; then
  cmake --build build/release
else
  cmake --build build/release --target ts ts-media
fi
scripts/make_example_media.sh
