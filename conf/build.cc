// SPDX-License-Identifier: Apache-2.0
#include "conf/build.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conf/check.h"
#include "conf/keys.h"
#include "conf/suggest.h"
#include "conf/syntax.h"
#include "net/text.h"

namespace sixgate::conf {

namespace {

using Where = Problem::Where;

constexpr std::array<std::string_view, 7> kTables{"ula",         "firewall", "uplink",     "lan",
                                                  "reservation", "pinhole",  "ipsec_knock"};

class Builder {
 public:
  explicit Builder(std::string_view file) : file_(file) {}

  ReadResult run(const Value& root) {
    read_section(root, global_keys(), config_, Where::kGlobal, 0);
    if (const Value* table = table_of(root, "ula")) {
      read_section(*table, ula_keys(), config_.ula, Where::kUla, 0);
    }
    if (const Value* table = table_of(root, "firewall")) {
      read_section(*table, firewall_keys(), config_.firewall, Where::kFirewall, 0);
    }
    if (const Value* table = table_of(root, "uplink")) {
      for (const Entry* entry : named(*table, "uplink", "wan")) read_uplink(*entry);
    }
    if (const Value* table = table_of(root, "lan")) {
      for (const Entry* entry : named(*table, "lan", "home")) read_lan(*entry);
    }
    read_list(root, "reservation", reservation_keys(), config_.reservations, Where::kReservation);
    read_list(root, "pinhole", pinhole_keys(), config_.pinholes, Where::kPinhole);
    if (const Value* table = table_of(root, "ipsec_knock")) {
      read_section(*table, knock_keys(), config_.knock.emplace(), Where::kKnock, 0);
    }
    for (const Problem& problem : check(config_)) report(problem);
    return finish();
  }

 private:
  // Where a table of the file went, to find the places of its keys again.
  struct Section {
    Where where;
    std::size_t index;
    const Value* table;
    Position at;
    std::vector<std::string_view> wrong;  // keys whose values were already complained of
  };

  void error(Position at, std::string text) { add(at, std::move(text), true); }
  void add(Position at, std::string text, bool is_error) {
    if (const std::string letter = odd_letter(text); !letter.empty())
      text += cat(" (", letter, " is in it)");
    Diagnostic diagnostic{std::string(file_), std::max(1U, at.line), std::max(1U, at.column),
                          std::move(text), is_error};
    (is_error ? result_.errors : result_.warnings).push_back(std::move(diagnostic));
  }

  const Value* table_of(const Value& root, std::string_view name) {
    const Entry* entry = root.find(name);
    if (entry == nullptr) return nullptr;
    if (entry->value.kind == Value::Kind::kTable) return &entry->value;
    error(entry->at, cat("\"", name, "\" is a table: write [", name,
                         name == "uplink" || name == "lan" ? ".NAME]" : "]"));
    wrong_table_ = true;
    return nullptr;
  }

  // The tables [uplink.NAME] in the order of the file.
  std::vector<const Entry*> named(const Value& table, std::string_view kind,
                                  std::string_view example) {
    std::vector<const Entry*> entries;
    for (const Entry& entry : table.table) {
      if (entry.value.kind == Value::Kind::kTable) {
        entries.push_back(&entry);
        continue;
      }
      error(entry.at, cat("\"", printable(entry.key), "\" stands in no named table: write [", kind,
                          ".NAME], such as [", kind, ".", example, "]"));
      wrong_table_ = true;
    }
    return entries;
  }

  void read_uplink(const Entry& entry) {
    UplinkConfig uplink;
    uplink.name = entry.key;
    read_section(entry.value, uplink_keys(), uplink, Where::kUplink, config_.uplinks.size(),
                 entry.at);
    config_.uplinks.push_back(std::move(uplink));
  }

  // The tables [[NAME]].
  template <class T>
  void read_list(const Value& root, std::string_view name, std::span<const Key<T>> keys,
                 std::vector<T>& out, Where where) {
    const Entry* entry = root.find(name);
    if (entry == nullptr) return;
    if (entry->value.kind != Value::Kind::kArray) {
      error(entry->at, cat("\"", name, "\" is a list of tables: write [[", name, "]]"));
      return;
    }
    for (const Value& table : entry->value.array) {
      if (table.kind != Value::Kind::kTable) {
        error(table.at, cat("a ", name, " is a table: write [[", name, "]]"));
        continue;
      }
      T section;
      read_section(table, keys, section, where, out.size());
      out.push_back(std::move(section));
    }
  }

