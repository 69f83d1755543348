// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/pppoe.h"

#include <algorithm>
#include <cstddef>

#include "daemon/io/file.h"

namespace sixgate::daemon {

std::vector<std::string> parse_pppoe_devices(std::string_view text) {
  std::vector<std::string> devices;
  const auto next_line = [&] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  next_line();
  while (!text.empty()) {
    const std::string_view line = next_line();
    const std::string_view device = line.substr(line.find_last_of(' ') + 1);
    if (!device.empty() && std::ranges::find(devices, device) == devices.end())
      devices.emplace_back(device);
  }
  return devices;
}

std::vector<std::string> pppoe_devices() {
  constexpr std::size_t kMost = 4096;
  const auto text = read_file("/proc/net/pppoe", kMost);
  return text ? parse_pppoe_devices(*text) : std::vector<std::string>();
}

}  // namespace sixgate::daemon
