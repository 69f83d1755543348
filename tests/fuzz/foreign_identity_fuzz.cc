// SPDX-License-Identifier: Apache-2.0
// Any octets are, to each reader of other clients' files, some identities or none; and whatever they are, they
// make a stored state that can be read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "daemon/foreign_identity.h"
#include "daemon/stored_state.h"

namespace {

using namespace sixgate;

constexpr Instant kNow = Instant::from_micros(1'000'000);
constexpr std::int64_t kWall = 1795646100;

void use(const daemon::ForeignIdentity& identity) {
  if (identity.leases.size() > 2 * daemon::kMaxForeignLeases) std::abort();
  daemon::StoredState state;
  daemon::adopt(state, "wan", identity, kNow, kWall);
  const auto again =
      daemon::parse_stored_state(daemon::serialise(state, kNow, "boot"), kNow, "boot");
  if (!again || *again != state) std::abort();
}

void use(const daemon::ForeignIdentities& identities) {
  if (identities.size() > daemon::kMaxForeignIdentities) std::abort();
  for (const daemon::ForeignIdentity& one : identities) use(one);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> octets(data, size);
  const void* start = data;
  const std::string_view text(static_cast<const char*>(start), size);
  use(daemon::read_dhclient_leases(text));
  use(daemon::read_wide_configuration(text));
  use(daemon::read_openwrt_network(text));
  use(daemon::read_dhcpcd_configuration(text, "wan0", MacAddress()));
  if (const auto found = daemon::read_dhcpcd_lease(octets)) use(*found);
  if (const auto found = daemon::read_networkd_link(text)) use(*found);
  (void)daemon::read_dhcpcd_duid(text);
  (void)daemon::read_wide_duid(octets);
  (void)daemon::read_udev_persistent_name(text);
  if (const auto id = daemon::read_machine_id(text)) {
    use(daemon::compute_networkd_identity(*id, text, std::nullopt));
  }
  return 0;
}
