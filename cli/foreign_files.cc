// SPDX-License-Identifier: Apache-2.0
#include "cli/foreign_files.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include <algorithm>

#include "daemon/io/file.h"
#include "net/text.h"

namespace sixgate::cli {
namespace {

using daemon::ForeignIdentities;
using daemon::ForeignIdentity;

constexpr std::size_t kLargestFile = 4 << 20;  // a dhclient log of leases may be long

std::span<const std::uint8_t> octets_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// One client's search.
class Looking {
 public:
  Looking(ForeignClient client, const Search& search, SearchResult& result)
      : client_(client), search_(search), result_(result) {}

  void look() {
    switch (client_) {
      case ForeignClient::kOdhcp6c:
        return odhcp6c();
      case ForeignClient::kDhcpcd:
        return dhcpcd();
      case ForeignClient::kWide:
        return wide();
      case ForeignClient::kDhclient:
        return dhclient();
      case ForeignClient::kNetworkd:
        return networkd();
    }
  }

 private:
  bool given() const { return !search_.files.empty(); }
  std::string at(std::string_view path) const { return cat(search_.root, path); }
  bool is_ours(const ForeignIdentity& identity) const {
    return identity.interface.empty() || identity.interface == search_.interface;
  }

  // A file that is there; one that was named must be.
  std::optional<std::string> read(const std::string& path) {
    auto text = daemon::read_file(path, kLargestFile);
    if (text) return std::move(*text);
    const int code = text.error().code;
    if (!given() && (code == ENOENT || code == ENOTDIR)) return std::nullopt;
    result_.problems.push_back(text.error().message);
    result_.forbidden = result_.forbidden || code == EACCES || code == EPERM;
    return std::nullopt;
  }

  // The names in a directory that `wanted` likes, in order.
  template <class Wanted>
  std::vector<std::string> names(const std::string& directory, Wanted wanted) {
    std::vector<std::string> found;
    DIR* const open = ::opendir(directory.c_str());
    if (open == nullptr) return found;
    while (const dirent* entry = ::readdir(open)) {
      if (wanted(std::string_view(entry->d_name)))
        found.push_back(cat(directory, '/', entry->d_name));
    }
    ::closedir(open);
    std::sort(found.begin(), found.end());
    return found;
  }

  // What the kernel says of the interface; of a root that is a copy of another machine, nothing.
  std::string attribute(std::string_view name) {
    const auto text =
        daemon::read_file(cat(search_.root, "/sys/class/net/", search_.interface, '/', name), 4096);
    const auto here =
        text ? text : daemon::read_file(cat("/sys/class/net/", search_.interface, '/', name), 4096);
    return here ? here->substr(0, here->find('\n')) : std::string();
  }
  std::optional<MacAddress> mac() { return MacAddress::parse(attribute("address")); }

  void add(std::vector<std::string> files, ForeignIdentity identity) {
    result_.found.push_back({client_, std::move(files), std::move(identity)});
  }

  void odhcp6c() {
    for (const std::string& path :
         given() ? search_.files : std::vector{at("/etc/config/network")}) {
      const auto text = read(path);
      if (!text) continue;
      for (ForeignIdentity& one : daemon::read_openwrt_network(*text)) {
        if (!is_ours(one)) continue;
        if (one.interface.empty()) {
          one.interface = search_.interface;
          one.address_iaid = daemon::odhcp6c_address_iaid(search_.interface);
        }
        const auto address = one.duid ? std::nullopt : mac();
        if (address) {
          one.duid = dhcp6::Duid::ll(*address);
          one.remarks.push_back(cat("no DUID is configured: odhcp6c makes one of the MAC address ",
                                    address->to_string()));
        }
        add({path}, std::move(one));
      }
    }
  }

  void dhcpcd() {
    std::vector<std::string> duids, leases, configurations;
    if (given()) {
      for (const std::string& path : search_.files) {
        const std::string name = name_of(path);
        (name.ends_with(".lease6") ? leases
         : name.ends_with(".conf") ? configurations
                                   : duids)
            .push_back(path);
      }
    } else {
      for (const std::string_view directory : {"/var/lib/dhcpcd", "/var/db/dhcpcd"}) {
        duids.push_back(at(cat(directory, "/duid")));
        leases.push_back(at(cat(directory, '/', search_.interface, ".lease6")));
      }
      duids.push_back(at("/etc/dhcpcd.duid"));  // before dhcpcd 9
      configurations.push_back(at("/etc/dhcpcd.conf"));
    }
    std::vector<std::string> files;
    ForeignIdentity all;
    for (const std::string& path : leases) {
      const auto text = read(path);
      auto lease = text ? daemon::read_dhcpcd_lease(octets_of(*text)) : std::nullopt;
      if (!lease) {
        if (text) result_.problems.push_back(cat(path, ": not a DHCPv6 Reply"));
        continue;
      }
      // dhcpcd holds a lease from the time its file was written.
      struct stat status {};
      if (::stat(path.c_str(), &status) == 0) {
        for (daemon::ForeignLease& one : lease->leases) one.since = status.st_mtime;
      }
      files.push_back(path);
      all = std::move(*lease);
      break;
    }
    for (const std::string& path : duids) {
      const auto text = read(path);
      const auto duid = text ? daemon::read_dhcpcd_duid(*text) : std::nullopt;
      if (!duid) {
        if (text) result_.problems.push_back(cat(path, ": not a DUID"));
        continue;
      }
      // A Reply echoes what was used; the file is what will be used.
      if (all.duid && all.duid != duid) all.leases.clear();
      all.duid = duid;
      files.push_back(path);
      break;
    }
    if (files.empty()) return;
    for (const std::string& path : configurations) {
      const auto text = read(path);
      if (!text || (all.address_iaid && all.delegation_iaid)) continue;
      const ForeignIdentity said =
          daemon::read_dhcpcd_configuration(*text, search_.interface, mac());
      if (!all.address_iaid) all.address_iaid = said.address_iaid;
      if (!all.delegation_iaid) all.delegation_iaid = said.delegation_iaid;
      files.push_back(path);
    }
    all.interface = search_.interface;
    add(std::move(files), std::move(all));
  }

