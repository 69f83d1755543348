# SPDX-License-Identifier: Apache-2.0
"""NetworkManager as a LAN host, a DHCPv6 client, and a router that shares what it was delegated."""
import os

from bus import Bus
from lab import LabFailure, require_tools, run

# Nothing of the machine is to change: not its host name, not its resolv.conf. There is no polkit here.
CONFIGURATION = """[main]
plugins=keyfile
no-auto-default=*
hostname-mode=none
auth-polkit=false
rc-manager=unmanaged
systemd-resolved=false
[keyfile]
path=/etc/NetworkManager/system-connections
[device]
managed=1
wifi.scan-rand-mac-address=no
"""
PROFILE = """[connection]
id=%(name)s
uuid=6b1f0b5c-0000-4000-8000-%(number)012d
type=ethernet
interface-name=%(name)s
autoconnect-retries=0
[ipv4]
method=disabled
[ipv6]
%(ipv6)s
"""
# Modified EUI-64, as the lab's other hosts have it: an address that does not depend on a secret of this run.
AUTO = "method=auto\naddr-gen-mode=eui64\nip6-privacy=0\n"
# The link's hosts get a /64 of what is delegated to this machine.
SHARED = "method=shared\n"


class NetworkManager:
    """NetworkManager in a namespace; `profiles` is {interface: lines of [ipv6]}."""

    def __init__(self, lab, namespace, profiles=None, name="nm"):
        require_tools("NetworkManager", "nmcli")
        self.lab, self.namespace, self.name = lab, namespace, name
        self.profiles = {"eth0": AUTO} if profiles is None else profiles
        self.process = self.directory = self.bus = None

    def start(self):
        if self.directory is None:
            self.directory = self.lab.fresh_directory("%s-%s" % (self.name, self.namespace.role))
        private = {"/sys": "ro"}  # then it does not wait for udev
        for path in ("/run", "/etc/NetworkManager", "/var/lib/NetworkManager"):
            if not os.path.isdir(path):
                raise LabFailure("NetworkManager is installed, but %s is not there" % path)
            private[path] = os.path.join(self.directory, path.replace("/", "-"))
            os.makedirs(private[path], exist_ok=True)
        self.run = private["/run"]
        connections = os.path.join(private["/etc/NetworkManager"], "system-connections")
        os.makedirs(connections, exist_ok=True)
        with open(os.path.join(private["/etc/NetworkManager"], "NetworkManager.conf"), "w") as file:
            file.write(CONFIGURATION)
        for number, (interface, ipv6) in enumerate(self.profiles.items()):
            path = os.path.join(connections, interface + ".nmconnection")
            with open(path, "w") as file:
                file.write(PROFILE % {"name": interface, "number": number, "ipv6": ipv6})
            os.chmod(path, 0o600)  # else it is ignored
        if self.bus is None:
            self.bus = Bus(self.lab, self.namespace, self.directory)
        self.process = self.namespace.start("%s-%s" % (self.name, self.namespace.role), [
            "NetworkManager", "--debug", "--log-level=DEBUG"], private=private, environment=self.bus.environment)
        self.process.wait_log("startup complete|manager: .*running", 20)
        return self

    def ask(self, *argv):
        """What nmcli answers."""
        return run(*self.bus.words(), "nmcli", *argv, check=False, timeout=15).stdout

    def dns(self, interface="eth0"):
        return self.ask("-e", "no", "-g", "IP6.DNS", "device", "show", interface).replace("|", " ").split()

    def search(self, interface="eth0"):
        return self.ask("-e", "no", "-g", "IP6.SEARCHES,IP6.DOMAIN", "device", "show", interface).replace("|", " ").split()

    def dhcp6(self, interface="eth0"):
        """The options that a DHCPv6 server told it, by its own names."""
        told = self.ask("-e", "no", "-g", "DHCP6.OPTION", "device", "show", interface)
        return dict(one.strip().split(" = ", 1) for one in told.split(" | ") if " = " in one)

    def resolv_conf(self):
        """What it would have as /etc/resolv.conf."""
        try:
            with open(os.path.join(self.run, "NetworkManager", "resolv.conf")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def stop(self):
        self.process.stop()
