// SPDX-License-Identifier: Apache-2.0
// Any file as a journal of leases: the table that comes of it is sound, and its own journal tells the same.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <span>
#include <vector>

#include "dhcp6/lease_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate;
  using namespace sixgate::dhcp6;
  const Instant now = Instant::from_micros(1'000'000'000);
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  LeaseTable table;
  const JournalReading reading = table.restore(std::span(data, size), "boot", now);
  require(reading.whole + reading.torn == size);
  std::set<std::pair<LinkNumber, std::uint64_t>> addresses;
  table.each([&](BindingNumber number, const Binding& binding) {
    require(binding.valid_until > now);
    require(table.find(binding.client, binding.type, binding.iaid) == number);
    if (binding.type == AssociationType::kAddresses)
      require(addresses.insert({binding.link, binding.interface_id}).second);
  });
  LeaseTable again;
  const JournalReading whole = again.restore(table.snapshot(now), "boot", now);
  require(whole.torn == 0 && whole.rotten == 0);
  require(again.binding_count() == table.binding_count());
  return 0;
}
