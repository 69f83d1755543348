// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/server_watch.h"

#include <algorithm>
#include <utility>

#include "dhcp6/message.h"
#include "net/text.h"

namespace sixgate::dhcp6 {
namespace {

// Of what a server says, what makes hosts go astray.
std::string said_by(const Message& reply) {
  std::string out;
  const auto add = [&](std::string_view what, const std::string& value) {
    out += cat(out.empty() ? "" : ", ", what, ' ', value);
  };
  if (const auto* dns = find<DnsServers>(reply.options)) {
    for (const Ip6Address& server : dns->addresses) add("DNS server", server.to_string());
  }
  if (const auto* search = find<DomainSearchList>(reply.options)) {
    for (const DomainName& name : search->names) add("search domain", name.to_string());
  }
  return out.empty() ? "nothing of DNS" : out;
}

}  // namespace

void ServerWatch::configure(const std::optional<Duid>& own, Duration interval, Instant now) {
  own_ = own;
  if (own_) servers_.erase(own_->to_string());
  if (interval_ == interval) return;
  interval_ = interval;
  link(std::exchange(ready_, false), now);
}

void ServerWatch::link(bool ready, Instant now) {
  if (ready == ready_) return;
  ready_ = ready;
  asked_ = 0;
  ask_at_.reset();
  if (ready_ && interval_ > Duration(0)) ask_at_ = now + rng_->between(Duration(0), kFirstQuestion);
}

void ServerWatch::ask(Instant now) {
  transaction_ = rng_->u32() & kTransactionIdMask;
  Message question{MessageType::kInformationRequest, transaction_, {}};
  question.options.emplace_back(ElapsedTime{});
  question.options.emplace_back(OptionRequest{{DnsServers::kCode, DomainSearchList::kCode}});
  out_.packets.push_back({kAllDhcpRelayAgentsAndServers, question.to_bytes()});
  ++questions_;
  // Not in step with others: from 9 to 11 tenths of the interval.
  ask_at_ =
      now + (asked_++ == 0 ? kSecondQuestion
                           : rng_->between(interval_ - interval_ / 10, interval_ + interval_ / 10));
}

ForeignServer* ServerWatch::entry(const Duid& server, bool& is_new) {
  if (own_ && server == *own_) return nullptr;
  const auto known = servers_.find(server.to_string());
  is_new = known == servers_.end();
  if (!is_new) return &known->second;
  if (servers_.size() == kMostServers) return nullptr;
  return &servers_[server.to_string()];
}

void ServerWatch::receive(std::span<const std::uint8_t> payload, const Ip6Address& from,
                          Instant now) {
  const auto reply = Message::parse(payload);
  if (!reply || reply->type != MessageType::kReply || asked_ == 0 ||
      reply->transaction_id != transaction_)
    return;
  const auto* identifier = find_single<ServerId>(reply->options);  // RFC 9915 section 16.10
  if (identifier == nullptr) return;
  bool is_new = false;
  ForeignServer* server = entry(identifier->duid, is_new);
  if (server == nullptr) return;
  ++answers_;
  ++server->answers;
  server->heard = now;
  std::string says = said_by(*reply);
  const bool first = !server->address;
  const bool changed = first || says != server->says || *server->address != from;
  server->address = from;
  server->says = std::move(says);
  if (!changed) return;
  budget_.say(LogLevel::kWarning,
              cat("another DHCPv6 server, ", identifier->duid, " at ", from,
                  first ? ", answers here: " : ", answers now: ", server->says),
              now, out_.log);
}

void ServerWatch::overhear(const Duid& duid, Instant now) {
  bool is_new = false;
  ForeignServer* server = entry(duid, is_new);
  if (server == nullptr) return;
  ++server->chosen;
  server->heard = now;
  if (is_new)
    budget_.say(LogLevel::kWarning,
                cat("another DHCPv6 server, ", duid, ", serves here: a client takes its offer"),
                now, out_.log);
}

void ServerWatch::forget_silent(Instant now) {
  const Duration memory =
      interval_ > Duration(0) ? interval_ * 11 / 10 * kSilentQuestions : kMemory;
  std::erase_if(servers_, [&](const auto& one) {
    if (one.second.heard + memory > now) return false;
    budget_.say(LogLevel::kInfo, cat("the other DHCPv6 server ", one.first, " is silent now"), now,
                out_.log);
    return true;
  });
}

void ServerWatch::expire(Instant now) {
  forget_silent(now);
  if (ask_at_ && *ask_at_ <= now) ask(now);
}

// Who has gone silent is forgotten when the next question is asked, or with whatever else happens.
std::optional<Instant> ServerWatch::next_deadline() const { return ask_at_; }

ServerWatch::Outputs ServerWatch::drain() { return std::exchange(out_, {}); }

}  // namespace sixgate::dhcp6
