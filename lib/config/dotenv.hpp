// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ts::config {

/// One NAME=value of a `.env` file and where it stands.
struct Assignment {
  std::string name{};
  std::string value{};
  std::size_t line = 1;        ///< The one its name is on.
  std::size_t begin = 0;       ///< First byte: of `export` or the name.
  std::size_t name_begin = 0;  ///< First byte of the name.
  std::size_t end = 0;         ///< Behind its value, a closing quote included.
};

/// What parse_dotenv reads, with the places, for whoever rewrites the file.
Result<std::vector<Assignment>> parse_assignments(std::string_view text, std::string_view what);

/// `value` as it is written into a `.env` file, quoted where it must be.
std::string dotenv_value(std::string_view value);

/// Reads a `.env` file: NAME=value, optional `export`, # comments, 'literal' and "escaped" values
/// (the latter may span lines, as PEM keys do). The last assignment of a name wins at the caller.
///
/// @param what  names the file in errors.
/// @return kConfig with the line number; the value itself never enters the message.
Result<std::vector<std::pair<std::string, std::string>>> parse_dotenv(std::string_view text,
                                                                      std::string_view what);

}  // namespace ts::config
