// SPDX-License-Identifier: Apache-2.0
// The keys that speak of a /64 shared by several links (RFC 7278).
#include <array>

#include "conf/keys.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

Expected<Ip6Address> parse_host_suffix(std::string_view text) {
  const auto address = Ip6Address::parse(text);
  if (!address || address->high() != 0 || address->low() == 0) {
    return fail(
        cat("\"", printable(text),
            "\" is no lower half of an address, such as \"::10\": the upper one is whatever "
            "the provider gives"));
  }
  return *address;
}

// "::10" or "::1000/116".
Expected<Prefix> parse_suffix_range(std::string_view text) {
  if (text.find('/') == std::string_view::npos) {
    const auto one = parse_host_suffix(text);
    if (!one) return fail(one.error().message);
    return Prefix(*one, 128);
  }
  const auto range = Prefix::parse(text);
  if (!range || range->address().high() != 0 || range->length() < 65) {
    return fail(
        cat("\"", printable(text), "\" is no range of lower halves, such as \"::1000/116\""));
  }
  return *range;
}

std::string text_of(const Prefix& range) {
  return range.length() == 128 ? range.address().to_string() : range.to_string();
}
std::string text_of(const Ip6Address& suffix) { return suffix.to_string(); }

template <class T>
std::string suffixes(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(text_of(value));
  return quoted_list(texts);
}

const std::array kSharingUplinkKeys{
    Key<UplinkConfig>{
        "share_prefix",
        "LANs without a prefix of their own share a /64, and their hosts are found by each\n"
        "other and by the provider (RFC 7278). \"auto\": the /64 that the provider's router\n"
        "advertises when it delegates none, and what it delegates when that is too little\n"
        "for all; \"on\": the advertised /64 whatever is delegated; \"off\".",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_word(v, share_prefix_words(), c.share_prefix, e);
        },
        [](const UplinkConfig& c) { return quoted(to_string(c.share_prefix)); }},
    Key<UplinkConfig>{
        "share_exclude",
        "Lower halves of addresses in the shared /64 that no link asks another for, such as\n"
        "[\"::1\", \"::1000/116\"].",
        [](const Value& v, UplinkConfig& c, Complaints& e) {
          read_list(v, c.share_exclude, parse_suffix_range, e);
        },
        [](const UplinkConfig& c) { return suffixes(c.share_exclude); }},
};

const std::array kSharingLanKeys{
    Key<LanConfig>{
        "ra_relay",
        "The uplink, such as \"wan\", whose Router Advertisements are told on here, with the\n"
        "Proxy bit and in our name (RFC 4389): its prefixes, resolvers and routes instead of\n"
        "ours. Its hosts and those of the uplink's link find each other. \"\": no relay.",
        [](const Value& v, LanConfig& c, Complaints& e) { read_into(v, c.ra_relay, e); },
        [](const LanConfig& c) { return quoted(c.ra_relay); }},
    Key<LanConfig>{
        "share_hosts",
        "Lower halves of addresses in a shared /64 that are always here, also while the\n"
        "host is silent, such as [\"::10\"]. Others are found when they speak.",
        [](const Value& v, LanConfig& c, Complaints& e) {
          read_list(v, c.share_hosts, parse_host_suffix, e);
        },
        [](const LanConfig& c) { return suffixes(c.share_hosts); }},
};

}  // namespace

std::span<const Key<UplinkConfig>> sharing_uplink_keys() { return kSharingUplinkKeys; }
std::span<const Key<LanConfig>> sharing_lan_keys() { return kSharingLanKeys; }

}  // namespace sixgate::conf
