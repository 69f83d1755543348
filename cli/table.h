// SPDX-License-Identifier: Apache-2.0
// Table: rows whose columns line up; the last cell of a row is as long as it likes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sixgate::cli {

class Table {
 public:
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  void print(std::string& out, std::string_view indent) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sixgate::cli
