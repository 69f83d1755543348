// SPDX-License-Identifier: Apache-2.0
// Text of addresses, prefixes, names, numbers and DUIDs: any text is a value or none, and a value's own
// text reads as the same value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dhcp6/duid.h"
#include "net/domain_name.h"
#include "net/ip6_address.h"
#include "net/mac_address.h"
#include "net/prefix.h"
#include "net/text.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

template <class T>
void round_trip(std::string_view text) {
  const auto value = T::parse(text);
  if (!value) return;
  const auto again = T::parse(value->to_string());
  require(again.has_value() && *again == *value);
  require(again->to_string() == value->to_string());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixgate;
  const std::string text(data, data + size);
  round_trip<Ip6Address>(text);
  round_trip<Prefix>(text);
  round_trip<MacAddress>(text);
  round_trip<dhcp6::Duid>(text);
  if (const auto bytes = parse_hex(text)) require(parse_hex(to_hex(*bytes)) == bytes);
  if (const auto number = parse_decimal(text)) {
    require(parse_decimal(std::to_string(*number)) == number);
  }
  for (const char c : printable(text)) require(c >= 0x20 && c < 0x7f);

  // A name that is read from text may hold octets that its own text escapes; the wire form must agree.
  if (const auto name = DomainName::parse(std::string_view(text))) {
    std::vector<std::uint8_t> wire;
    ByteWriter writer(wire);
    name->emit(writer);
    ByteReader reader(wire);
    const auto again = DomainName::parse(reader);
    require(again.has_value() && *again == *name && reader.at_end());
  }
  ByteReader reader({data, size});
  if (const auto names = DomainName::parse_list(reader, size % 2 == 0)) {
    for (const DomainName& name : *names) require(!name.to_string().empty());
  }
  return 0;
}
