// SPDX-License-Identifier: Apache-2.0
// NftSocket: the kernel's nftables without a process. It reads the elements of our sets and sends
// differences of elements as one transaction (nfnetlink batch).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "firewall/counted.h"
#include "firewall/nft.h"
#include "firewall/nft_translation.h"
#include "net/expected.h"

struct mnl_socket;

namespace sixgate::daemon {

class NftBatch;

class NftSocket {
 public:
  static Expected<NftSocket>
  open();  // an error when the kernel has no nftables or we no right to it
  NftSocket(NftSocket&& other) noexcept;
  NftSocket& operator=(NftSocket&& other) noexcept;
  ~NftSocket();

  struct Found {
    bool table = false;      // whether any of our sets is there
    bool foreign = false;    // elements that cannot be ours: ranges that are no prefix
    firewall::NftSets sets;  // what is in them
  };
  Expected<Found> read();

  // What tells one making of the table from another: its flags, and each chain, rule and set by the number that the
  // kernel never gives twice. Elements are not in it. Empty: no table.
  struct Print {
    std::vector<std::uint64_t> made;  // the table, its chains and its sets
    std::vector<std::uint64_t> rules;
    bool empty() const { return made.empty(); }
    bool operator==(const Print&) const = default;
  };
  Expected<Print> print();

  // By what the kernel's events say who asked for a change.
  std::uint32_t port() const;

  // What the table's named counters say.
  Expected<firewall::Counts> counts();

  // What each of its rules has counted, but for those that have no counter.
  Expected<firewall::RuleCounts> rule_counts();

  // And the elements that stand for pinholes.
  Expected<std::vector<firewall::PinholeCount>> pinhole_counts();

  // All or nothing: the steps, and the rules of all translations anew where there are some to write (in chains that are
  // there). The error is the kernel's first complaint.
  using Translations = std::optional<std::vector<firewall::NftTranslationRule>>;
  Expected<Done> send(const std::vector<firewall::NftStep>& steps,
                      const Translations& translations = std::nullopt);

  // The whole table goes.
  Expected<Done> remove_table();

 private:
  explicit NftSocket(mnl_socket* socket) : socket_(socket) {}
  Expected<Done> transact(NftBatch batch);
  // `set`: whose elements, where they are what is asked for. True: there is such a thing.
  template <class Each>
  Expected<bool> dump(std::uint16_t message, std::uint16_t table_attribute, std::string_view set,
                      Each&& each);

  mnl_socket* socket_ = nullptr;
  std::uint32_t sequence_ = 0;
};

}  // namespace sixgate::daemon
