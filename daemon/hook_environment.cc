// SPDX-License-Identifier: Apache-2.0
// The variables of a hook script, as odhcp6c writes them (docs/hook.md has the table).
//
// Their octets come from servers and routers. A variable alone cannot run anything, but a script may pass it to
// a shell, to sed or to a file; so names hold nothing but letters, digits, '-', '_' and '\DDD', a URI nothing
// that a shell would act on but '&' and '#', which URIs need, and everything else is numbers or hexadecimal.
#include <algorithm>
#include <array>
#include <map>

#include "daemon/hook.h"
#include "daemon/services.h"
#include "daemon/softwire_text.h"
#include "net/byte_writer.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

// MAX_ARG_STRLEN of Linux: one longer string, and execve() refuses them all.
constexpr std::size_t kLongestVariable = 128 * 1024 - 1;

// RFC 8910 section 2: there is none, and says so.
constexpr std::string_view kUnrestricted = "urn:ietf:params:capport:unrestricted";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string name_text(const DomainName& name) {
  std::string out;
  // A backslash in what to_string() says begins one of its own escapes.
  for (const char c : name.to_string()) {
    if (is_letter_or_digit(c) || std::string_view("-_.\\").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const unsigned octet = static_cast<unsigned char>(c);
    out += '\\';
    for (const unsigned divisor : {100U, 10U, 1U})
      out += static_cast<char>('0' + octet / divisor % 10);
  }
  return out;
}

std::string uri_text(std::string_view uri) {
  constexpr std::string_view kPlain = "-._~:/?#[]@&+,=%";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : uri) {
    if (is_letter_or_digit(c) || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
    }
  }
  return out;
}

template <class T, class Text>
std::string joined(const std::vector<T>& values, Text text) {
  std::string out;
  for (const T& value : values) out += cat(out.empty() ? "" : " ", text(value));
  return out;
}
std::string joined(const std::vector<Ip6Address>& addresses) {
  return joined(addresses, [](const Ip6Address& one) { return one.to_string(); });
}
std::string joined(const std::vector<DomainName>& names) { return joined(names, name_text); }
std::string joined(const std::vector<std::string>& words) {
  return joined(words, [](const std::string& one) { return one; });
}

std::string seconds_left(Instant end, Instant now) { return cat(remaining(end, now).count()); }

std::string eight_digits(std::uint32_t number) {
  std::vector<std::uint8_t> octets;
  ByteWriter(octets).u32(number);
  return to_hex(octets);
}

