// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/nft_socket.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/io/clock.h"
#include "daemon/io/netfilter_message.h"
#include "daemon/io/nft_batch.h"
#include "daemon/io/nft_keys.h"
#include "daemon/io/nft_rule.h"
#include "net/text.h"

namespace sixgate::daemon {

using firewall::NftElement;
using firewall::NftSetKind;

namespace {

std::vector<const nlattr*> attributes(const nlmsghdr* header, std::size_t offset) {
  std::vector<const nlattr*> found;
  mnl_attr_parse(
      header, static_cast<unsigned>(offset),
      [](const nlattr* attribute, void* data) {
        static_cast<std::vector<const nlattr*>*>(data)->push_back(attribute);
        return MNL_CB_OK;
      },
      &found);
  return found;
}

std::vector<const nlattr*> nested(const nlattr* attribute) {
  std::vector<const nlattr*> found;
  mnl_attr_parse_nested(
      attribute,
      [](const nlattr* inner, void* data) {
        static_cast<std::vector<const nlattr*>*>(data)->push_back(inner);
        return MNL_CB_OK;
      },
      &found);
  return found;
}

std::optional<NftKeyOctets> read_key(const nlattr* attribute, std::size_t size) {
  for (const nlattr* inner : nested(attribute)) {
    if (mnl_attr_get_type(inner) != NFTA_DATA_VALUE) continue;
    if (mnl_attr_get_payload_len(inner) != size) return std::nullopt;
    NftKeyOctets key{};
    std::memcpy(key.data(), mnl_attr_get_payload(inner), size);
    return key;
  }
  return std::nullopt;
}

std::optional<NftElement> read_element(const nlattr* attribute, const NftSetKind& kind) {
  std::optional<NftKeyOctets> first;
  std::optional<NftKeyOctets> last;
  for (const nlattr* inner : nested(attribute)) {
    const std::uint16_t type = mnl_attr_get_type(inner);
    if (type == NFTA_SET_ELEM_KEY) first = read_key(inner, nft_key_size(kind.key));
    if (type == NFTA_SET_ELEM_KEY_END) last = read_key(inner, nft_key_size(kind.key));
  }
  if (!first) return std::nullopt;
  return nft_element(kind.key, *first, last.value_or(*first));
}

template <class Each>
void for_each_element(const nlmsghdr* header, Each&& each) {
  for (const nlattr* attribute : attributes(header, sizeof(nfgenmsg))) {
    if (mnl_attr_get_type(attribute) != NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    for (const nlattr* one : nested(attribute)) each(one);
  }
}

void read_elements(const nlmsghdr* header, const NftSetKind& kind, NftSocket::Found& found) {
  for_each_element(header, [&](const nlattr* one) {
    if (std::optional<NftElement> element = read_element(one, kind)) {
      found.sets[kind.id].push_back(std::move(*element));
    } else {
      found.foreign = true;
    }
  });
}

std::uint64_t number64(const nlattr* attribute) {
  return attribute == nullptr || mnl_attr_get_payload_len(attribute) != 8
             ? 0
             : be64toh(mnl_attr_get_u64(attribute));
}

// What an expression has counted; false: it is no counter.
template <class Count>
bool read_count(const nlattr* expression, Count& count) {
  const auto found = attributes_in<NFTA_EXPR_MAX + 1>(expression);
  if (netfilter_text(found.of[NFTA_EXPR_NAME]) != "counter") return false;
  const auto counter = attributes_in<NFTA_COUNTER_MAX + 1>(found.of[NFTA_EXPR_DATA]);
  count.packets = number64(counter.of[NFTA_COUNTER_PACKETS]);
  count.bytes = number64(counter.of[NFTA_COUNTER_BYTES]);
  return true;
}

// What an element has counted; nothing where the set was made by a version that counted none.
firewall::PinholeCount count_of(const nlattr* one, firewall::FirewallPinhole pinhole) {
  firewall::PinholeCount count{std::move(pinhole)};
  const auto element = attributes_in<NFTA_SET_ELEM_MAX + 1>(one);
  (void)read_count(element.of[NFTA_SET_ELEM_EXPR], count);
  return count;
}

void read_rule(const nlmsghdr* header, firewall::RuleCount& last, firewall::RuleCounts& counts) {
  const auto rule = attributes_of<NFTA_RULE_MAX + 1>(header);
  if (netfilter_text(rule.of[NFTA_RULE_TABLE]) != firewall::kNftTable) return;
  const std::string_view chain = netfilter_text(rule.of[NFTA_RULE_CHAIN]);
  if (last.chain != chain) last = {.chain = std::string(chain)};
  ++last.number;
  if (rule.of[NFTA_RULE_EXPRESSIONS] == nullptr) return;
  for (const nlattr* expression : nested(rule.of[NFTA_RULE_EXPRESSIONS])) {
    if (!read_count(expression, last)) continue;
    last.why = rule_comment(rule.of[NFTA_RULE_USERDATA]);
    counts.push_back(last);
    return;
  }
}

// Attributes of tables, chains, sets and rules are numbered up to this, as far as a print has them.
constexpr std::size_t kPrintAttributes =
    std::max({NFTA_TABLE_MAX, NFTA_CHAIN_MAX, NFTA_SET_MAX, NFTA_RULE_MAX}) + 1;

void read_counter(const nlmsghdr* header, firewall::Counts& counts) {
  const auto object = attributes_of<NFTA_OBJ_MAX + 1>(header);
  if (netfilter_text(object.of[NFTA_OBJ_TABLE]) != firewall::kNftTable) return;
  const auto counter = attributes_in<NFTA_COUNTER_MAX + 1>(object.of[NFTA_OBJ_DATA]);
  firewall::add_count(counts, netfilter_text(object.of[NFTA_OBJ_NAME]),
                      number64(counter.of[NFTA_COUNTER_PACKETS]),
                      number64(counter.of[NFTA_COUNTER_BYTES]));
}

}  // namespace

Expected<NftSocket> NftSocket::open() {
  NetfilterSocket socket = open_netfilter();
  if (!socket) return fail(cat("netfilter socket: ", error_text(errno)));
  const int fd = mnl_socket_get_fd(socket.get());
  NftSocket nft(socket.release());
  // A transaction is one datagram: room for some ten thousand elements.
  const int room = 4 << 20;
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (Expected<Found> found = nft.read(); !found) return Unexpected<Error>(found.error());
  return nft;
}

NftSocket::NftSocket(NftSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr)), sequence_(other.sequence_) {}

NftSocket& NftSocket::operator=(NftSocket&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(sequence_, other.sequence_);
  return *this;
}

NftSocket::~NftSocket() {
  if (socket_ != nullptr) mnl_socket_close(socket_);
}

// Calls `each` with all objects of a kind; there are none without the table. Older kernels ignore the name of the table
// in some requests, and then tell of other tables too.
template <class Each>
Expected<bool> NftSocket::dump(std::uint16_t message, std::uint16_t table_attribute,
                               std::string_view set, Each&& each) {
  std::vector<char> block(kNetfilterBlock);
  const std::uint32_t sequence = ++sequence_;
  nlmsghdr* request =
      start_message(block, nft_message(message), NLM_F_DUMP, sequence, NFPROTO_IPV6, 0);
  put_text(request, table_attribute, firewall::kNftTable);
  if (!set.empty()) put_text(request, NFTA_SET_ELEM_LIST_SET, set);
  if (mnl_socket_sendto(socket_, request, request->nlmsg_len) < 0) {
    return fail(cat("nftables: ", error_text(errno)));
  }
  const int code = read_answer(socket_, sequence, true, std::forward<Each>(each));
  if (code != 0 && code != ENOENT) return fail(cat("nftables: ", error_text(code)));
  return code == 0;
}

Expected<NftSocket::Found> NftSocket::read() {
  Found found;
  for (const NftSetKind& kind : firewall::kNftSetKinds) {
    const Expected<bool> there =
        dump(NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE, kind.name,
             [&](const nlmsghdr* header) { read_elements(header, kind, found); });
    if (!there) return Unexpected<Error>(there.error());
    found.table = found.table || *there;
  }
  for (std::vector<NftElement>& elements : found.sets.elements) {
    std::ranges::sort(elements);
    const auto repeated = std::ranges::unique(elements);
    elements.erase(repeated.begin(), repeated.end());
  }
  return found;
}

Expected<firewall::Counts> NftSocket::counts() {
  firewall::Counts counts = firewall::no_counts();
  const Expected<bool> dumped = dump(NFT_MSG_GETOBJ, NFTA_OBJ_TABLE, {},
                                     [&](const nlmsghdr* header) { read_counter(header, counts); });
  if (!dumped) return Unexpected<Error>(dumped.error());
  return counts;
}

Expected<firewall::RuleCounts> NftSocket::rule_counts() {
  firewall::RuleCounts counts;
  firewall::RuleCount last;
  const Expected<bool> dumped =
      dump(NFT_MSG_GETRULE, NFTA_RULE_TABLE, {},
           [&](const nlmsghdr* header) { read_rule(header, last, counts); });
  if (!dumped) return Unexpected<Error>(dumped.error());
  return counts;
}

Expected<NftSocket::Print> NftSocket::print() {
  // Each kind with the attributes that name its table and itself, and one that is part of it.
  struct Kind {
    std::uint16_t message;
    std::uint16_t table;
    std::uint16_t handle;
    std::uint16_t more;  // a number; 0: none
  };
  static constexpr std::array kKinds{
      Kind{NFT_MSG_GETTABLE, NFTA_TABLE_NAME, NFTA_TABLE_HANDLE, NFTA_TABLE_FLAGS},
      Kind{NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_HANDLE, NFTA_CHAIN_POLICY},
      Kind{NFT_MSG_GETSET, NFTA_SET_TABLE, NFTA_SET_HANDLE, NFTA_SET_FLAGS},
      Kind{NFT_MSG_GETRULE, NFTA_RULE_TABLE, NFTA_RULE_HANDLE, 0}};
  Print print;
  for (const Kind& kind : kKinds) {
    const Expected<bool> dumped = dump(kind.message, kind.table, {}, [&](const nlmsghdr* header) {
      const auto object = attributes_of<kPrintAttributes>(header);
      if (netfilter_text(object.of[kind.table]) != firewall::kNftTable) return;
      auto& numbers = kind.message == NFT_MSG_GETRULE ? print.rules : print.made;
      numbers.push_back(kind.message);
      numbers.push_back(number64(object.of[kind.handle]));
      if (kind.more != 0) numbers.push_back(netfilter_number(object.of[kind.more]).value_or(0));
    });
    if (!dumped) return Unexpected<Error>(dumped.error());
  }
  return print;
}

Expected<std::vector<firewall::PinholeCount>> NftSocket::pinhole_counts() {
  std::vector<firewall::PinholeCount> counts;
  for (const NftSetKind& kind : firewall::kNftSetKinds) {
    if (!kind.counted) continue;
    const Expected<bool> there =
        dump(NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_TABLE, kind.name, [&](const nlmsghdr* header) {
          for_each_element(header, [&](const nlattr* one) {
            if (const auto element = read_element(one, kind))
              counts.push_back(count_of(one, firewall::pinhole_of(kind.id, *element)));
          });
        });
    if (!there) return Unexpected<Error>(there.error());
  }
  std::ranges::sort(counts, {}, &firewall::PinholeCount::pinhole);
  return counts;
}

std::uint32_t NftSocket::port() const { return mnl_socket_get_portid(socket_); }

Expected<Done> NftSocket::send(const std::vector<firewall::NftStep>& steps,
                               const Translations& translations) {
  NftBatch batch(sequence_ + 1);
  batch.add(steps);
  if (translations) batch.rewrite(*translations);
  return transact(std::move(batch));
}

Expected<Done> NftSocket::remove_table() {
  NftBatch batch(sequence_ + 1);
  batch.remove_table();
  return transact(std::move(batch));
}

Expected<Done> NftSocket::transact(NftBatch batch) {
  if (batch.empty()) return Done{};
  const std::uint32_t first = batch.first();
  const std::uint32_t last = batch.last();
  sequence_ = batch.end();
  const std::vector<std::uint8_t> octets = std::move(batch).octets();
  if (mnl_socket_sendto(socket_, octets.data(), octets.size()) < 0) {
    return fail(cat("nftables: ", error_text(errno)));
  }
  std::vector<char> block(kNetfilterBlock);
  // Each message of the transaction is acknowledged or refused; the first refusal undoes all.
  for (std::uint32_t answered = first; answered != last;) {
    const ssize_t received = mnl_socket_recvfrom(socket_, block.data(), block.size());
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return fail(cat("nftables: ", error_text(errno)));
    auto left = static_cast<int>(received);
    for (const auto* header = first_message(block); mnl_nlmsg_ok(header, left);
         header = mnl_nlmsg_next(header, &left)) {
      if (header->nlmsg_type != NLMSG_ERROR || header->nlmsg_seq < first) continue;
      const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header));
      if (error->error != 0) return fail(cat("nftables: ", error_text(-error->error)));
      answered = std::max(answered, header->nlmsg_seq);
    }
  }
  return Done{};
}

}  // namespace sixgate::daemon
