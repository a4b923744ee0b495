#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, as root or through sudo, without prompts. Usage:
#   scripts/install_deps.sh build   what building and running ts needs
#   scripts/install_deps.sh test    the independent judges that the tests use, too
#   scripts/install_deps.sh tidy    clang-format, clang-tidy and libFuzzer, too
#   scripts/install_deps.sh bench   the peers of the benchmarks, too
# TS_SKIP_INSTALL=1 skips it (the packages are there by other means).
set -euo pipefail

build_packages=(g++ cmake ninja-build ccache pkg-config python3 git ca-certificates
  libcli11-dev nlohmann-json3-dev libfmt-dev libssl-dev nettle-dev libcurl4-openssl-dev libsqlite3-dev
  libqrcodegencpp-dev libboost1.74-dev
  libavformat-dev libavcodec-dev libavfilter-dev libavdevice-dev libavutil-dev libswscale-dev libswresample-dev libebur128-dev
  libpango1.0-dev ffmpeg fonts-dejavu-core)
# The fonts (24 MB) are what the pictures of text in every script under tests/golden were drawn with.
test_packages=(fonts-noto-core fonts-wqy-microhei fonts-noto-color-emoji
  libgtest-dev libgmock-dev curl openssl sqlite3 nginx-light libnginx-mod-rtmp zbar-tools imagemagick strace chromium tmux
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  python3-gi gir1.2-gst-rtsp-server-1.0)
tidy_packages=(clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev)
bench_packages=(libbenchmark-dev melt gstreamer1.0-libav libgstreamer1.0-dev hyperfine)

wanted=("${build_packages[@]}")
case "${1:-build}" in
  build) ;;
  test) wanted+=("${test_packages[@]}") ;;
  tidy) wanted+=("${test_packages[@]}" "${tidy_packages[@]}") ;;
  bench) wanted+=("${test_packages[@]}" "${bench_packages[@]}") ;;
  *) echo "install_deps: unknown set '$1' (build, test, tidy, bench)" >&2; exit 2 ;;
esac
[ "${TS_SKIP_INSTALL:-}" = 1 ] && exit 0

# A Node.js that is there already, from wherever, is used as it is.
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "install_deps: this is no Debian; install the equivalents of: ${missing[*]}" >&2
  exit 3
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install_deps: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 3; }
  root=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A system nginx that starts by itself on port 80 would be a bad surprise: it is only a judge of the tests.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod +x "$policy"
  made_policy=1
fi
finish() { [ -z "$made_policy" ] || "${root[@]}" rm -f "$policy"; }
trap finish EXIT
log=$(mktemp)
for try in 1 2 3; do
  if "${root[@]}" apt-get update >"$log" 2>&1 &&
     "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    rm -f "$log"
    exit 0
  fi
  echo "installing failed (try $try of 3)" >&2
done
tail -n 20 "$log" >&2
echo "install_deps: these could not all be installed: ${missing[*]}" >&2
echo "    check the network and the package sources, then run this again (full log: $log)" >&2
exit 3
