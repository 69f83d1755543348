// SPDX-License-Identifier: Apache-2.0
#include "sim_host.h"

#include <array>
#include <utility>

namespace sixgate::sim {

SimHost::SimHost(World& world, std::uint64_t interface_id)
    : world_(world), interface_id_(interface_id), rng_(interface_id), alarm_(world, [this] {
        client_->expire(world_.now());
        settle_dhcp();
      }) {}

void SimHost::start() {
  for (int i = 0; i < 3; ++i) {  // MAX_RTR_SOLICITATIONS, RTR_SOLICITATION_INTERVAL
    world_.after(milliseconds(300) + i * seconds(4), [this] {
      if (!heard_) solicit();
    });
  }
}

void SimHost::solicit() { send(ra::to_bytes(ra::RouterSolicitation{})); }

void SimHost::receive(const std::vector<std::uint8_t>& packet) {
  const auto parsed = ra::RouterAdvertisement::parse(packet);
  if (!parsed) return;
  heard_ = true;
  const Instant now = world_.now();
  router_until_ = now + parsed->router_lifetime;
  if (parsed->managed && !client_) begin_dhcp();
  for (const ra::Option& option : parsed->options) {
    if (const auto* said = std::get_if<ra::PrefixInformation>(&option)) {
      if (!said->autonomous || said->prefix.length() != 64 || said->preferred > said->valid)
        continue;
      const auto known = addresses_.find(said->prefix);
      const Instant valid_until = expiry(now, said->valid);
      if (known == addresses_.end()) {
        if (said->valid.is_zero()) continue;
        addresses_[said->prefix] = {expiry(now, said->preferred), valid_until};
        continue;
      }
      // RFC 4862 section 5.5.3 (e): the two-hour rule.
      Address& address = known->second;
      const Instant two_hours = now + hours(2);
      if (valid_until > two_hours || valid_until > address.valid_until) {
        address.valid_until = valid_until;
      } else if (address.valid_until > two_hours) {
        address.valid_until = two_hours;
      }
      address.preferred_until = expiry(now, said->preferred);
    } else if (const auto* servers = std::get_if<ra::RecursiveDnsServers>(&option)) {
      for (const Ip6Address& server : servers->addresses)
        servers_[server] = expiry(now, servers->lifetime);
    }
  }
}

void SimHost::begin_dhcp() {
  std::array<std::uint8_t, 6> mac{0x02, 0, 0x5e, 0x10, 0, static_cast<std::uint8_t>(interface_id_)};
  dhcp6::ClientParameters parameters{.duid = dhcp6::Duid::ll(MacAddress(mac))};
  parameters.address_iaid = 1;
  client_.emplace(parameters, rng_);
  client_->start_stateful({}, world_.now());
  settle_dhcp();
}

void SimHost::settle_dhcp() {
  for (dhcp6::Datagram& datagram : client_->drain().packets) send_dhcp(std::move(datagram.payload));
  alarm_.set(client_->next_deadline());
}

void SimHost::receive_dhcp(const std::vector<std::uint8_t>& datagram, const Ip6Address& from) {
  if (!client_) return;
  client_->receive(datagram, from, world_.now());
  settle_dhcp();
}

std::vector<dhcp6::LeasedAddress> SimHost::leased() const {
  return client_ ? client_->lease().addresses : std::vector<dhcp6::LeasedAddress>();
}

std::vector<Ip6Address> SimHost::preferred() const {
  std::vector<Ip6Address> out;
  for (const dhcp6::LeasedAddress& one : leased()) {
    if (one.preferred_until > world_.now() && one.valid_until > world_.now())
      out.push_back(one.address);
  }
  for (const auto& [prefix, address] : addresses_) {
    if (address.preferred_until > world_.now() && address.valid_until > world_.now())
      out.push_back(prefix.with_suffix(Ip6Address::from_halves(0, interface_id_)));
  }
  return out;
}

std::vector<Ip6Address> SimHost::valid() const {
  std::vector<Ip6Address> out;
  for (const dhcp6::LeasedAddress& one : leased()) {
    if (one.valid_until > world_.now()) out.push_back(one.address);
  }
  for (const auto& [prefix, address] : addresses_) {
    if (address.valid_until > world_.now())
      out.push_back(prefix.with_suffix(Ip6Address::from_halves(0, interface_id_)));
  }
  return out;
}

std::vector<Ip6Address> SimHost::dns_servers() const {
  std::vector<Ip6Address> out;
  for (const auto& [server, until] : servers_) {
    if (until > world_.now()) out.push_back(server);
  }
  return out;
}

}  // namespace sixgate::sim
