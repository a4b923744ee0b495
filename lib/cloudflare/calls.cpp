// SPDX-License-Identifier: Apache-2.0
#include "calls_internal.hpp"

#include <array>

namespace ts::cloudflare {
namespace {

constexpr auto kCalls = std::to_array<NamedCall>({
    {"stream.list", "GET", "/accounts/{account_id}/stream", false, false},
    {"stream.delete", "DELETE", "/accounts/{account_id}/stream/{}", false, true},
    {"stream.edit", "POST", "/accounts/{account_id}/stream/{}", true, false},
    {"stream.get", "GET", "/accounts/{account_id}/stream/{}", false, false},
    {"stream.liveInputs.create", "POST", "/accounts/{account_id}/stream/live_inputs", true, false},
    {"stream.liveInputs.update", "PUT", "/accounts/{account_id}/stream/live_inputs/{}", true,
     false},
    {"stream.liveInputs.list", "GET", "/accounts/{account_id}/stream/live_inputs", false, false},
    {"stream.liveInputs.delete", "DELETE", "/accounts/{account_id}/stream/live_inputs/{}", false,
     true},
    {"stream.liveInputs.get", "GET", "/accounts/{account_id}/stream/live_inputs/{}", false, false},
    {"stream.liveInputs.outputs.create", "POST",
     "/accounts/{account_id}/stream/live_inputs/{}/outputs", true, false},
    {"stream.liveInputs.outputs.update", "PUT",
     "/accounts/{account_id}/stream/live_inputs/{live_input_identifier}/outputs/{}", true, false},
    {"stream.liveInputs.outputs.list", "GET",
     "/accounts/{account_id}/stream/live_inputs/{}/outputs", false, false},
    {"stream.liveInputs.outputs.delete", "DELETE",
     "/accounts/{account_id}/stream/live_inputs/{live_input_identifier}/outputs/{}", false, true},
    {"stream.webhooks.update", "PUT", "/accounts/{account_id}/stream/webhook", true, false},
    {"stream.webhooks.delete", "DELETE", "/accounts/{account_id}/stream/webhook", false, false},
    {"stream.webhooks.get", "GET", "/accounts/{account_id}/stream/webhook", false, false},
    {"stream.keys.create", "POST", "/accounts/{account_id}/stream/keys", false, false},
    {"stream.keys.delete", "DELETE", "/accounts/{account_id}/stream/keys/{}", false, false},
    {"stream.keys.get", "GET", "/accounts/{account_id}/stream/keys", false, false},
    {"stream.videos.storageUsage", "GET", "/accounts/{account_id}/stream/storage-usage", false,
     false},
    {"stream.token.create", "POST", "/accounts/{account_id}/stream/{}/token", true, false},
    {"stream.downloads.create", "POST", "/accounts/{account_id}/stream/{}/downloads", false, false},
    {"stream.downloads.delete", "DELETE", "/accounts/{account_id}/stream/{}/downloads", false,
     false},
    {"stream.downloads.get", "GET", "/accounts/{account_id}/stream/{}/downloads", false, false},
    {"stream.copy.create", "POST", "/accounts/{account_id}/stream/copy", true, false},
    {"stream.clip.create", "POST", "/accounts/{account_id}/stream/clip", true, false},
    {"stream.directUpload.create", "POST", "/accounts/{account_id}/stream/direct_upload", true,
     false},
});

}  // namespace

std::span<const NamedCall> named_calls() noexcept { return kCalls; }

}  // namespace ts::cloudflare
