// SPDX-License-Identifier: Apache-2.0
#include "daemon/io/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/io/clock.h"
#include "net/text.h"

namespace sixgate::daemon {
namespace {

struct Kept {
  unsigned number;
  const char* name;
};
constexpr std::array<Kept, 3> kKept{{{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                     {CAP_NET_RAW, "CAP_NET_RAW"},
                                     {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"}}};

constexpr std::uint32_t bit(unsigned capability) { return std::uint32_t{1} << capability; }

std::uint32_t kept_bits() {
  std::uint32_t bits = 0;
  for (const Kept& kept : kKept) bits |= bit(kept.number);
  return bits;
}

bool is_kept(unsigned long capability) {
  for (const Kept& kept : kKept) {
    if (kept.number == capability) return true;
  }
  return false;
}

Unexpected<Error> failed(std::string_view doing, const Account& account) {
  const int code = errno;
  return fail(cat("cannot become user ", account.name, ": ", doing, ": ", error_text(code)));
}

static_assert(kSocketCapabilities == std::array<unsigned, 2>{CAP_NET_RAW, CAP_NET_BIND_SERVICE});

}  // namespace

Expected<Account> find_account(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  const int code = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return fail(cat("user ", printable(name), ": ",
                    code == 0 ? std::string("no such user") : error_text(code)));
  }
  return Account{name, entry.pw_uid, entry.pw_gid};
}

Expected<Done> become(const Account& account) {
  // The bounding set while CAP_SETPCAP is still there: nothing started later can get the rest back.
  for (unsigned long capability = 0; capability < 64; ++capability) {
    if (is_kept(capability) || ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return failed("bounding set", account);
  }
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failed("keeping capabilities", account);
  if (::initgroups(account.name.c_str(), account.gid) != 0) return failed("groups", account);
  if (::setresgid(account.gid, account.gid, account.gid) != 0) return failed("group", account);
  if (::setresuid(account.uid, account.uid, account.uid) != 0) return failed("user", account);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  data[0] = {kept_bits(), kept_bits(), kept_bits()};
  if (::syscall(SYS_capset, &header, data.data()) != 0) return failed("capabilities", account);
  for (const Kept& kept : kKept) {
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, static_cast<unsigned long>(kept.number), 0,
                0) != 0) {
      return failed("ambient capabilities", account);
    }
  }
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return failed("keeping capabilities", account);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs", account);
  return Done{};
}

std::string missing_capabilities(std::span<const unsigned> needed) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return {};
  std::string missing;
  for (const Kept& kept : kKept) {
    const bool wanted = std::find(needed.begin(), needed.end(), kept.number) != needed.end();
    if (!wanted || (data[0].effective & bit(kept.number)) != 0) continue;
    if (!missing.empty()) missing += ", ";
    missing += kept.name;
  }
  return missing;
}

std::string missing_capabilities() {
  constexpr std::array<unsigned, 3> kAll{CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BIND_SERVICE};
  return missing_capabilities(kAll);
}

}  // namespace sixgate::daemon