  void read_lan(const Entry& entry) {
    LanConfig lan;
    lan.name = entry.key;
    read_section(entry.value, lan_keys(), lan, Where::kLan, config_.lans.size(), entry.at);
    lan.request.name = lan.name;
    lan.request.interface = lan.interface;
    // Hosts would not ask the other server for an address otherwise.
    if (lan.is_relayed() && entry.value.find("addressing") == nullptr)
      lan.addressing = Addressing::kSlaacDhcpv6;
    if (entry.value.find("ra_max_interval") != nullptr &&
        entry.value.find("ra_min_interval") == nullptr) {
      // RFC 4861 section 6.2.1: a third; what that would make shorter than 3 seconds is three quarters
      // (erratum 3154).
      const auto longest = lan.ra.max_interval.count();
      lan.ra.min_interval = seconds(longest >= 9 ? longest / 3 : longest * 3 / 4);
    }
    config_.lans.push_back(std::move(lan));
  }

  template <class T>
  void read_section(const Value& table, std::span<const Key<T>> keys, T& out, Where where,
                    std::size_t index, Position at = {}) {
    Section section{where, index, &table, at.line == 0 ? table.at : at, {}};
    for (const Entry& entry : table.table) {
      if (where == Where::kGlobal && is_table_name(entry.key)) continue;
      const auto key = std::find_if(keys.begin(), keys.end(), [&entry](const Key<T>& candidate) {
        return candidate.name == entry.key;
      });
      if (key == keys.end()) {
        std::vector<std::string_view> known;
        if (where == Where::kGlobal) known.assign(kTables.begin(), kTables.end());
        for (const Key<T>& one : keys) known.push_back(one.name);
        unknown(entry, known);
        continue;
      }
      Complaints complaints;
      key->read(entry.value, out, complaints);
      for (const Complaint& complaint : complaints) {
        error(complaint.at, cat("`", key->name, "`: ", complaint.text));
      }
      if (!complaints.empty()) section.wrong.push_back(key->name);
    }
    sections_.push_back(std::move(section));
  }

  void unknown(const Entry& entry, const std::vector<std::string_view>& known) {
    const bool is_table = entry.value.kind == Value::Kind::kTable;
    // A misspelt [lan.x] is no reason to say that there is no LAN.
    wrong_table_ = wrong_table_ || is_table;
    error(entry.at, cat("unknown ", is_table ? "table" : "key", " \"", printable(entry.key), "\"",
                        where_it_belongs(entry.key), suggestion(entry.key, known)));
  }

  static bool is_table_name(std::string_view name) {
    return std::find(kTables.begin(), kTables.end(), name) != kTables.end();
  }

  // In which other sections a key is known.
  static std::string where_it_belongs(std::string_view name) {
    std::string places;
    const auto look = [&](const auto& keys, std::string_view place) {
      if (std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; }))
        places += cat(places.empty() ? "; it belongs " : " or ", place);
    };
    if (is_table_name(name)) return "; write it as a [table] of its own";
    look(global_keys(), "above the first [table]");
    look(ula_keys(), "into [ula]");
    look(firewall_keys(), "into [firewall]");
    look(uplink_keys(), "into [uplink.NAME]");
    look(lan_keys(), "into [lan.NAME]");
    look(reservation_keys(), "into [[reservation]]");
    look(pinhole_keys(), "into [[pinhole]]");
    look(knock_keys(), "into [ipsec_knock]");
    return places;
  }

  void report(const Problem& problem) {
    if (problem.where == Where::kGlobal && problem.key.empty() && wrong_table_) return;
    for (const Section& section : sections_) {
      if (section.where != problem.where || section.index != problem.index) continue;
      if (std::find(section.wrong.begin(), section.wrong.end(), problem.key) !=
          section.wrong.end()) {
        return;
      }
      const Entry* entry = section.table->find(problem.key);
      const bool say_key = !problem.key.empty() && !problem.text.starts_with('`');
      add(entry != nullptr ? entry->value.at : section.at,
          say_key ? cat("`", problem.key, "`: ", problem.text) : problem.text, problem.is_error);
      return;
    }
    add({1, 1}, problem.text, problem.is_error);
  }

  ReadResult finish() {
    const auto by_place = [](const Diagnostic& a, const Diagnostic& b) {
      return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    };
    std::stable_sort(result_.errors.begin(), result_.errors.end(), by_place);
    std::stable_sort(result_.warnings.begin(), result_.warnings.end(), by_place);
    if (result_.errors.empty()) result_.config = std::move(config_);
    return std::move(result_);
  }

  std::string_view file_;
  Config config_;
  ReadResult result_;
  std::vector<Section> sections_;
  bool wrong_table_ = false;
};

}  // namespace

ReadResult build(const Value& root, std::string_view file) { return Builder(file).run(root); }

}  // namespace sixgate::conf
