// SPDX-License-Identifier: Apache-2.0
// Advertiser, the first half: what is said, what is taken back, and their division over packets.
#include <algorithm>
#include <iterator>

#include "ra/advertiser.h"
#include "ra/option_lifetimes.h"

namespace sixgate::ra {

namespace {

constexpr std::size_t kIp6Header = 40;
constexpr std::size_t kFixedPart = 16;  // of a Router Advertisement

void append(Options& to, Options more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

template <class T>
Options only(const Options& options) {
  Options out;
  for (const Option& option : options) {
    if (std::holds_alternative<T>(option)) out.push_back(option);
  }
  return out;
}

}  // namespace

// A prefix that arrives dead (an IA Prefix with valid lifetime 0) is news for hosts that had it
// from an earlier life of ours of which no record is left (RFC 9096 section 3.5).
void Advertiser::adopt(Advertisement next, Instant now) {
  for (const AdvertisedPrefix& entry : next.prefixes) {
    if (!remaining(entry.valid_until, now).is_zero() || held_.knows(entry.prefix)) continue;
    const bool known =
        std::any_of(said_.prefixes.begin(), said_.prefixes.end(),
                    [&](const AdvertisedPrefix& old) { return old.prefix == entry.prefix; });
    if (!known) {
      held_.restore(AdvertisedRecord{entry.prefix, entry.on_link, entry.autonomous,
                                     expiry(now, next.settings.max_valid)});
    }
  }
  said_ = std::move(next);
}

RouterAdvertisement Advertiser::header(bool final) const {
  if (!final) return ra::header(said_);
  Advertisement leaving = said_;
  leaving.default_router = false;
  return ra::header(leaving);
}

Options Advertiser::all_options(Instant now, bool final) const {
  const Options living = final ? Options{} : live_options(said_, now);
  const Options gone = held_.others(living, now);
  Options options;
  // What is alive comes first, so that the first of several packets gets a host going.
  append(options, only<PrefixInformation>(living));
  Options routes = only<RouteInformation>(living);
  append(routes, only<RouteInformation>(gone));
  if (routes.size() > kMaxRoutes) routes.resize(kMaxRoutes);
  append(options, std::move(routes));
  append(options, only<RecursiveDnsServers>(living));
  append(options, only<RecursiveDnsServers>(gone));
  append(options, only<DnsSearchList>(living));
  append(options, only<DnsSearchList>(gone));
  append(options, only<Pref64>(living));
  append(options, only<Pref64>(gone));
  // The other way round: a host that tells resolvers by their name alone must hear of the new one last.
  append(options, only<EncryptedDns>(gone));
  append(options, only<EncryptedDns>(living));
  // On stop prefixes and the portal are not mentioned: they are still this link's.
  if (final) return options;
  append(options, only<CaptivePortal>(living));
  append(options, only<CaptivePortal>(gone));
  append(options, only<UnknownOption>(living));
  append(options, held_.prefixes(living, now));
  return options;
}

std::size_t Advertiser::withdrawn(Instant now) const {
  return held_.prefixes(live_options(said_, now), now).size();
}

RouterAdvertisement Advertiser::current(Instant now) const {
  const bool final = state_ == State::kStopping || state_ == State::kStopped;
  RouterAdvertisement message = header(final);
  message.options = link_options(said_);
  append(message.options, all_options(now, final));
  return message;
}

RouterAdvertisement Advertiser::farewell() const {
  RouterAdvertisement message = header(true);
  message.options = link_options(said_);
  for (const AdvertisedRoute& route : said_.routes)
    message.options.emplace_back(RouteInformation{route.prefix, route.preference, Lifetime(0)});
  return message;
}

// RFC 4861 section 6.2.3: more options than the link MTU holds go out in several advertisements,
// each with a subset. Never fragmented (RFC 6980).
std::vector<RouterAdvertisement> Advertiser::parts(Instant now, bool final) const {
  const Options link = link_options(said_);
  std::size_t used_by_all = kIp6Header + kFixedPart;
  for (const Option& option : link) used_by_all += wire_size(option);
  std::uint32_t mtu = said_.link_mtu;
  if (said_.settings.mtu.value_or(0) != 0) mtu = std::min(mtu, *said_.settings.mtu);
  const std::size_t room = std::max(mtu, kMinLinkMtu) - used_by_all;

  std::vector<RouterAdvertisement> out;
  std::size_t used = 0;
  const auto open = [&] {
    out.push_back(header(final));
    out.back().options = link;
    used = 0;
  };
  open();
  for (Option& option : all_options(now, final)) {
    const std::size_t size = wire_size(option);
    if (used + size > room && used > 0) open();
    used += size;
    out.back().options.push_back(std::move(option));
  }
  return out;
}

// Whether hosts must hear of `next` at once.
bool Advertiser::urgent(const Advertisement& next, Instant now) const {
  const auto whole = [&](const Advertisement& said) {
    RouterAdvertisement message = ra::header(said);
    message.options = link_options(said);
    append(message.options, live_options(said, now));
    return message;
  };
  return said_.settings != next.settings || is_news(whole(said_), whole(next));
}

}  // namespace sixgate::ra
