# SPDX-License-Identifier: Apache-2.0
# Every outside package, each with the reason it was chosen. Nothing is downloaded here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
# fmt: formatting without iostreams; the library std::format was made from.
find_package(fmt REQUIRED)
# nlohmann/json: the field's usual JSON type; only in .cpp files (3 s a translation unit).
find_package(nlohmann_json 3.11 REQUIRED)
# CLI11: header-only option parser with validators; only tools/ include it.
find_package(CLI11 REQUIRED)
# OpenSSL: RSA and TLS, patched by the distribution. Headers only: loaded on first use (lib/delayed),
# because it costs every start 3 ms.
find_package(OpenSSL 3.0 REQUIRED)
# nettle: SHA-256 with the processor's own instructions, as fast as OpenSSL's, in a library that costs a
# start 0.1 ms. GnuTLS is built on it.
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle>=3.8)
# SQLite: state on one machine, transactional, readable with its own shell. Headers only, as above.
find_package(SQLite3 REQUIRED)
# libcurl: headers only here; the library is loaded on first use, so ts token does not pay 5 ms.
find_package(CURL REQUIRED)
# Boost.Beast/Asio (header-only): the HTTPS server's event loop; a thread per connection would let
# slow clients starve honest ones.
find_package(Boost 1.74 REQUIRED)
# qrcodegen: the reference implementation of QR encoding, a few kB, no dependencies.
find_library(QRCODEGEN_LIBRARY qrcodegencpp REQUIRED)
find_path(QRCODEGEN_INCLUDE qrcodegen/qrcodegen.hpp REQUIRED)
add_library(ts_qrcodegen INTERFACE)
target_include_directories(ts_qrcodegen SYSTEM INTERFACE ${QRCODEGEN_INCLUDE})
target_link_libraries(ts_qrcodegen INTERFACE ${QRCODEGEN_LIBRARY})

# FFmpeg 5.1: decoding, filters, encoding, muxing for ts-media only. Debian's build is GPL (x264).
pkg_check_modules(FFMPEG IMPORTED_TARGET libavformat>=59 libavcodec>=59 libavutil>=57 libswscale>=6 libswresample>=4)
# Headers only: these two are loaded on first use (lib/media/delayed_libraries.cpp), which saves 17 MiB
# and 15 ms where nothing needs them.
pkg_check_modules(FFMPEG_DELAYED libavfilter>=8 libavdevice>=59)
# libebur128: the reference implementation of EBU R128 loudness that OBS and others measure with.
pkg_check_modules(EBUR128 IMPORTED_TARGET libebur128>=1.2)
# Pango with Cairo and fontconfig: letters of every script (shaping, both directions, a font for each)
# for overlays. Debian's libavcodec loads all three anyway (through librsvg), so they cost ts-media
# nothing; FFmpeg's own drawtext joins no Devanagari and no Thai.
pkg_check_modules(PANGO IMPORTED_TARGET pangocairo>=1.50 fontconfig)
if(FFMPEG_FOUND AND FFMPEG_DELAYED_FOUND AND EBUR128_FOUND AND PANGO_FOUND)
  set(TS_MEDIA_ENABLED ON)
else()
  set(TS_MEDIA_ENABLED OFF)
  message(STATUS "ts-media is off: FFmpeg, libebur128 or Pango development packages are missing (scripts/build.sh installs them)")
endif()

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(TS_BENCH)
  find_package(benchmark REQUIRED)
endif()
