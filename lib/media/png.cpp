// SPDX-License-Identifier: Apache-2.0
#include "media/png.hpp"

#include "core/file.hpp"
#include "media/av_handles.hpp"

namespace ts::media {

Result<AvFrame> to_rgb(const AVFrame& picture) {
  const auto from = static_cast<AVPixelFormat>(picture.format);
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(from);
  if (description == nullptr || picture.width <= 0 || picture.height <= 0) {
    return Error{.kind = ErrorKind::kMedia, .message = "there is no picture to make a PNG of"};
  }
  const bool alpha = (description->flags & static_cast<unsigned>(AV_PIX_FMT_FLAG_ALPHA)) != 0;
  auto out = make_frame();
  out->width = picture.width;
  out->height = picture.height;
  out->format = alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24;
  if (const int code = av_frame_get_buffer(out.get(), 0); code < 0) return av_no_memory();
  const AvScaler scaler(sws_getContext(picture.width, picture.height, from, out->width, out->height,
                                       static_cast<AVPixelFormat>(out->format),
                                       SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr,
                                       nullptr, nullptr));
  if (!scaler) {
    return Error{.kind = ErrorKind::kMedia,
                 .message = "a picture of this pixel format cannot become a PNG"};
  }
  const int matrix =
      picture.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_ITU709 : int{picture.colorspace};
  const int full = picture.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  constexpr int kUnit = 1 << 16;
  sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(matrix), full,
                           sws_getCoefficients(SWS_CS_ITU709), 1, 0, kUnit, kUnit);
  const int rows = sws_scale(scaler.get(), static_cast<const std::uint8_t* const*>(picture.data),
                             static_cast<const int*>(picture.linesize), 0, picture.height,
                             static_cast<std::uint8_t* const*>(out->data),
                             static_cast<const int*>(out->linesize));
  if (rows != picture.height) {
    return Error{.kind = ErrorKind::kMedia, .message = "a picture could not be converted"};
  }
  return out;
}

Result<std::string> encode_png(const AVFrame& picture) {
  TS_TRY(const auto rgb, to_rgb(picture));
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) {
    return Error{.kind = ErrorKind::kMedia, .message = "FFmpeg was built without its PNG encoder"};
  }
  const AvCodecContext encoder(avcodec_alloc_context3(codec));
  const auto packet = make_packet();
  if (!encoder) return av_no_memory();
  encoder->width = rgb->width;
  encoder->height = rgb->height;
  encoder->pix_fmt = static_cast<AVPixelFormat>(rgb->format);
  encoder->time_base = AVRational{1, 1};
  int code = avcodec_open2(encoder.get(), codec, nullptr);
  if (code >= 0) code = avcodec_send_frame(encoder.get(), rgb.get());
  if (code >= 0) code = avcodec_send_frame(encoder.get(), nullptr);
  if (code >= 0) code = avcodec_receive_packet(encoder.get(), packet.get());
  if (code < 0) return av_error(code, "encode PNG");
  const auto* bytes = reinterpret_cast<const char*>(packet->data);
  return std::string(bytes, static_cast<std::size_t>(packet->size));
}

Status write_png(const AVFrame& picture, const std::filesystem::path& path) {
  TS_TRY(const auto bytes, encode_png(picture));
  return write_file_atomic(path, bytes);
}

}  // namespace ts::media
