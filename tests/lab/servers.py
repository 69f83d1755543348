# SPDX-License-Identifier: Apache-2.0
"""DHCPv6 servers of ISPs that have prefixes of several lengths, and each its own idea of who gets which."""
import os

from lab import ACCESS, CORE, require_tools
from peers import Kea, unconfined


class PooledKea(Kea):
    """Kea with several pools: [(prefix, delegated length), ...]."""

    def __init__(self, lab, pools, **more):
        super().__init__(lab, **more)
        self.pools = pools

    def configuration(self):
        whole = super().configuration()
        whole["Dhcp6"]["subnet6"][0]["pd-pools"] = [
            {"prefix": prefix.split("/")[0], "prefix-len": int(prefix.split("/")[1]), "delegated-len": length}
            for prefix, length in self.pools]
        return whole


class ModalDhcpd:
    """isc-dhcp-server with a pool of /64s, one of /56s, and a prefix-length-mode."""

    def __init__(self, lab, mode):
        require_tools("dhcpd")
        self.lab, self.mode, self.process = lab, mode, None

    def start(self):
        directory = self.lab.fresh_directory("dhcpd")
        config, leases = os.path.join(directory, "dhcpd6.conf"), os.path.join(directory, "leases")
        with open(config, "w") as file:
            file.write("default-lease-time 6000; preferred-lifetime 3000; option dhcp-renewal-time 1000;\n"
                       "option dhcp-rebinding-time 2000; authoritative; prefix-length-mode %s;\n"
                       "subnet6 %s {\n  prefix6 2001:db8:4000:: 2001:db8:4000:fff:: /64;\n"
                       "  prefix6 2001:db8:5000:: 2001:db8:5000:ff00:: /56;\n}\n" % (self.mode, ACCESS))
        open(leases, "w").close()
        self.lab.isp.link_local("isp0")
        self.process = self.lab.isp.start("dhcpd-" + self.mode, [
            unconfined(self.lab, "dhcpd"), "-6", "-f", "-d", "-cf", config, "-lf", leases, "--no-pid", "isp0"])
        self.process.wait_log("Server starting service|Sending on   Socket")
        return self

    def stop(self):
        self.process.kill()


class PooledWide:
    """wide-dhcpv6-server with a /56 and a /48 for the client with this DUID."""

    def __init__(self, lab, duid):
        require_tools("dhcp6s")
        self.lab, self.duid, self.process = lab, duid, None

    def start(self):
        directory = self.lab.fresh_directory("wide")
        config = os.path.join(directory, "dhcp6s.conf")
        with open(config, "w") as file:
            file.write("option domain-name-servers %s;\nhost house {\n  duid %s;\n  prefix 2001:db8:3000::/48 3000 6000;\n"
                       "  prefix 2001:db8:3100::/56 3000 6000;\n};\n" % (
                           CORE, ":".join(self.duid[at:at + 2] for at in range(0, len(self.duid), 2))))
        os.makedirs(os.path.join(directory, "lib"))
        self.lab.isp.link_local("isp0")
        self.process = self.lab.isp.start("wide", ["dhcp6s", "-f", "-D", "-c", config, "-P", directory + "/pid", "-k",
                                                   "/dev/null", "isp0"],
                                          private={"/var/lib/dhcpv6": os.path.join(directory, "lib")})
        self.lab.until("dhcp6s listens on UDP 547", lambda: ":547 " in self.lab.isp.run(
            "ss", "-6", "-u", "-l", "-n").stdout)
        return self

    def stop(self):
        self.process.kill()
