// SPDX-License-Identifier: Apache-2.0
#include "delayed/library.hpp"

#include "media/devices_internal.hpp"
#include "media/ffmpeg.hpp"

namespace ts::media {
namespace {

using AlsaHandler = void (*)(const char* file, int line, const char* function, int code,
                             const char* format, ...);

void say_nothing(const char* /*file*/, int /*line*/, const char* /*function*/, int /*code*/,
                 const char* /*format*/, ...) {}

/// ALSA writes each failure to standard error, at every retry; FFmpeg's error says the same.
void silence_alsa() {
  void* const alsa = ::dlopen("libasound.so.2", RTLD_NOW | RTLD_NOLOAD);
  const auto set_handler = delayed::find<int (*)(AlsaHandler)>(alsa, "snd_lib_error_set_handler");
  if (set_handler != nullptr) set_handler(say_nothing);
}

}  // namespace

void register_devices() {
  static const bool registered = [] {
    avdevice_register_all();
    silence_alsa();
    return true;
  }();
  (void)registered;
}

}  // namespace ts::media
