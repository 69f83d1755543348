// SPDX-License-Identifier: Apache-2.0
// Whatever options a server sends: the variables of a hook script are plain text that no shell acts on, and
// short enough for execve(2); the status of it is JSON on one line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "daemon/hook.h"
#include "daemon/services.h"
#include "daemon/status.h"

namespace {

using namespace sixgate;

constexpr Instant kNow = Instant::from_micros(1'000'000);

bool is_harmless(const std::string& variable) {
  return variable.size() < 128U * 1024 &&
         variable.find_first_of("`$;|<>(){}'\"*!") == std::string::npos &&
         std::all_of(variable.begin(), variable.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(std::span(data, size));
  dhcp6::ParseBudget budget;
  auto options = dhcp6::parse_options(reader, budget);
  if (!options) return 0;
  daemon::HookView view;
  view.lease.server = dhcp6::Duid::ll(MacAddress({2, 0, 0x5e, 0, 0x53, 1}));
  view.lease.other_options = std::move(*options);
  if (const auto* dns = dhcp6::find<dhcp6::DnsServers>(view.lease.other_options))
    view.lease.dns_servers = dns->addresses;
  if (const auto* list = dhcp6::find<dhcp6::DomainSearchList>(view.lease.other_options))
    view.lease.search_domains = list->names;
  for (const std::string& variable :
       daemon::hook_environment(daemon::HookAction::kUpdated, {}, view, "wan", kNow)) {
    if (!is_harmless(variable)) std::abort();
  }
  daemon::Services all = daemon::services_of(view.lease, view.heard, kNow);
  const daemon::Services one = all;
  daemon::add_services(all, one);
  if (all != one) std::abort();
  daemon::Status status;
  status.uplinks.emplace_back().services = all;
  if (daemon::to_json(status).find('\n') != std::string::npos) std::abort();
  return 0;
}
