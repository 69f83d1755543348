// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/xfrm_table.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>

#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/io/xfrm_codec.h"

namespace sixgate::daemon {
namespace {

constexpr std::size_t kMostRemoved = 16;  // more than a house ever has addresses on its uplinks
constexpr std::array<int, 2> kXfrmGroups{XFRMNLGRP_SA, XFRMNLGRP_POLICY};

struct Request {
  NetlinkMessage message;
  bool removal;
};

bool is_same_place(const KernelKnock& a, const KernelKnock& b) {
  return a.address == b.address && a.spi == b.spi;
}

Request request(const PutKnock& change) { return {put_knock(change.knock), false}; }
Request request(const RemoveKnock& change) { return {remove_knock(change.knock), true}; }
Request request(const PutKnockPolicy& change) { return {put_knock_policy(change.policy), false}; }
Request request(const RemoveKnockPolicy& change) {
  return {remove_knock_policy(change.policy), true};
}
Request request(const auto&) { return {nullptr, false}; }

}  // namespace

XfrmTable::XfrmTable(EventLoop& loop, EventLoop::Callback changed) {
  auto requests = NetlinkSocket::open({}, NETLINK_XFRM);
  auto events = NetlinkSocket::open(kXfrmGroups, NETLINK_XFRM);
  if (!requests || !events) return;
  requests_ = std::move(*requests);
  events_ = std::move(*events);
  watch_ = std::make_unique<Watch>(loop, events_->fd());
  watch_->on_readable([this, changed = std::move(changed)] {
    bool any = false;
    const bool lost = events_->drain([&any](const nlmsghdr*) { any = true; });
    if (!any && !lost) return;
    may_have_some_ = true;
    changed();
  });
}

Expected<Done> XfrmTable::read(KernelState& state) {
  if (!requests_ || !may_have_some_) return Done{};
  auto done = requests_->dump(
      knock_dump().get(), [&] { state.knocks.clear(); },
      [&](const nlmsghdr* header) {
        if (auto knock = parse_knock(header)) state.knocks.push_back(std::move(*knock));
      });
  if (!done) return done;
  done = requests_->dump(
      knock_policy_dump().get(), [&] { state.knock_policies.clear(); },
      [&](const nlmsghdr* header) {
        if (auto policy = parse_knock_policy(header)) state.knock_policies.push_back(*policy);
      });
  if (done) may_have_some_ = !state.knocks.empty() || !state.knock_policies.empty();
  return done;
}

void XfrmTable::remember(const KernelKnock& going) {
  const auto is_it = [&](const KernelKnock& one) { return is_same_place(one, going); };
  std::erase_if(removed_, is_it);
  if (going.key.empty()) return;  // it is to begin anew
  std::optional<KernelKnock> last;
  (void)requests_->dump(
      knock_dump().get(), [&] { last.reset(); },
      [&](const nlmsghdr* header) {
        if (auto knock = parse_knock(header); knock && is_it(*knock)) last = std::move(knock);
      });
  if (!last || last->key != going.key) return;
  if (removed_.size() >= kMostRemoved) removed_.erase(removed_.begin());
  removed_.push_back(std::move(*last));
}

KernelKnock XfrmTable::recalled(KernelKnock wanted) const {
  for (const KernelKnock& one : removed_) {
    if (is_same_place(one, wanted) && one.key == wanted.key &&
        one.replay.sequence >= wanted.replay.sequence)
      wanted.replay = one.replay;
  }
  return wanted;
}

std::optional<NetlinkAnswer> XfrmTable::apply(const Change& change) {
  const auto* put = std::get_if<PutKnock>(&change);
  Request made = put != nullptr ? request(PutKnock{recalled(put->knock)})
                                : std::visit([](const auto& one) { return request(one); }, change);
  if (made.message == nullptr) return std::nullopt;
  if (!requests_) return NetlinkAnswer{EPROTONOSUPPORT, "this kernel has no IPsec (xfrm_user)"};
  if (const auto* removal = std::get_if<RemoveKnock>(&change)) remember(removal->knock);
  std::vector<NetlinkMessage> messages;
  messages.push_back(std::move(made.message));
  may_have_some_ = true;
  NetlinkAnswer answer = requests_->execute(messages).front();
  if (made.removal && (answer.code == ESRCH || answer.code == ENOENT)) answer = {};
  if (answer.code == EPROTONOSUPPORT) answer.text += ": has this kernel AH for IPv6 (ah6)?";
  return answer;
}

}  // namespace sixgate::daemon
