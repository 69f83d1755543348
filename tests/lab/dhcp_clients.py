# SPDX-License-Identifier: Apache-2.0
"""DHCPv6 clients of hosts and routers behind a LAN, as Debian has them, and what stands between them and a server."""
import os
import re

from lab import LabFailure, require_tools
from peers import dibbler_directories, own_resolver


# As Debian's: what Duplicate Address Detection says is another's is declined.
SCRIPT = """#!/bin/sh
env > "%s/settings"
[ -n "$new_ip6_address" ] || exit 0
ip -6 address replace "$new_ip6_address/128" dev eth0
while :; do
    case "$(ip -6 -o address show dev eth0 to "$new_ip6_address")" in
        *dadfailed*) ip -6 address del "$new_ip6_address/128" dev eth0; exit 3 ;;
        *tentative*) sleep 0.1 ;;
        *) exit 0 ;;
    esac
done
"""


class Dhclient:
    """isc dhclient; `ask` is -N for an address, -P for a prefix, -S for settings alone. What it got is in its lease
    file, what settings it heard in `settings()`."""

    def __init__(self, lab, host, ask=("-N", "-P"), conf=""):
        require_tools("dhclient")
        self.lab, self.host, self.ask, self.conf, self.process = lab, host, ask, conf, None
        self.directory = lab.fresh_directory("dhclient-%s" % host.role)
        self.leases = os.path.join(self.directory, "leases")

    def start(self):
        script = os.path.join(self.directory, "script")
        with open(script + ".new", "w") as file:
            file.write(SCRIPT % self.directory)
        os.chmod(script + ".new", 0o755)
        os.replace(script + ".new", script)  # one that was killed may have left the old one running
        conf = os.path.join(self.directory, "conf")
        with open(conf, "w") as file:
            file.write("request dhcp6.name-servers, dhcp6.domain-search, dhcp6.fqdn;\n" + self.conf)
        self.host.link_local("eth0")  # all of these send from it, and end if it is tentative
        self.process = self.host.start("dhclient-%s" % self.host.role, [
            "dhclient", "-6", "-d", "-v", *self.ask, "-cf", conf, "-lf", self.leases, "-pf", os.path.join(self.directory, "pid"),
            "-sf", script, "eth0"])
        # With -S it has done what it was asked for when it has its answer.
        self.process.expected_to_live = "-S" not in self.ask
        return self

    def text(self):
        try:
            with open(self.leases) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def settings(self):
        """The variables of its script at the last event."""
        try:
            with open(os.path.join(self.directory, "settings"), errors="replace") as file:
                return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        except FileNotFoundError:
            return {}


class WideClient:
    """The WIDE client (dhcp6c); `ask`: "na" for an address, "pd" for a prefix, nothing for settings alone."""

    def __init__(self, lab, host, ask=("na", "pd"), rapid_commit=False):
        require_tools("dhcp6c")
        self.lab, self.host, self.ask, self.rapid_commit, self.process = lab, host, ask, rapid_commit, None
        self.directory = lab.fresh_directory("dhcp6c-%s" % host.role)

    def start(self):
        conf = os.path.join(self.directory, "conf")
        sends = "".join("send ia-%s 1; " % one for one in self.ask) or "information-only; "
        with open(conf, "w") as file:
            file.write("interface eth0 { %s%srequest domain-name-servers; };\n%s" % (
                sends, "send rapid-commit; " if self.rapid_commit else "",
                "".join("id-assoc %s 1 { };\n" % one for one in self.ask)))
        self.host.link_local("eth0")
        self.process = self.host.start("dhcp6c-%s" % self.host.role, [
            "dhcp6c", "-f", "-D", "-c", conf, "-p", os.path.join(self.directory, "pid"), "-k", "/dev/null", "eth0"],
            private={"/var/lib/dhcpv6": self.directory})
        return self


class DibblerClient:
    """dibbler-client with an address and a prefix; it takes Reconfigure."""

    def __init__(self, lab, host):
        require_tools("dibbler-client")
        self.lab, self.host, self.process = lab, host, None

    def start(self):
        directory = self.lab.fresh_directory("dibbler-client-%s" % self.host.role)
        private = own_resolver(directory) | dibbler_directories(directory)
        with open(os.path.join(private["/etc/dibbler"], "client.conf"), "w") as file:
            file.write("log-level 8\nlog-mode short\nduid-type duid-ll\nreconfigure-accept 1\n"
                       'iface "eth0" { ia\n pd\n option dns-server\n }\n')
        self.host.link_local("eth0")
        self.process = self.host.start("dibbler-%s" % self.host.role, ["dibbler-client", "run"], private=private)
        return self


class Dhcrelay:
    """isc dhcrelay between a link and the server that is heard on another."""

    def __init__(self, lab, namespace, lower, upper):
        require_tools("dhcrelay")
        self.process = namespace.start("dhcrelay-%s" % namespace.role, [
            "dhcrelay", "-6", "-d", "--no-pid", "-I", "-l", lower, "-u", upper])
        self.process.wait_log("Sending on")


class DibblerRelay:
    """dibbler-relay in the same place."""

    def __init__(self, lab, namespace, lower, upper):
        require_tools("dibbler-relay")
        # It listens above on one global address of those that there are when it starts, tentative or not.
        lab.until("%s has its addresses" % namespace, lambda: namespace.addresses(upper) and not any(
            one.get("tentative") for one in namespace.addresses(upper)), 15)
        private = dibbler_directories(lab.fresh_directory("dibbler-relay"))
        with open(os.path.join(private["/etc/dibbler"], "relay.conf"), "w") as file:
            file.write('log-level 8\nlog-mode short\niface "%s" { client multicast yes\n interface-id 5555\n }\n'
                       'iface "%s" { server multicast yes\n }\n' % (lower, upper))
        self.process = namespace.start("dibbler-relay-%s" % namespace.role, ["dibbler-relay", "run"], private=private)
        lab.until("dibbler-relay listens on UDP 547", lambda: ":547 " in namespace.run("ss", "-6", "-u", "-l", "-n").stdout)


def perfdhcp(host, *arguments, timeout=60):
    """Runs perfdhcp on eth0; {exchange: (sent, received)}, such as {"SOLICIT-ADVERTISE": (100, 100)}."""
    require_tools("perfdhcp")
    done = host.run("perfdhcp", "-6", "-g", "single", "-l", "eth0", *arguments, check=False, timeout=timeout)
    found = re.findall(r"Statistics for: ([A-Z-]+)\*\*\*\nsent packets: (\d+)\nreceived packets: (\d+)", done.stdout)
    if not found:
        raise LabFailure("perfdhcp: exit code %d: %s%s" % (done.returncode, done.stdout, done.stderr))
    return {name: (int(sent), int(received)) for name, sent, received in found}
