// SPDX-License-Identifier: Apache-2.0
// `sixgate monitor ra IFACE`: the Router Advertisements of a link as they are heard, decoded. It needs no
// daemon, sends nothing, and ends with an interrupt or after so many.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "ra/messages.h"

namespace sixgate::cli {

struct MonitorOptions {
  std::string interface;
  bool as_json = false;                // one document in a line for each
  std::optional<std::uint64_t> count;  // end after so many
};

CommandResult monitor_ra(const MonitorOptions& options, const Sink& live);

// What the monitor says of each packet: the whole of it the first time and when it changes, one line else.
class RaMonitor {
 public:
  explicit RaMonitor(bool as_json) : as_json_(as_json) {}
  // `clock`: the time of day, in words. Ends with a newline.
  std::string hear(const ra::ReceivedPacket& packet, std::string_view clock);

 private:
  std::string in_words(const ra::RouterAdvertisement& message, const ra::ReceivedPacket& packet,
                       std::string_view clock);

  bool as_json_;
  std::map<Ip6Address, ra::RouterAdvertisement> last_;  // of so many routers at most
};

}  // namespace sixgate::cli
