# SPDX-License-Identifier: Apache-2.0
"""Other people's DHCPv6 clients in the cpe's place, started as their users start them, and what they leave behind.

Each has start(), stop() (without a release, as a person who changes to another client should), and `root`: a
directory that looks like the file system the client wrote to, for `sixgate import-identity --root`.
"""
import os

from lab import LabFailure, require_tools
from peers import Networkd


class Client:
    """What they have in common: a private root, and a process."""

    def __init__(self, lab, interface="wan0"):
        self.lab, self.interface, self.process = lab, interface, None
        self.root = lab.fresh_directory(type(self).__name__.lower() + "-root")

    def directory(self, path):
        """A directory of the private root."""
        whole = self.root + path
        os.makedirs(whole, exist_ok=True)
        return whole

    def write(self, path, text, mode=0o644):
        whole = self.root + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w") as file:
            file.write(text)
        os.chmod(whole, mode)
        return whole

    def run(self, argv, private=None, **more):
        self.process = self.lab.cpe.start(type(self).__name__.lower(), argv, private=private, **more)
        return self

    def stop(self):
        self.process.stop()


class Dhcpcd(Client):
    def start(self):
        require_tools("dhcpcd")
        if not os.path.isdir("/var/lib/dhcpcd"):
            raise LabFailure("dhcpcd is installed, but /var/lib/dhcpcd is not there")
        conf = self.write("/etc/dhcpcd.conf", "duid\nipv6only\nnoipv6rs\nnohook resolv.conf\nscript /bin/true\n"
                          "interface %s\n  ia_na 1\n  ia_pd 2/::/56 lan1/1/64\n" % self.interface)
        return self.run(["dhcpcd", "-B", "-d", "-f", conf, self.interface], private={
            "/run": self.directory("/run"), "/var/lib/dhcpcd": self.directory("/var/lib/dhcpcd")})


class Dhclient(Client):
    def start(self):
        require_tools("dhclient")
        script = self.write("/script", "#!/bin/sh\nexit 0\n", 0o755)
        leases = os.path.join(self.directory("/var/lib/dhcp"), "dhclient6.leases")
        self.lab.cpe.link_local(self.interface)  # it binds to this address, and fails while DAD is going on
        return self.run(["dhclient", "-6", "-d", "-v", "-N", "-P", "--prefix-len-hint", "56", "-lf", leases,
                         "-pf", self.root + "/pid", "-sf", script, "-cf", "/dev/null", self.interface])


class Wide(Client):
    def start(self):
        require_tools("dhcp6c")
        conf = self.write("/etc/wide-dhcpv6/dhcp6c.conf",
                          "interface %s { send ia-na 7; send ia-pd 3; };\nid-assoc na 7 { };\n"
                          "id-assoc pd 3 { prefix-interface lan1 { sla-len 8; sla-id 1; }; };\n" % self.interface)
        return self.run(["dhcp6c", "-f", "-D", "-c", conf, "-p", self.root + "/pid", "-k", "/dev/null", self.interface],
                        private={"/var/lib/dhcpv6": self.directory("/var/lib/dhcpv6")})

    def stop(self):
        self.process.kill()  # in peace it would release its lease


class NetworkdClient(Client):
    """systemd-networkd; its files of /run are taken along, /etc/machine-id is the machine's."""

    def start(self):
        self.peer = Networkd(self.lab, self.lab.cpe, {
            "wan.network": "[Match]\nName=%s\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=no\n[DHCPv6]\nWithoutRA=solicit\n"
                           "PrefixDelegationHint=::/56\n" % self.interface}, name="networkd-client").start()
        self.process = self.peer.process
        self.directory("/etc")
        machine_id = self.peer.private.get("/etc/machine-id", "/etc/machine-id")
        with open(machine_id) as file:
            self.write("/etc/machine-id", file.read())
        os.symlink(self.peer.run, self.root + "/run")
        return self
