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
#include "net/byte_reader.h"
#include "net/text.h"

namespace sixgate::daemon {

using firewall::is_interval;
using firewall::NftElement;
using firewall::NftKey;
using firewall::NftSetKind;
using firewall::NftStep;

namespace {

// A key in the kernel's form: its fields one after the other, each zero padded to a multiple of 4 octets. An
// interval set of concatenated fields has a first and a last key for each element.
constexpr std::size_t kNameSize = 16;
constexpr std::size_t kAddressSize = 16;
constexpr std::size_t kNumberSize = 4;
constexpr std::size_t kStationSize = 8;
constexpr std::size_t kMostSize = kNameSize + 2 * kAddressSize + kNumberSize;
using Key = std::array<std::uint8_t, kMostSize>;

constexpr std::size_t size_of(NftKey key) {
  switch (key) {
    case NftKey::kInterface:
      return kNameSize;
    case NftKey::kInterfacePair:
      return 2 * kNameSize;
    case NftKey::kInterfaceMark:
      return kNameSize + kNumberSize;
    case NftKey::kInterface64:
    case NftKey::kInterfacePrefix:
      return kNameSize + kAddressSize;
    case NftKey::kPort:
      return kNameSize + kAddressSize + kNumberSize;
    case NftKey::kPorts:
    case NftKey::kProtocol:
      return kMostSize;
    case NftKey::kStation:
      return kNameSize + kAddressSize + kStationSize;
  }
  return 0;
}

Ip6Address last_address(const Prefix& prefix) {
  Ip6Address::Bytes ones;
  ones.fill(0xff);
  return prefix.with_suffix(Ip6Address(ones));
}

enum class End : std::uint8_t { kFirst, kLast };

Ip6Address address_at(const Prefix& prefix, End end) {
  return end == End::kFirst ? prefix.address() : last_address(prefix);
}

Key key_of(NftKey kind, const NftElement& element, End end) {
  Key key{};
  const auto name = [&](std::size_t at, const std::string& text) {
    std::copy_n(text.begin(), std::min(text.size(), kNameSize - 1), key.data() + at);
  };
  const auto address = [&](std::size_t at, const Prefix& prefix) {
    std::ranges::copy(address_at(prefix, end).bytes(), key.data() + at);
  };
  const std::uint16_t number = end == End::kFirst ? element.first : element.last;
  const auto port = [&](std::size_t at) {
    key[at] = static_cast<std::uint8_t>(number >> 8);
    key[at + 1] = static_cast<std::uint8_t>(number);
  };
  constexpr std::size_t kTail = kNameSize + 2 * kAddressSize;
  name(0, element.interface);
  switch (kind) {
    case NftKey::kInterface:
      break;
    case NftKey::kInterfacePair:
      name(kNameSize, element.other);
      break;
    case NftKey::kInterfaceMark:
      // The kernel's own number, in its own order of octets.
      std::memcpy(key.data() + kNameSize, &element.mark, kNumberSize);
      break;
    case NftKey::kInterface64:
    case NftKey::kInterfacePrefix:
      address(kNameSize, element.prefix);
      break;
    case NftKey::kPort:
      address(kNameSize, element.prefix);
      port(kNameSize + kAddressSize);
      break;
    case NftKey::kPorts:
      port(kTail);
      address(kNameSize, element.source);
      address(kNameSize + kAddressSize, element.prefix);
      break;
    case NftKey::kProtocol:
      key[kTail] = static_cast<std::uint8_t>(number);
      address(kNameSize, element.source);
      address(kNameSize + kAddressSize, element.prefix);
      break;
    case NftKey::kStation:
      address(kNameSize, element.prefix);
      std::ranges::copy(element.station.bytes(), key.data() + kNameSize + kAddressSize);
      break;
  }
  return key;
}

// The prefix from `first` to `last`, if that is one.
std::optional<Prefix> prefix_between(const Ip6Address& first, const Ip6Address& last) {
  for (unsigned length = 0; length <= 128; ++length) {
    const Prefix prefix(first, length);
    if (prefix.address() == first && last_address(prefix) == last) return prefix;
  }
  return std::nullopt;
}

// Messages are built in a block of this size; elements are cut into parts that surely fit, since an
// attribute's length has 16 bits.
constexpr std::size_t kMessageSize = 65536;
constexpr std::size_t kElementsPerMessage = 400;

constexpr std::uint16_t nft_type(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

void put_text(nlmsghdr* header, std::uint16_t attribute, std::string_view text) {
  mnl_attr_put_strz(header, attribute, std::string(text).c_str());
}

void put_key(nlmsghdr* header, std::uint16_t attribute, const Key& key, std::size_t size) {
  nlattr* nest = mnl_attr_nest_start(header, attribute);
  mnl_attr_put(header, NFTA_DATA_VALUE, size, key.data());
  mnl_attr_nest_end(header, nest);
}

void put_element(nlmsghdr* header, const NftSetKind& kind, const NftElement& element) {
  nlattr* nest = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
  const std::size_t size = size_of(kind.key);
  put_key(header, NFTA_SET_ELEM_KEY, key_of(kind.key, element, End::kFirst), size);
  if (is_interval(kind.key)) {
    put_key(header, NFTA_SET_ELEM_KEY_END, key_of(kind.key, element, End::kLast), size);
  }
  mnl_attr_nest_end(header, nest);
}

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

std::optional<Key> read_key(const nlattr* attribute, std::size_t size) {
  for (const nlattr* inner : nested(attribute)) {
    if (mnl_attr_get_type(inner) != NFTA_DATA_VALUE) continue;
    if (mnl_attr_get_payload_len(inner) != size) return std::nullopt;
    Key key{};
    std::memcpy(key.data(), mnl_attr_get_payload(inner), size);
    return key;
  }
  return std::nullopt;
}

std::string name_at(const Key& key, std::size_t at) {
  const auto* begin = key.data() + at;
  return std::string(begin, std::find(begin, begin + kNameSize, 0));
}

std::optional<Prefix> prefix_at(const Key& first, const Key& last, std::size_t at) {
  const auto address = [at](const Key& key) {
    Ip6Address::Bytes bytes{};
    std::copy_n(key.data() + at, kAddressSize, bytes.begin());
    return Ip6Address(bytes);
  };
  return prefix_between(address(first), address(last));
}

// Only what we write ourselves: the others come from someone else, or from another version.
std::optional<NftElement> element_of(NftKey kind, const Key& first, const Key& last) {
  NftElement element{name_at(first, 0)};
  if (name_at(last, 0) != element.interface) return std::nullopt;
  const auto port = [](const Key& key, std::size_t at) {
    return static_cast<std::uint16_t>(unsigned{key[at]} << 8 | key[at + 1]);
  };
  switch (kind) {
    case NftKey::kInterface:
      return element;
    case NftKey::kInterfacePair:
      element.other = name_at(first, kNameSize);
      return element;
    case NftKey::kInterfaceMark:
      std::memcpy(&element.mark, first.data() + kNameSize, kNumberSize);
      return element;
    case NftKey::kInterface64: {
      const auto address = prefix_at(first, first, kNameSize);
      if (!address) return std::nullopt;
      element.prefix = Prefix(address->address(), 64);
      // Other bits are never looked up.
      return element.prefix.address() == address->address() ? std::optional(element) : std::nullopt;
    }
    case NftKey::kPort: {
      const auto host = prefix_at(first, first, kNameSize);
      if (!host) return std::nullopt;
      element.prefix = *host;
      element.first = element.last = port(first, kNameSize + kAddressSize);
      return element;
    }
    case NftKey::kInterfacePrefix:
    case NftKey::kStation: {
      const auto prefix = prefix_at(first, last, kNameSize);
      if (!prefix) return std::nullopt;
      element.prefix = *prefix;
      if (kind == NftKey::kInterfacePrefix) return element;
      const auto station = [](const Key& key) {
        MacAddress::Bytes bytes{};
        std::copy_n(key.data() + kNameSize + kAddressSize, bytes.size(), bytes.begin());
        return MacAddress(bytes);
      };
      element.station = station(first);
      return station(last) == element.station ? std::optional(element) : std::nullopt;
    }
    case NftKey::kPorts:
    case NftKey::kProtocol: {
      const auto source = prefix_at(first, last, kNameSize);
      const auto host = prefix_at(first, last, kNameSize + kAddressSize);
      if (!source || !host) return std::nullopt;
      element.source = *source;
      element.prefix = *host;
      constexpr std::size_t kTail = kNameSize + 2 * kAddressSize;
      const bool ports = kind == NftKey::kPorts;
      element.first = ports ? port(first, kTail) : first[kTail];
      element.last = ports ? port(last, kTail) : last[kTail];
      return element;
    }
  }
  return std::nullopt;
}

std::optional<NftElement> read_element(const nlattr* attribute, const NftSetKind& kind) {
  std::optional<Key> first;
  std::optional<Key> last;
  for (const nlattr* inner : nested(attribute)) {
    const std::uint16_t type = mnl_attr_get_type(inner);
    if (type == NFTA_SET_ELEM_KEY) first = read_key(inner, size_of(kind.key));
    if (type == NFTA_SET_ELEM_KEY_END) last = read_key(inner, size_of(kind.key));
  }
  if (!first) return std::nullopt;
  return element_of(kind.key, *first, last.value_or(*first));
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

// A rule's comment is in what its maker keeps with it: type, length and value, as the program nft writes them.
std::string comment_of(const nlattr* user_data) {
  constexpr std::uint8_t kComment = 0;
  if (user_data == nullptr) return {};
  ByteReader reader({static_cast<const std::uint8_t*>(mnl_attr_get_payload(user_data)),
                     mnl_attr_get_payload_len(user_data)});
  while (!reader.at_end()) {
    const std::uint8_t type = reader.u8();
    const auto value = reader.bytes(reader.u8());
    if (!reader.ok()) break;
    if (type != kComment) continue;
    const auto end = std::ranges::find(value, 0);
    return std::string(value.begin(), end);
  }
  return {};
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
    last.why = comment_of(rule.of[NFTA_RULE_USERDATA]);
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

void append_message(std::vector<std::uint8_t>& batch, const nlmsghdr* header) {
  const auto* octets = static_cast<const std::uint8_t*>(static_cast<const void*>(header));
  batch.insert(batch.end(), octets, octets + (header->nlmsg_len + 3U) / 4U * 4U);
}

}  // namespace

std::vector<std::uint8_t> nft_batch(const std::vector<NftStep>& steps, std::uint32_t first_sequence,
                                    std::uint32_t* last_sequence) {
  std::vector<std::uint8_t> batch;
  std::vector<char> block(kMessageSize);
  std::uint32_t sequence = first_sequence;
  const auto append = [&](const nlmsghdr* header) { append_message(batch, header); };
  append(
      start_message(block, NFNL_MSG_BATCH_BEGIN, 0, sequence++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  for (const NftStep& step : steps) {
    const NftSetKind& kind = firewall::kNftSetKinds[static_cast<std::size_t>(step.set)];
    const bool add = step.kind == NftStep::Kind::kAdd;
    for (std::size_t at = 0; at < step.elements.size(); at += kElementsPerMessage) {
      std::ranges::fill(block, '\0');
      nlmsghdr* header =
          start_message(block, nft_type(add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM),
                        static_cast<std::uint16_t>(NLM_F_ACK | (add ? NLM_F_CREATE : 0)),
                        sequence++, NFPROTO_IPV6, 0);
      put_text(header, NFTA_SET_ELEM_LIST_TABLE, firewall::kNftTable);
      put_text(header, NFTA_SET_ELEM_LIST_SET, kind.name);
      nlattr* nest = mnl_attr_nest_start(header, NFTA_SET_ELEM_LIST_ELEMENTS);
      const std::size_t end = std::min(at + kElementsPerMessage, step.elements.size());
      for (std::size_t i = at; i < end; ++i) put_element(header, kind, step.elements[i]);
      mnl_attr_nest_end(header, nest);
      append(header);
    }
  }
  if (last_sequence != nullptr) *last_sequence = sequence - 1;
  append(start_message(block, NFNL_MSG_BATCH_END, 0, sequence++, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  return batch;
}

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
  std::vector<char> block(kMessageSize);
  const std::uint32_t sequence = ++sequence_;
  nlmsghdr* request =
      start_message(block, nft_type(message), NLM_F_DUMP, sequence, NFPROTO_IPV6, 0);
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

Expected<Done> NftSocket::send(const std::vector<NftStep>& steps) {
  if (steps.empty()) return Done{};
  const std::uint32_t first = ++sequence_;
  std::uint32_t last = first;
  const std::vector<std::uint8_t> batch = nft_batch(steps, first, &last);
  sequence_ = last + 1;
  return transact(batch, first, last);
}

Expected<Done> NftSocket::remove_table() {
  std::vector<std::uint8_t> batch;
  std::vector<char> block(kMessageSize);
  const std::uint32_t first = ++sequence_;
  append_message(
      batch, start_message(block, NFNL_MSG_BATCH_BEGIN, 0, first, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
  nlmsghdr* removal =
      start_message(block, nft_type(NFT_MSG_DELTABLE), NLM_F_ACK, first + 1, NFPROTO_IPV6, 0);
  put_text(removal, NFTA_TABLE_NAME, firewall::kNftTable);
  append_message(batch, removal);
  append_message(batch, start_message(block, NFNL_MSG_BATCH_END, 0, first + 2, AF_UNSPEC,
                                      NFNL_SUBSYS_NFTABLES));
  sequence_ = first + 2;
  return transact(batch, first, first + 1);
}

Expected<Done> NftSocket::transact(const std::vector<std::uint8_t>& batch, std::uint32_t first,
                                   std::uint32_t last) {
  if (mnl_socket_sendto(socket_, batch.data(), batch.size()) < 0) {
    return fail(cat("nftables: ", error_text(errno)));
  }
  std::vector<char> block(kMessageSize);
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
