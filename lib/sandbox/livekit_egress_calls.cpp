// SPDX-License-Identifier: Apache-2.0
// The calls about an egress that is there.
#include "sandbox/livekit_internal.hpp"

#include <algorithm>

namespace ts::sandbox {
namespace {

Refusal no_egress() { return service_error("not_found", "egress does not exist"); }

}  // namespace

Outcome LiveKitService::Impl::update_layout(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  auto* recorder = find_participant(text_of(found->second.info, "room_name"), found->first);
  if (recorder == nullptr) return service_error("not_found", "participant does not exist");
  recorder->info["metadata"] = dump_json(Json{{"layout", text_of(request, "layout")}});
  found->second.layout = text_of(request, "layout");
  tell_composites();
  return egress_json(found->second);
}

Outcome LiveKitService::Impl::update_stream(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  auto& item = found->second;
  const auto status = text_of(item.info, "status");
  if (status != "EGRESS_STARTING" && status != "EGRESS_ACTIVE") {
    return Refusal{"failed_precondition", "egress with status " + status + " cannot be updated"};
  }
  const auto running = [&](const std::string& url) {
    return std::find_if(item.outputs.begin(), item.outputs.end(), [&](const EgressOutput& output) {
      return !output.removed && output.kind == EgressOutput::Kind::kStream &&
             text_of(output.info, "status") == "ACTIVE" &&
             (output.original == url || output.url == expand_url(url));
    });
  };
  std::vector<std::string> errors;
  std::string code = "invalid_argument";
  for (const auto& added : request.value("add_output_urls", Json::array())) {
    const auto url = added.get<std::string>();
    if (!is_rtmp_scheme(url) || !is_rtmp_target(expand_url(url))) {
      return invalid_url(url, "invalid scheme");
    }
    if (running(url) != item.outputs.end()) continue;
    item.outputs.push_back(make_output(url));
    if (status == "EGRESS_ACTIVE") launch(item, item.outputs.back());
  }
  for (const auto& removed : request.value("remove_output_urls", Json::array())) {
    const auto url = removed.get<std::string>();
    const auto output = running(url);
    if (output == item.outputs.end()) {
      code = "not_found";
      errors.push_back("stream " + url + " not found");
      continue;
    }
    output->removed = true;
    if (output->running) {
      effects.push_back(RelayStop{output->relay});
    } else {
      output->info["status"] = "FINISHED";
      output->info["ended_at"] = now_ns();
    }
  }
  if (!errors.empty()) {
    std::string text = errors.front();
    for (std::size_t i = 1; i < errors.size(); ++i) text += "\n" + errors[i];
    return service_error(code, text);
  }
  item.info["updated_at"] = now_ns();
  egress_event("egress_updated", item);
  settle(item);
  return egress_json(item);
}

Outcome LiveKitService::Impl::list_egress(const Json& request) {
  Json items = Json::array();
  if (const auto id = text_of(request, "egress_id"); !id.empty()) {
    const auto found = egress.find(id);
    if (found == egress.end()) return no_egress();
    items.push_back(egress_json(found->second));
    return Json{{"items", std::move(items)}};
  }
  const auto room = text_of(request, "room_name");
  for (const auto& [id, item] : egress) {
    if (!room.empty() && text_of(item.info, "room_name") != room) continue;
    if (flag_of(request, "active") && is_terminal(text_of(item.info, "status"))) continue;
    items.push_back(egress_json(item));
  }
  return Json{{"items", std::move(items)}};
}

Outcome LiveKitService::Impl::stop_egress(const Json& request) {
  const auto found = egress.find(text_of(request, "egress_id"));
  if (found == egress.end()) return no_egress();
  const auto status = text_of(found->second.info, "status");
  if (is_terminal(status) || status == "EGRESS_ENDING") {
    return Refusal{"failed_precondition", "egress with status " + status + " cannot be stopped"};
  }
  auto& item = found->second;
  begin_end(item, "StopEgress API");
  return egress_json(item);
}

}  // namespace ts::sandbox
