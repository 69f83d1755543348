// SPDX-License-Identifier: Apache-2.0
#include "daemon/change.h"

#include "net/text.h"

namespace sixgate::daemon {
namespace {

std::string text_of(const KernelAddress& a) {
  return cat("address ", a.address, '/', a.prefix_length, " on ", a.interface);
}

std::string text_of(const KernelRoute& r) {
  std::string text = r.kind == KernelRoute::Kind::kUnreachable ? "unreachable route " : "route ";
  text += r.destination.to_string();
  if (r.source.length() != 0) text += cat(" from ", r.source);
  if (r.gateway) text += cat(" via ", *r.gateway);
  if (!r.interface.empty()) text += cat(" on ", r.interface);
  if (r.table != kMainTable) text += cat(" in table ", r.table);
  return text;
}

std::string text_of(const KernelRule& r) {
  return cat("rule to ", r.destination, " look in table ", r.table);
}

std::string text_of(const KernelKnock& k) {
  return cat("IPsec knock on ", k.address, " (SPI ", k.spi, ") for ", k.inner);
}

std::string text_of(const KernelKnockPolicy& p) { return cat("IPsec policy for ", p.inner); }

struct Describe {
  std::string operator()(const PutAddress& c) const { return cat("put ", text_of(c.address)); }
  std::string operator()(const RemoveAddress& c) const {
    return cat("remove ", text_of(c.address));
  }
  std::string operator()(const PutRoute& c) const { return cat("put ", text_of(c.route)); }
  std::string operator()(const RemoveRoute& c) const { return cat("remove ", text_of(c.route)); }
  std::string operator()(const PutRule& c) const { return cat("put ", text_of(c.rule)); }
  std::string operator()(const RemoveRule& c) const { return cat("remove ", text_of(c.rule)); }
  std::string operator()(const PutKnock& c) const { return cat("put ", text_of(c.knock)); }
  std::string operator()(const RemoveKnock& c) const { return cat("remove ", text_of(c.knock)); }
  std::string operator()(const PutKnockPolicy& c) const { return cat("put ", text_of(c.policy)); }
  std::string operator()(const RemoveKnockPolicy& c) const {
    return cat("remove ", text_of(c.policy));
  }
  std::string operator()(const SetSysctl& c) const { return cat("set ", c.key, " = ", c.value); }
  std::string operator()(const ApplyFirewall&) const { return "apply the firewall rules"; }
};

}  // namespace

std::string to_string(const Change& change) { return std::visit(Describe{}, change); }

}  // namespace sixgate::daemon
