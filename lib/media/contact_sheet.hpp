// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"
#include "media/av_handles.hpp"

#include <string>
#include <vector>

namespace ts::media {

/// One picture of a contact sheet with what is printed under it.
struct SheetEntry {
  AvFrame picture;       ///< Any size and format; scaled into its place.
  std::string time{};    ///< "0:05"
  std::string label{};   ///< The scene; printed in color.
  std::string detail{};  ///< Overlays; printed dimmed below.
  std::string corner{};  ///< "frame 150"; printed dimmed at the right.
  bool wrong = false;    ///< Framed in red.
};

struct SheetText {
  std::string title{};
  std::string subtitle{};
  std::string verdict{};  ///< "OK" or "FAILED"; in a colored field.
  std::string reason{};   ///< Beside the verdict.
  bool good = true;
};

/// Draws the sheet: title, verdict and the pictures in rows.
/// @return the sheet as RGB; kMedia when a picture cannot be scaled or no font is installed.
Result<AvFrame> draw_contact_sheet(const SheetText& text, const std::vector<SheetEntry>& entries);

}  // namespace ts::media
