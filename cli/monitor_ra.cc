// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor_ra.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <time.h>

#include <array>

#include "daemon/io/clock.h"
#include "daemon/io/packet_socket.h"
#include "daemon/json.h"
#include "net/text.h"
#include "ra/describe.h"

namespace sixgate::cli {
namespace {

constexpr std::size_t kMostRouters = 256;
constexpr std::size_t kLargestPacket = 65536;

std::string time_of_day() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::localtime_r(&now.tv_sec, &parts);
  std::array<char, 16> text{};
  const std::size_t length = ::strftime(text.data(), text.size(), "%H:%M:%S", &parts);
  std::string millis = std::to_string(1000 + now.tv_nsec / 1000000);
  millis[0] = '.';
  return cat(std::string_view(text.data(), length), millis);
}

CommandResult failure(std::string_view what, int code) {
  const bool forbidden = code == EPERM || code == EACCES;
  return {forbidden ? kNoPermission : kFailure, {}, cat("sixgate: ", what, '\n')};
}

}  // namespace

std::string RaMonitor::in_words(const ra::RouterAdvertisement& message,
                                const ra::ReceivedPacket& packet, std::string_view clock) {
  const auto known = last_.find(packet.source);
  const bool is_new = known == last_.end();
  const bool same = !is_new && known->second == message;
  if (!is_new) {
    known->second = message;
  } else if (last_.size() < kMostRouters) {
    last_.emplace(packet.source, message);
  }
  std::string out = cat(clock, ' ', packet.source, " -> ", packet.destination, ": ");
  if (same) return cat(out, "the same again\n");
  out += cat(is_new ? "new: " : "changed: ", ra::summary(message), '\n');
  for (const ra::DescribedField& field : ra::describe(message))
    out += cat("    ", field.name, ": ", field.value, '\n');
  return out;
}

std::string RaMonitor::hear(const ra::ReceivedPacket& packet, std::string_view clock) {
  const auto message = ra::accept_router_advertisement(packet);
  if (!as_json_) {
    if (message) return in_words(*message, packet, clock);
    return cat(clock, ' ', packet.source, " -> ", packet.destination, ": not valid (",
               ra::to_string(message.error()), ")\n");
  }
  daemon::JsonWriter json;
  json.begin_object();
  json.key("time").value(clock);
  json.key("source").value(packet.source);
  json.key("destination").value(packet.destination);
  if (message) {
    json.key("fields").begin_array();
    for (const ra::DescribedField& field : ra::describe(*message)) {
      json.begin_object();
      json.key("name").value(field.name);
      json.key("value").value(field.value);
      json.end_object();
    }
    json.end_array();
  } else {
    json.key("discarded").value(ra::to_string(message.error()));
  }
  json.end_object();
  return json.take() + '\n';
}

CommandResult monitor_ra(const MonitorOptions& options, const Sink& live) {
  daemon::LinkState link;
  link.name = options.interface;
  link.index = ::if_nametoindex(options.interface.c_str());
  if (link.index == 0)
    return failure(cat("there is no interface ", printable(options.interface)), ENODEV);
  errno = 0;
  const auto socket = daemon::make_icmp6_socket(link, false);
  if (!socket) return failure(socket.error().message, errno);
  CommandResult result;
  RaMonitor monitor(options.as_json);
  std::vector<std::uint8_t> buffer(kLargestPacket);
  for (std::uint64_t heard = 0; !options.count || heard < *options.count;) {
    pollfd waiting{socket->get(), POLLIN, 0};
    if (::poll(&waiting, 1, -1) < 0 && errno != EINTR)
      return failure(daemon::error_text(errno), errno);
    const auto got = daemon::receive_datagram(socket->get(), buffer);
    if (!got) {
      if (got.error() == EAGAIN || got.error() == EINTR) continue;
      return failure(cat(options.interface, ": ", daemon::error_text(got.error())), got.error());
    }
    ++heard;
    const std::string text =
        monitor.hear({std::span(buffer).first(std::min(got->size, buffer.size())), got->source,
                      got->destination, got->hop_limit},
                     time_of_day());
    if (live)
      live(text);
    else
      result.out += text;
  }
  return result;
}

}  // namespace sixgate::cli
