// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>

namespace ts::tcp {

/// A server's TLS context: TLS 1.2 or newer, with a PEM chain (leaf first) and its unencrypted key.
/// @return kConfig naming the file when one of them cannot be used or they do not belong together.
Result<std::shared_ptr<boost::asio::ssl::context>> load_server_tls(
    const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace ts::tcp
