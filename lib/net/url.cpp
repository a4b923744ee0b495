// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include "core/secret.hpp"
#include "core/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

namespace ts::net {
namespace {

Error bad_url(std::string_view text, std::string_view reason) {
  return Error{.kind = ErrorKind::kUsage,
               .message = fmt::format("'{}' is not a usable URL: {}", shorten(text, 80), reason),
               .hint = "write it as scheme://host/path"};
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What stands in brackets: an IPv6 address, with a zone behind it perhaps (fe80::1%25eth0).
bool is_ipv6(const std::string& text) {
  const auto zone = text.find('%');
  in6_addr address{};
  if (::inet_pton(AF_INET6, text.substr(0, zone).c_str(), &address) != 1) return false;
  return zone == std::string::npos ||
         (zone + 1 < text.size() &&
          std::all_of(text.begin() + static_cast<std::ptrdiff_t>(zone), text.end(),
                      [](char c) { return is_unreserved(c) || c == '%'; }));
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  // A URL in an error message may carry a key: only its scheme is echoed once the host is known.
  if (text.size() > 8192) return bad_url(text.substr(0, 16), "it is longer than 8192 bytes");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || c == '\\' || c == '"' || c == '<' || c == '>') {
      return bad_url(text.substr(0, text.find("://")), "it holds a blank or control character");
    }
  }
  Url url;
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos || scheme_end == 0) {
    return bad_url(text.substr(0, 40), "it names no scheme");
  }
  url.scheme = to_lower(text.substr(0, scheme_end));
  if (url.scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") !=
      std::string::npos) {
    return bad_url(url.scheme, "its scheme is malformed");
  }
  std::string_view rest = text.substr(scheme_end + 3);
  const auto authority_end = rest.find_first_of("/?#");
  std::string_view authority = rest.substr(0, authority_end);
  rest = authority_end == std::string_view::npos ? std::string_view{} : rest.substr(authority_end);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.userinfo = std::string(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  std::string_view port_text;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return bad_url(url.scheme, "its host is malformed");
    url.host = to_lower(authority.substr(1, close - 1));
    if (!is_ipv6(url.host)) return bad_url(url.scheme, "its host in brackets is no IPv6 address");
    const std::string_view tail = authority.substr(close + 1);
    if (!tail.empty() && tail.front() != ':') return bad_url(url.scheme, "its host is malformed");
    has_port = !tail.empty();
    if (has_port) port_text = tail.substr(1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    url.host = to_lower(authority.substr(0, colon));
    port_text = authority.substr(colon + 1);
    has_port = true;
  } else {
    url.host = to_lower(authority);
  }
  if (url.host.empty()) return bad_url(url.scheme + "://", "it names no host");
  if (url.host.find_first_of("[]") != std::string::npos) {
    return bad_url(url.scheme, "its host is malformed");
  }
  if (has_port) {
    const auto port = parse_u64(port_text);
    if (!port || *port == 0 || *port > 65535) {
      return bad_url(url.scheme + "://" + url.host, "its port is not 1 to 65535");
    }
    url.port = static_cast<std::uint16_t>(*port);
  }
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    url.fragment = std::string(rest.substr(hash + 1));
    rest = rest.substr(0, hash);
  }
  if (const auto question = rest.find('?'); question != std::string_view::npos) {
    url.query = std::string(rest.substr(question + 1));
    rest = rest.substr(0, question);
  }
  url.path = std::string(rest);
  return url;
}

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string out = v6 ? fmt::format("[{}]", host) : host;
  if (port != 0) out += fmt::format(":{}", port);
  return out;
}

std::string Url::text() const {
  std::string out = scheme + "://";
  if (!userinfo.empty()) out += userinfo + "@";
  out += authority() + path;
  if (!query.empty()) out += "?" + query;
  if (!fragment.empty()) out += "#" + fragment;
  return out;
}

std::string Url::redacted() const {
  std::string out = scheme + "://";
  // mux://KEY and twitch://KEY carry the key where the host stands.
  if (scheme == "mux" || scheme == "twitch") return out + redact_identifier(host);
  out += authority();
  if (scheme.starts_with("rtmp")) {
    const auto slash = path.rfind('/');
    if (slash != std::string::npos && slash + 1 < path.size()) {
      out += path.substr(0, slash + 1) + redact_identifier(path.substr(slash + 1));
    } else {
      out += path;
    }
  } else {
    out += path;
  }
  if (!query.empty()) {
    out += "?";
    bool first = true;
    for (const std::string_view pair : split(query, '&')) {
      if (!first) out += "&";
      first = false;
      const auto equals = pair.find('=');
      out += equals == std::string_view::npos ? std::string("...")
                                              : std::string(pair.substr(0, equals)) + "=...";
    }
  }
  return out;
}

std::uint16_t Url::effective_port() const {
  if (port != 0) return port;
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss" || scheme == "rtmps") return 443;
  if (scheme == "rtmp") return 1935;
  return 0;
}

bool Url::is_loopback() const {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 0xFU]);
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const bool room = text.size() - i > 2;
    const int high = room ? hex_value(text[i + 1]) : -1;
    const int low = room ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Error{.kind = ErrorKind::kUsage, .message = "text holds a broken percent escape"};
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Result<std::string> path_segment(std::string_view id, std::string_view what) {
  const auto refuse = [&](std::string_view reason) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("{} {}", what, reason)};
  };
  if (id.empty()) return refuse("is empty");
  if (id.size() > 1024) return refuse("is longer than 1024 bytes");
  if (id == "." || id == "..") return refuse(fmt::format("cannot be '{}'", id));
  if (!is_utf8(id)) return refuse("is not UTF-8");
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/' || c == '\\' || byte < 0x20 || byte == 0x7F) {
      return refuse(fmt::format("'{}' holds a slash or control character", shorten(id, 60)));
    }
  }
  return percent_encode(id);
}

Result<std::string> lenient_path_segment(std::string_view id, std::string_view what) {
  const auto refuse = [&](std::string_view reason) {
    return Error{.kind = ErrorKind::kUsage, .message = fmt::format("{} {}", what, reason)};
  };
  if (id.empty()) return refuse("is empty");
  if (id.size() > 1024) return refuse("is longer than 1024 bytes");
  if (!is_utf8(id)) return refuse("is not UTF-8");
  std::string dots = to_lower(id);
  for (auto at = dots.find("%2e"); at != std::string::npos; at = dots.find("%2e")) {
    dots.replace(at, 3, ".");
  }
  if (dots == "." || dots == "..") return refuse(fmt::format("cannot be '{}'", id));
  constexpr std::string_view kKept = "!$&'()*+,;=:@";
  std::string out;
  for (const char c : id) {
    out += kKept.find(c) == std::string_view::npos ? percent_encode(std::string_view(&c, 1))
                                                   : std::string(1, c);
  }
  return out;
}

}  // namespace ts::net
