// SPDX-License-Identifier: Apache-2.0
// NftBatch: the octets of one nftables transaction (an nfnetlink batch), in the making.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "firewall/nft.h"
#include "firewall/nft_translation.h"

struct nlmsghdr;

namespace sixgate::daemon {

class NftBatch {
 public:
  // Its messages have the numbers from `first` on. Each but the two ends of the batch asks for an acknowledgement.
  explicit NftBatch(std::uint32_t first);

  void add(const std::vector<firewall::NftStep>& steps);

  // These rules, and no others, in the chains of translations (firewall::kNftTranslationChains).
  void rewrite(const std::vector<firewall::NftTranslationRule>& rules);

  // The table itself.
  void remove_table();

  bool empty() const { return last_ == first_; }
  std::uint32_t first() const { return first_; }
  std::uint32_t last() const { return last_; }  // that is acknowledged
  std::uint32_t end() const { return last_ + 1; }
  std::vector<std::uint8_t> octets() &&;

 private:
  nlmsghdr* start(std::uint16_t message, std::uint16_t flags);
  void finish(const nlmsghdr* header);
  void append(const firewall::NftTranslationRule& rule);

  std::uint32_t first_;
  std::uint32_t last_;
  std::vector<char> block_;  // the message in the making
  std::vector<std::uint8_t> octets_;
};

}  // namespace sixgate::daemon