class Variables {
 public:
  void set(std::string_view name, std::string_view value) {
    std::string one = cat(name, '=', value);
    if (one.size() <= kLongestVariable) all_.push_back(std::move(one));
  }
  void set_if(std::string_view name, std::string_view value) {
    if (!value.empty()) set(name, value);
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

// Those with a variable of their own are not there as OPTION_n again.
bool has_variable(std::uint16_t code) {
  switch (code) {
    case dhcp6::SipDomains::kCode:
    case dhcp6::SipServers::kCode:
    case dhcp6::SntpServers::kCode:
    case dhcp6::NtpServers::kCode:
    case dhcp6::AftrName::kCode:
    case dhcp6::S46MapE::kCode:
    case dhcp6::S46MapT::kCode:
    case dhcp6::S46Lightweight::kCode:
    case dhcp6::CaptivePortal::kCode:
      return true;
  }
  return false;
}

// What concerns the uplink alone and is not for hosts behind it, in odhcp6c's judgement.
bool passes_through(std::uint16_t code) {
  struct Range {
    std::uint16_t first;
    std::uint16_t last;
  };
  constexpr std::array<Range, 14> kKept{{{37, 39},
                                         {43, 48},
                                         {53, 53},
                                         {61, 61},
                                         {64, 64},
                                         {66, 66},
                                         {79, 81},
                                         {87, 87},
                                         {89, 96},
                                         {100, 102},
                                         {105, 110},
                                         {112, 112},
                                         {114, 134},
                                         {135, 135}}};
  return std::none_of(kKept.begin(), kKept.end(),
                      [&](const Range& r) { return code >= r.first && code <= r.last; });
}

void raw_options(Variables& out, const HookView& view) {
  std::map<std::uint16_t, std::string> values;
  for (const dhcp6::Option& option : view.lease.other_options) {
    const std::uint16_t code = dhcp6::option_code(option);
    if (has_variable(code)) continue;
    std::vector<std::uint8_t> octets;
    ByteWriter writer(octets);
    std::visit([&](const auto& value) { value.emit(writer); }, option);
    std::string& value = values[code];
    value += cat(value.empty() ? "" : " ", to_hex(octets));
  }
  if (view.lease.server) {
    if (view.client) out.set("OPTION_1", view.client->to_string());
    out.set("OPTION_2", view.lease.server->to_string());
  }
  for (const auto& [code, value] : values) out.set(cat("OPTION_", code), value);
}

std::string pass_through(const dhcp6::Lease& lease) {
  dhcp6::Options options;
  if (!lease.dns_servers.empty()) options.push_back(dhcp6::DnsServers{lease.dns_servers});
  if (!lease.search_domains.empty())
    options.push_back(dhcp6::DomainSearchList{lease.search_domains});
  for (const dhcp6::Option& option : lease.other_options) {
    if (passes_through(dhcp6::option_code(option))) options.push_back(option);
  }
  std::vector<std::uint8_t> octets;
  ByteWriter writer(octets);
  if (!dhcp6::emit_options(writer, options)) return {};
  return to_hex(octets);
}

std::string prefixes_text(const HookView& told, const HookView& view, Instant now) {
  std::vector<std::string> words;
  const dhcp6::Lease& lease = view.lease;
  const auto class_of = [&](const dhcp6::LeasedPrefix& one) {
    return one.iaid == view.first_iaid ? std::string() : cat(",class=", eight_digits(one.iaid));
  };
  for (const dhcp6::LeasedPrefix& one : lease.prefixes) {
    words.push_back(cat(one.prefix, ',', seconds_left(one.preferred_until, now), ',',
                        seconds_left(one.valid_until, now), ',', seconds_left(lease.renew_at, now),
                        ',', seconds_left(lease.rebind_at, now), class_of(one),
                        one.excluded ? cat(",excluded=", *one.excluded) : std::string()));
  }
  // A prefix that is gone is told once, so that it can be taken from the LANs at once (RFC 7084 L-13).
  for (const dhcp6::LeasedPrefix& one : told.lease.prefixes) {
    const bool kept = std::any_of(lease.prefixes.begin(), lease.prefixes.end(),
                                  [&](const auto& p) { return p.prefix == one.prefix; });
    if (!kept) words.push_back(cat(one.prefix, ",0,0,0,0", class_of(one)));
  }
  return joined(words);
}

std::string addresses_text(const dhcp6::Lease& lease, Instant now) {
  std::vector<std::string> words;
  for (const dhcp6::LeasedAddress& one : lease.addresses) {
    if (one.valid_until <= now) continue;
    words.push_back(cat(one.address, "/128,", seconds_left(one.preferred_until, now), ',',
                        seconds_left(one.valid_until, now), ',', seconds_left(lease.renew_at, now),
                        ',', seconds_left(lease.rebind_at, now)));
  }
  return joined(words);
}

std::string advertised_addresses(const HookView& view, Instant now) {
  std::vector<std::string> words;
  for (const auto& [prefix, address] : view.slaac) {
    for (const ra::HeardPrefix& heard : view.heard.prefixes) {
      if (heard.prefix != prefix || !heard.autonomous || heard.valid_until <= now) continue;
      words.push_back(cat(address, "/64,", seconds_left(heard.preferred_until, now), ',',
                          seconds_left(heard.valid_until, now), ",0,0"));
    }
  }
  return joined(words);
}

unsigned priority(ra::RouterPreference preference) {
  switch (preference) {
    case ra::RouterPreference::kLow:
      return 384;
    case ra::RouterPreference::kMedium:
      return 512;
    case ra::RouterPreference::kHigh:
      return 640;
  }
  return 512;
}

// Default routes, routes, on-link prefixes. What is over is told with lifetime 0.
std::string routes_text(const ra::Heard& told, const ra::Heard& heard, Instant now) {
  std::map<std::string, std::string> left;  // "target,gateway" -> the rest, of what was told
  std::vector<std::string> words;
  const auto each = [](const ra::Heard& from, const auto& take) {
    for (const ra::HeardRouter& r : from.routers)
      take(cat("::/0,", r.address), r.router_until, priority(r.preference));
    for (const ra::HeardRoute& r : from.routes)
      take(cat(r.prefix, ',', r.router), r.until, priority(r.preference));
    for (const ra::HeardPrefix& p : from.prefixes) {
      if (p.on_link) take(cat(p.prefix, ','), p.on_link_until, 256U);
    }
  };
  each(told, [&](const std::string& route, Instant, unsigned metric) {
    left[route] = cat(",0,", metric);
  });
  each(heard, [&](const std::string& route, Instant until, unsigned metric) {
    const bool was_told = left.erase(route) > 0;
    if (until > now || was_told)
      words.push_back(cat(route, ',', seconds_left(until, now), ',', metric));
  });
  for (const auto& [route, rest] : left) words.push_back(route + rest);
  return joined(words);
}

}  // namespace

std::vector<std::string> hook_environment(HookAction action, const HookView& told,
                                          const HookView& now_true, std::string_view uplink,
                                          Instant now) {
  // What was had before "started" and after the end is nobody's business.
  const bool bound = action != HookAction::kStarted && action != HookAction::kUnbound &&
                     action != HookAction::kStopped;
  HookView view = now_true;
  if (!bound) view.lease = {};
  const dhcp6::Lease& lease = view.lease;
  const ra::Heard& heard = view.heard;
  const Services services = services_of(lease, {}, now);
  Variables out;
  out.set("SIXGATE_UPLINK", uplink);
  out.set("SERVER", lease.server_address ? lease.server_address->to_string() : "");
  out.set("RDNSS", joined(services.dns_servers));
  out.set("SNTP_IP", joined(services.sntp_servers));
  std::vector<Ip6Address> ntp = services.ntp_servers;
  ntp.insert(ntp.end(), services.ntp_multicast.begin(), services.ntp_multicast.end());
  out.set("NTP_IP", joined(ntp));
  out.set("NTP_FQDN", joined(services.ntp_names));
  out.set("SIP_IP", joined(services.sip_servers));
  out.set("DOMAINS", joined(services.search_domains));
  out.set("SIP_DOMAIN", joined(services.sip_domains));
  out.set("AFTR", services.aftr ? name_text(*services.aftr) : "");
  if (services.map_e) out.set_if("MAPE", softwire_text(*services.map_e));
  if (services.map_t) out.set_if("MAPT", softwire_text(*services.map_t));
  if (services.lightweight) out.set_if("LW4O6", softwire_text(*services.lightweight));
  const std::string portal = services_of(lease, heard, now).captive_portal;
  if (!std::string_view(portal).starts_with(kUnrestricted))
    out.set_if("CAPTIVE_PORTAL_URI", uri_text(portal));
  raw_options(out, view);
  if (bound && (!lease.empty() || lease.only_information())) {
    out.set("PREFIXES", prefixes_text(told, view, now));
    out.set("ADDRESSES", addresses_text(lease, now));
  }
  out.set("RA_ADDRESSES", advertised_addresses(view, now));
  out.set("RA_ROUTES", routes_text(told.heard, heard, now));
  std::vector<Ip6Address> servers;
  for (const ra::HeardServer& one : heard.rdnss) {
    if (one.until > now) servers.push_back(one.address);
  }
  out.set("RA_DNS", joined(servers));
  std::vector<DomainName> domains;
  for (const ra::HeardDomain& one : heard.dnssl) {
    if (one.until > now) domains.push_back(one.name);
  }
  out.set("RA_DOMAINS", joined(domains));
  out.set("RA_HOPLIMIT", cat(unsigned{heard.hop_limit.value_or(0)}));
  out.set("RA_MTU", cat(heard.mtu.value_or(0)));
  out.set("RA_REACHABLE", cat(heard.reachable.value_or(milliseconds(0)).count()));
  out.set("RA_RETRANSMIT", cat(heard.retrans.value_or(milliseconds(0)).count()));
  out.set("PASSTHRU", pass_through(lease));
  return out.take();
}

}  // namespace sixgate::daemon
