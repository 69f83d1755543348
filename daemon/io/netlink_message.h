// SPDX-License-Identifier: Apache-2.0
// What the codecs of netlink's families are made with: a message's fixed part and attributes, read and written.
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "daemon/io/netlink_socket.h"
#include "net/ip6_address.h"

namespace sixgate::daemon {

// Attributes by type; the first of each. Never reads beyond the message.
template <int kMax>
class NetlinkAttributes {
 public:
  NetlinkAttributes(const nlmsghdr* header, std::size_t fixed) {
    // The library's functions take pointers to non-const, but only read.
    good_ = nlmsg_parse(const_cast<nlmsghdr*>(header), static_cast<int>(fixed), table_, kMax,
                        nullptr) >= 0;
  }
  bool good() const { return good_; }
  const nlattr* get(int type) const { return table_[type]; }
  template <class T>
  std::optional<T> value(int type) const {
    const nlattr* attribute = table_[type];
    if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(T))) return {};
    T out;
    std::memcpy(&out, nla_data(attribute), sizeof out);
    return out;
  }
  std::optional<Ip6Address> address(int type) const {
    const auto bytes = value<Ip6Address::Bytes>(type);
    if (!bytes) return {};
    return Ip6Address(*bytes);
  }

 private:
  nlattr* table_[static_cast<std::size_t>(kMax) + 1] = {};
  bool good_ = false;
};

template <class T>
const T* fixed_part(const nlmsghdr* header) {
  if (nlmsg_valid_hdr(header, static_cast<int>(sizeof(T))) == 0) return nullptr;
  return static_cast<const T*>(nlmsg_data(header));
}

// An allocation that fails ends us, as everywhere else.
inline void must(bool good) {
  if (!good) std::abort();
}

class NetlinkBuilder {
 public:
  NetlinkBuilder(int type, int flags) : message_(nlmsg_alloc()) {
    must(message_ != nullptr && nlmsg_put(message_.get(), 0, 0, type, 0, flags) != nullptr);
  }
  template <class T>
  NetlinkBuilder(int type, int flags, const T& fixed) : message_(nlmsg_alloc()) {
    must(message_ != nullptr);
    nlmsghdr* header = nlmsg_put(message_.get(), 0, 0, type, 0, flags);
    must(header != nullptr);
    must(nlmsg_append(message_.get(), const_cast<T*>(&fixed), sizeof fixed, NLMSG_ALIGNTO) == 0);
  }
  template <class T>
  NetlinkBuilder& put(int type, const T& value) {
    must(nla_put(message_.get(), type, sizeof value, &value) == 0);
    return *this;
  }
  NetlinkBuilder& address(int type, const Ip6Address& address) {
    return put(type, address.bytes());
  }
  NetlinkBuilder& octets(int type, std::span<const std::uint8_t> value) {
    must(nla_put(message_.get(), type, static_cast<int>(value.size()), value.data()) == 0);
    return *this;
  }
  NetlinkBuilder& text(int type, const char* value) {
    must(nla_put_string(message_.get(), type, value) == 0);
    return *this;
  }
  nlattr* begin_nest(int type) {
    nlattr* nest = nla_nest_start(message_.get(), type);
    must(nest != nullptr);
    return nest;
  }
  void end_nest(nlattr* nest) { nla_nest_end(message_.get(), nest); }
  NetlinkMessage take() { return std::move(message_); }

 private:
  NetlinkMessage message_;
};

}  // namespace sixgate::daemon
