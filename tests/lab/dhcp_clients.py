# SPDX-License-Identifier: Apache-2.0
"""DHCPv6 clients of hosts and routers behind a LAN, as Debian has them."""
import os

from lab import require_tools


class Dhclient:
    """isc dhclient with an address and a prefix. What it got is in its lease file."""

    def __init__(self, lab, host):
        require_tools("dhclient")
        self.lab, self.host, self.process = lab, host, None
        self.directory = lab.fresh_directory("dhclient-%s" % host.role)
        self.leases = os.path.join(self.directory, "leases")

    def start(self):
        script = os.path.join(self.directory, "script")
        with open(script, "w") as file:
            file.write('#!/bin/sh\n[ -n "$new_ip6_address" ] && ip -6 address replace "$new_ip6_address/128" dev eth0\n'
                       "exit 0\n")
        os.chmod(script, 0o755)
        self.process = self.host.start("dhclient-%s" % self.host.role, [
            "dhclient", "-6", "-d", "-v", "-N", "-P", "-lf", self.leases, "-pf", os.path.join(self.directory, "pid"),
            "-sf", script, "eth0"])
        return self

    def text(self):
        try:
            with open(self.leases) as file:
                return file.read()
        except FileNotFoundError:
            return ""


class WideClient:
    """The WIDE client (dhcp6c) with an address and a prefix."""

    def __init__(self, lab, host):
        require_tools("dhcp6c")
        self.lab, self.host, self.process = lab, host, None
        self.directory = lab.fresh_directory("dhcp6c-%s" % host.role)

    def start(self):
        conf = os.path.join(self.directory, "conf")
        with open(conf, "w") as file:
            file.write("interface eth0 { send ia-na 1; send ia-pd 1; request domain-name-servers; };\n"
                       "id-assoc na 1 { };\nid-assoc pd 1 { };\n")
        self.process = self.host.start("dhcp6c-%s" % self.host.role, [
            "dhcp6c", "-f", "-D", "-c", conf, "-p", os.path.join(self.directory, "pid"), "-k", "/dev/null", "eth0"],
            private={"/var/lib/dhcpv6": self.directory})
        return self
