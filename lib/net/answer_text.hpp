// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/http.hpp"

#include <string>
#include <string_view>

namespace ts::net {

/// True for HTML, by its content type or its first characters: what a proxy, a load balancer or a
/// wrong address answers in place of the service.
bool is_web_page(const HttpResponse& response);

/// What a web page says to a reader: its title, else its first words; no markup, at most 100 bytes.
std::string page_words(std::string_view html);

/// The body of an answer as words for an error message: of a web page "a web page (text/html): its
/// first words", else the text as it is.
std::string answer_text(const HttpResponse& response);

}  // namespace ts::net
