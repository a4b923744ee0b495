// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "livekit/ingress.hpp"
#include "livekit/service.hpp"

#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace ts::livekit {

/// LiveKit's Ingress service.
class IngressClient {
 public:
  /// @param service  must outlive the client.
  explicit IngressClient(Service& service) : service_(&service) {}

  Result<IngressInfo> create(const CreateIngressRequest& request, std::stop_token stop = {});
  /// All pages.
  Result<std::vector<IngressInfo>> list(const ListIngressRequest& request,
                                        std::stop_token stop = {});
  /// @return kNotFound when there is no such ingress.
  Result<IngressInfo> get(std::string_view ingress_id, std::stop_token stop = {});
  Result<IngressInfo> update(const UpdateIngressRequest& request, std::stop_token stop = {});
  Result<IngressInfo> remove(std::string_view ingress_id, std::stop_token stop = {});

  using Progress = std::function<void(const IngressInfo&)>;
  /// Polls until the ingress is `wanted`. @return kDeadline naming the last state; kMedia when it
  /// went to error, kConflict when it completed first.
  Result<IngressInfo> wait_for(std::string_view ingress_id, IngressStatus wanted,
                               std::chrono::milliseconds timeout, std::stop_token stop,
                               const Progress& progress = {});

 private:
  Service* service_;
};

}  // namespace ts::livekit