  void wide() {
    std::vector<std::string> duids, configurations;
    if (given()) {
      for (const std::string& path : search_.files) {
        (name_of(path).ends_with(".conf") ? configurations : duids).push_back(path);
      }
    } else {
      duids = {at("/var/lib/dhcpv6/dhcp6c_duid"), at("/var/db/dhcp6c_duid")};
      configurations = {at("/etc/wide-dhcpv6/dhcp6c.conf"), at("/etc/dhcp6c.conf")};
    }
    std::vector<std::string> files;
    ForeignIdentity all;
    for (const std::string& path : duids) {
      const auto text = read(path);
      if (!text || all.duid) continue;
      all.duid = daemon::read_wide_duid(octets_of(*text));
      if (all.duid) {
        files.push_back(path);
      } else {
        result_.problems.push_back(cat(path, ": not a DUID as wide-dhcpv6 writes it"));
      }
    }
    for (const std::string& path : configurations) {
      const auto text = read(path);
      if (!text || all.delegation_iaid || all.address_iaid) continue;
      for (const ForeignIdentity& one : daemon::read_wide_configuration(*text)) {
        if (one.interface != search_.interface) continue;
        all.address_iaid = one.address_iaid;
        all.delegation_iaid = one.delegation_iaid;
        files.push_back(path);
        break;
      }
    }
    if (!all.duid) return;
    all.interface = search_.interface;
    all.remarks.push_back("wide-dhcpv6 writes no prefix to a file: the server is asked for it");
    add(std::move(files), std::move(all));
  }

  void dhclient() {
    std::vector<std::string> paths = search_.files;
    if (!given()) {
      paths = names(at("/var/lib/dhcp"), [&](std::string_view name) {
        return name == "dhclient6.leases" ||
               name == cat("dhclient6.", search_.interface, ".leases");
      });
      const auto managed = names(at("/var/lib/NetworkManager"), [&](std::string_view name) {
        return name.starts_with("dhclient6-") &&
               name.ends_with(cat('-', search_.interface, ".lease"));
      });
      paths.insert(paths.end(), managed.begin(), managed.end());
    }
    for (const std::string& path : paths) {
      const auto text = read(path);
      if (!text) continue;
      for (ForeignIdentity& one : daemon::read_dhclient_leases(*text)) {
        if (is_ours(one)) add({path}, std::move(one));
      }
    }
  }

  void networkd() {
    std::string link, machine_id, udev;
    if (given()) {
      for (const std::string& path : search_.files) {
        (name_of(path) == "machine-id" ? machine_id : link) = path;
      }
    } else if (const std::string index = attribute("ifindex"); !index.empty()) {
      link = at(cat("/run/systemd/netif/links/", index));
      udev = at(cat("/run/udev/data/n", index));
      machine_id = at("/etc/machine-id");
    }
    if (!link.empty()) {
      const auto text = read(link);
      auto identity = text ? daemon::read_networkd_link(*text) : std::nullopt;
      if (identity) {
        identity->interface = search_.interface;
        return add({link}, std::move(*identity));
      }
    }
    if (machine_id.empty() || !(given() || search_.compute)) return;
    const auto text = read(machine_id);
    const auto id = text ? daemon::read_machine_id(*text) : std::nullopt;
    if (!id) return;
    const auto record = udev.empty() ? std::nullopt : read(udev);
    ForeignIdentity made = daemon::compute_networkd_identity(
        *id, record ? daemon::read_udev_persistent_name(*record) : std::string(), mac());
    made.interface = search_.interface;
    made.remarks.push_back(
        "computed as networkd does where DUIDType= and IAID= are not configured: its own record of "
        "the link "
        "is gone");
    add({machine_id}, std::move(made));
  }

  ForeignClient client_;
  const Search& search_;
  SearchResult& result_;
};

}  // namespace

std::string_view to_string(ForeignClient client) {
  switch (client) {
    case ForeignClient::kOdhcp6c:
      return "odhcp6c";
    case ForeignClient::kDhcpcd:
      return "dhcpcd";
    case ForeignClient::kWide:
      return "wide";
    case ForeignClient::kDhclient:
      return "dhclient";
    case ForeignClient::kNetworkd:
      return "networkd";
  }
  return "";
}

std::optional<ForeignClient> parse_foreign_client(std::string_view text) {
  const auto found = std::find_if(kForeignClients.begin(), kForeignClients.end(),
                                  [&](ForeignClient one) { return to_string(one) == text; });
  return found == kForeignClients.end() ? std::nullopt : std::optional(*found);
}

SearchResult search_identities(ForeignClient client, const Search& search) {
  SearchResult result;
  Looking(client, search, result).look();
  return result;
}

}  // namespace sixgate::cli
