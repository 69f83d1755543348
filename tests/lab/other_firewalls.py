# SPDX-License-Identifier: Apache-2.0
"""Firewalls of others in the router's namespace, as Debian has them: each has its own copy of its configuration, and
a D-Bus where it wants one."""
import json
import os
import shutil

from bus import Bus
from lab import LabFailure, require_tools, run


def own_copy(lab, name, paths):
    """{path: our copy of it} of what a program reads and writes, with an empty /run."""
    directory, private = lab.fresh_directory(name), {}
    for path in paths:
        if not os.path.exists(path):
            raise LabFailure("%s is installed, but %s is not there" % (name, path))
        private[path] = os.path.join(directory, path.strip("/").replace("/", "-"))
        (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, private[path])
    private["/run"] = os.path.join(directory, "run")
    os.makedirs(private["/run"])
    return private


# Where a program sees this, ip6tables is the legacy one for it.
LEGACY = {"/usr/sbin/xtables-nft-multi": "/usr/sbin/xtables-legacy-multi"}


def variant(backend):
    """Of "nft", "ip6tables" or "ip6tables-legacy": its name in sixgate.toml, and what sixgated is to see for it."""
    return ("ip6tables", LEGACY) if backend == "ip6tables-legacy" else (backend, None)


class Ufw:
    """ufw; it is no daemon, and loads its rules with iptables-restore and ip6tables-restore."""

    def __init__(self, lab, namespace, legacy=False):
        require_tools("ufw", "ip6tables-restore", "ip6tables-legacy")
        self.namespace = namespace
        self.private = {**own_copy(lab, "ufw", ("/etc/ufw", "/etc/default/ufw")), **(LEGACY if legacy else {})}

    def __call__(self, *argv):
        # It starts iptables dozens of times.
        return run(*self.namespace.command(["ufw", *argv], self.private), timeout=120).stdout

    def first(self, *rules):
        """Puts rules of /etc/ufw/before6.rules before those that are there."""
        path = os.path.join(self.private["/etc/ufw"], "before6.rules")
        with open(path) as file:
            head, mark, rest = file.read().partition("# End required lines\n")
        if not mark:
            raise LabFailure("%s is not as it was known" % path)
        with open(path, "w") as file:
            file.write(head + mark + "".join(rule + "\n" for rule in rules) + rest)


class Firewalld:
    """firewalld with its nftables backend, which is its default."""

    def __init__(self, lab, namespace):
        require_tools("firewalld", "firewall-cmd")
        self.lab, self.namespace, self.process = lab, namespace, None
        self.private = own_copy(lab, "firewalld", ("/etc/firewalld",))
        self.bus = Bus(lab, namespace, os.path.dirname(self.private["/run"]))

    def start(self):
        self.process = self.namespace.start("firewalld", ["firewalld", "--nofork", "--nopid", "--log-target", "console"],
                                            private=self.private, environment=self.bus.environment)
        self.lab.until("firewalld runs", lambda: self.command("--state", check=False) == "running\n", 60)
        return self

    def command(self, *argv, check=True):
        return run(*self.bus.words(), "firewall-cmd", *argv, check=check, timeout=120).stdout

    def stop(self):
        """It takes its rules away."""
        self.process.stop()


class Dockerd:
    """Docker's daemon and its containerd with IPv6 on its bridge, docker0; there are no containers."""

    NETWORK, BRIDGE = "fd00:d0c::/64", "fd00:d0c::1"

    def __init__(self, lab, namespace):
        require_tools("dockerd", "containerd", "ip6tables")
        self.lab, self.namespace, self.process = lab, namespace, None
        self.directory = lab.fresh_directory("docker")

    def start(self):
        at = {name: os.path.join(self.directory, name) for name in ("run", "exec", "data", "pid", "sock", "daemon.json")}
        os.makedirs(at["run"], exist_ok=True)
        with open(at["daemon.json"], "w") as file:
            json.dump({"ipv6": True, "ip6tables": True, "experimental": True, "fixed-cidr-v6": self.NETWORK,
                       "exec-root": at["exec"], "data-root": at["data"], "pidfile": at["pid"],
                       "hosts": ["unix://" + at["sock"]], "storage-driver": "vfs", "userland-proxy": False}, file)
        # It wants to see cgroups, which the namespace's own /sys does not show; without containers it makes none.
        self.process = self.namespace.start("dockerd", [
            "sh", "-c", 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec dockerd --config-file "$1"', "sh", at["daemon.json"]],
            private={"/run": at["run"]})
        self.process.wait_log("API listen on", 40)
        return self

    def stop(self):
        """Its rules stay."""
        self.process.stop(timeout=20)
