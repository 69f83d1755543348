// SPDX-License-Identifier: Apache-2.0
// Discovery: what the servers of a link offer, and which offer is taken (RFC 9915 sections 18.2.1, 18.2.9).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dhcp6/client_bindings.h"
#include "dhcp6/duid.h"
#include "net/time.h"

namespace sixgate::dhcp6 {

// A usable Advertise.
struct Offer {
  Duid server;
  std::uint8_t preference = 0;  // option 7
  std::vector<OfferedAssociation> associations;

  // How many IAs of a type have something in them.
  unsigned obtained(AssociationType type) const;
  // The length of the widest delegated prefix; 129 when there is none.
  unsigned widest() const;
  std::string describe() const;
  bool held = false;          // a prefix of it is one that we had
  bool prefix_alone = false;  // the server gives it to nobody who asks for an address too
  bool operator==(const Offer&) const = default;
};

// More delegations, then the server's preference, then addresses, then the wider prefix. Section 18.2.9
// lets the better set of IAs win over preference; a router without a prefix serves nobody.
bool better(const Offer& a, const Offer& b);
// After a survey: the wider prefix, then the one that was held, then the server's preference, then addresses.
bool wider(const Offer& a, const Offer& b);

class Discovery {
 public:
  // A new Solicit: forgets offers and what was said about SOL_MAX_RT and INF_MAX_RT. `surveyed`: the best of
  // the offers to come is the widest.
  void restart(bool surveyed = false);
  // A later Advertise of the same server replaces the earlier one.
  void add(Offer offer);
  bool empty() const { return offers_.empty(); }
  const std::vector<Offer>& offers() const { return offers_; }
  // The best offer, which is then no longer here: what is left are the servers to try next.
  std::optional<Offer> take_best();

  // Sections 18.2.9: the value that all Advertises agree on, or the default when they do not.
  void report_solicit_max(const Duid& server, seconds value) {
    report(solicit_max_, server, value);
  }
  void report_information_max(const Duid& server, seconds value) {
    report(information_max_, server, value);
  }
  // None when nobody said anything.
  std::optional<seconds> solicit_max() const { return agreed(solicit_max_); }
  std::optional<seconds> information_max() const { return agreed(information_max_); }

 private:
  using Reports = std::vector<std::pair<Duid, seconds>>;
  static void report(Reports& reports, const Duid& server, seconds value);
  static std::optional<seconds> agreed(const Reports& reports);

  std::vector<Offer> offers_;  // in order of arrival
  bool surveyed_ = false;
  Reports solicit_max_;
  Reports information_max_;
};

// SOL_MAX_RT, INF_MAX_RT (section 7.6) and the values allowed for them (sections 21.24, 21.25).
inline constexpr seconds kDefaultMaxRt{3600};
constexpr bool valid_max_rt(seconds value) {
  return value >= seconds(60) && value <= seconds(86400);
}

}  // namespace sixgate::dhcp6
