// SPDX-License-Identifier: Apache-2.0
// What stands in for toml_reader.cc where toml++ is too large: the command line is the configuration.
#include "conf/config.h"

#if !SIXGATE_WITH_TOML
namespace sixgate::conf {

ReadResult read_toml(std::string_view, std::string_view file) {
  ReadResult result;
  result.errors.push_back({std::string(file), 1, 1,
                           "this build reads no TOML files; configure it on the command line"});
  return result;
}

}  // namespace sixgate::conf
#endif
