// SPDX-License-Identifier: Apache-2.0
// A medium that remembers what is surely on it. While one stands, write(), fsync(), fdatasync(), rename() and the kernel's
// asynchronous fsync of the code under test are watched (the linker's --wrap), and after each of them whoever wants is told.
// It knows what a power cut at this moment may leave of a file: content that was not synced may be there, in part, or not; a
// rename may have happened or not until its directory was synced.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace sixgate::daemon {

class Medium {
 public:
  // Of the files in that directory, `on_step` after each step.
  Medium(std::string directory, std::function<void()> on_step);
  ~Medium();
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  // What may be there under that name after a power cut; none: no such file.
  std::set<std::optional<std::string>> after_power_cut(const std::string& path) const;
  int syncs() const { return syncs_; }
  int writes() const { return writes_; }

  // For the watched calls.
  static Medium* standing();
  void wrote();
  // What is synced is what was there when it was asked for.
  struct Asked {
    ino_t file = 0;
    bool directory = false;
    int number = 0;
    std::string content;
    std::map<std::string, ino_t> names;
  };
  std::optional<Asked> ask(int fd);  // none: not a file of ours
  void synced(const Asked& asked);
  void renamed();

 private:
  std::map<std::string, ino_t> names() const;
  std::string content(ino_t file) const;

  const std::string directory_;
  const std::function<void()> on_step_;
  std::map<ino_t, std::string> contents_;  // surely there
  std::map<std::string, ino_t> names_;     // surely so
  int asked_ = 0;
  std::map<ino_t, int> newest_;  // of what was asked for and is done
  int syncs_ = 0;
  int writes_ = 0;
  bool in_step_ = false;
  void step();
};

}  // namespace sixgate::daemon
