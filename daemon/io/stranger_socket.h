// SPDX-License-Identifier: Apache-2.0
// Strangers: a packet socket that hears what begins a flow of TCP or SCTP on an uplink, and the answer to those that
// nobody let in (firewall/refusals.h).
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "daemon/io/owned_fd.h"
#include "daemon/kernel_state.h"
#include "firewall/refusals.h"
#include "net/expected.h"
#include "net/log.h"

namespace sixgate::daemon {

// Hears TCP SYN and SCTP INIT that come in without extension headers, from the IPv6 header on, and nothing else.
Expected<OwnedFd> make_stranger_socket(const LinkState& link);

// As much of one as is ever quoted.
inline constexpr std::size_t kLargestFirst = firewall::Refusals::kMostQuoted;

class RefusalSender {
 public:
  explicit RefusalSender(LogSink log) : log_(std::move(log)) {}
  // Sends what is not known to the table of connections by now. Without such a table nobody is answered.
  void send(const std::vector<firewall::Refusal>& refusals);

 private:
  bool open();
  void complain(std::string text);

  LogSink log_;
  OwnedFd fd_;
  std::string complaint_;  // as last said
};

}  // namespace sixgate::daemon
