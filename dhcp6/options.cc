// SPDX-License-Identifier: Apache-2.0
#include "dhcp6/options.h"

#include <bitset>
#include <concepts>
#include <type_traits>

#include "dhcp6/option_codec.h"

namespace sixgate::dhcp6 {
namespace {

constexpr std::size_t kMaxPayload = 0xffff;

template <class T>
concept HasCode = requires {
  T::kCode;
};
template <class T>
concept TakesBudget = requires(ByteReader& reader, ParseBudget& budget) {
  T::parse(reader, budget);
};
template <class T>
concept HoldsOptions = HasCode<T> && requires(const T& option) {
  { option.options } -> std::same_as<const Options&>;
};

template <class T>
std::uint16_t code_of(const T& option) {
  if constexpr (HasCode<T>) {
    return T::kCode;
  } else {
    return option.code;
  }
}

void add_malformed(Options& out, std::uint16_t code, ByteReader content, const ParseError& error) {
  out.emplace_back(MalformedOption{code, codec::octets(content.rest()), error});
}

template <class T>
void add(Options& out, std::uint16_t code, const ByteReader& content, ParseBudget& budget) {
  ByteReader reader = content;
  auto parsed = [&] {
    if constexpr (TakesBudget<T>) {
      return T::parse(reader, budget);
    } else {
      return T::parse(reader);
    }
  }();
  if (parsed) {
    out.emplace_back(std::in_place_type<T>, std::move(*parsed));
  } else {
    add_malformed(out, code, content, parsed.error());
  }
}

// One comparison for each type of the variant; the compiler makes a switch of it.
template <class T>
bool add_if(Options& out, std::uint16_t code, const ByteReader& content, ParseBudget& budget) {
  if constexpr (HasCode<T>) {
    if (code != T::kCode) return false;
    add<T>(out, code, content, budget);
    return true;
  } else {
    return false;
  }
}

template <class... Types>
void add_any(Options& out, std::uint16_t code, ByteReader& content, ParseBudget& budget,
             const std::variant<Types...>*) {
  const bool known = (add_if<Types>(out, code, content, budget) || ...);
  if (!known) out.emplace_back(UnknownOption{code, codec::octets(content.rest())});
}

constexpr bool may_repeat(std::uint16_t code) {
  switch (code) {
    case IaNa::kCode:
    case IaTa::kCode:
    case IaAddress::kCode:  // in their IA (RFC 9915 section 21)
    case VendorClass::kCode:
    case VendorOptions::kCode:
    case IaPd::kCode:
    case IaPrefix::kCode:
    case NtpServers::kCode:  // RFC 5908 section 4: one server an option
    case S46Rule::kCode:     // RFC 7598 section 5: in their container
    case S46BorderRelay::kCode:
    case EncryptedDns::kCode:  // RFC 9463 section 4.1
      return true;
  }
  return false;
}

}  // namespace

Parsed<OptionFrames> read_frames(ByteReader reader) {
  OptionFrames frames;
  while (!reader.at_end()) {
    const std::uint16_t code = reader.u16();
    const std::uint16_t length = reader.u16();
    if (!reader.ok()) return reader.error("option header is cut short");
    reader.skip(length);
    if (!reader.ok()) return reader.error("option length beyond the end");
    ++frames.count;
    frames.codes |= std::uint64_t{1} << (code % 64);
  }
  return frames;
}

Parsed<Options> parse_options(ByteReader& reader, ParseBudget& budget) {
  // First the framing of all of them: it tells whether anything here can be trusted, and how much
  // to reserve.
  const auto frames = read_frames(reader);
  if (!frames) return Unexpected<ParseError>(frames.error());
  if (frames->count > budget.options) return reader.error("too many options");
  budget.options -= frames->count;

  Options options;
  options.reserve(frames->count);
  while (reader.ok() && !reader.at_end()) {
    const std::uint16_t code = reader.u16();
    const std::uint16_t length = reader.u16();
    ByteReader content = reader.sub(length);
    add_any(options, code, content, budget, static_cast<const Option*>(nullptr));
  }
  return options;
}

Parsed<Options> codec::parse_nested(ByteReader& reader, ParseBudget& budget) {
  if (reader.at_end()) return Options();
  if (budget.depth == 0) return reader.error("options nested too deep");
  --budget.depth;
  auto options = parse_options(reader, budget);
  ++budget.depth;
  return options;
}

bool codec::append_options(ByteWriter& writer, const Options& options) {
  bool fits = true;
  for (const Option& option : options) {
    OpenOption open(writer, option_code(option));
    std::visit([&](const auto& value) { value.emit(writer); }, option);
    fits = fits && open.length() <= kMaxPayload;
  }
  return fits;
}

bool emit_options(ByteWriter& writer, const Options& options) {
  const std::size_t start = writer.size();
  if (codec::append_options(writer, options)) return true;
  writer.truncate(start);
  return false;
}

std::uint16_t option_code(const Option& option) {
  return std::visit([](const auto& value) { return code_of(value); }, option);
}

Options written_out(const Options& options) {
  Options out;
  out.reserve(options.size());
  for (const Option& option : options) {
    Octets octets;
    ByteWriter writer(octets);
    std::visit([&](const auto& value) { value.emit(writer); }, option);
    out.emplace_back(UnknownOption{option_code(option), std::move(octets)});
  }
  return out;
}

Status status_of(const Options& options) {
  const StatusCode* status = find<StatusCode>(options);
  return status ? status->status : Status::kSuccess;
}

bool has_duplicate_singletons(const Options& options) {
  std::bitset<256> seen;  // every known code is below
  for (const Option& option : options) {
    if (std::holds_alternative<UnknownOption>(option)) continue;
    const std::uint16_t code = option_code(option);
    if (code >= seen.size() || may_repeat(code)) continue;
    if (seen.test(code)) return true;
    seen.set(code);
  }
  return false;
}

std::size_t count_malformed(const Options& options) {
  std::size_t count = 0;
  for (const Option& option : options) {
    count += std::visit(
        [](const auto& value) -> std::size_t {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, MalformedOption>) {
            return 1;
          } else if constexpr (HoldsOptions<T>) {
            return count_malformed(value.options);
          } else {
            return 0;
          }
        },
        option);
  }
  return count;
}

}  // namespace sixgate::dhcp6
