# SPDX-License-Identifier: Apache-2.0
"""The parts of the house: the ISP's servers, the hosts, and the router under test.

Each class has start(), which returns when the peer is seen to be ready (a log line, a socket, the kernel's
state), and stop(). Peers that write to /etc, /run or /var/lib get private ones: nothing of the machine is touched.
"""
import ipaddress
import json
import os
import pwd
import re
import shutil
import signal
import threading

from lab import ACCESS, CORE, OTHER_POOL, POOL, SLOW, LabFailure, require_tools, run


def unconfined(lab, program):
    """The path of a copy of a program. Debian's AppArmor profiles let servers such as Kea read and write in their own
    directories only, and go by the program's path; the lab's servers have theirs elsewhere."""
    require_tools(program)
    copy = os.path.join(lab.directory, program)
    if not os.path.exists(copy):
        shutil.copy(shutil.which(program), copy)
        lab.finishers.append(lambda: os.unlink(copy))
    return copy


def own_resolver(directory):
    """As Namespace.command has it: a program that writes the machine's resolvers down writes to a file of ours."""
    path = os.path.join(directory, "resolv.conf")
    open(path, "w").close()
    return {"/etc/resolv.conf": path}


class RouteSnooper:
    """Routes what the ISP's server delegates, as an access node does that reads the Replies passing by (RFC 8987).

    The route towards the customer exists exactly while the server's last word says so: an address is reachable
    from outside only when it was really leased, which keeps the renumbering scenarios honest.
    """

    def __init__(self, lab, namespace, interface, wire):
        self.lab, self.namespace, self.interface, self.wire = lab, namespace, interface, wire
        self.routes = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        lab.finishers.append(self.close)

    def _work(self):
        seen = 0
        while not self._stop.is_set():
            packets = self.wire._packets
            while seen < len(packets):
                message = packets[seen].dhcp
                seen += 1
                if message is not None and message.name == "Reply" and packets[seen - 1].outgoing:
                    for prefix, _, valid in message.delegated():
                        self._set(prefix, message.destination if valid else None)
            self._stop.wait(0.005 * SLOW)

    def _set(self, prefix, via):
        with self._lock:
            if via and self.routes.get(prefix) != via:
                self.namespace.ip("-6", "route", "replace", prefix, "via", via, "dev", self.interface)
                self.routes[prefix] = via
            elif not via and prefix in self.routes:
                self.namespace.ip("-6", "route", "del", prefix, check=False)
                del self.routes[prefix]

    def forget(self):
        """What happens to an access node that reboots together with its server."""
        for prefix in list(self.routes):
            self._set(prefix, None)

    def close(self):
        self._stop.set()
        self._thread.join(2)


class Kea:
    """Kea as the ISP's DHCPv6 server: IA_NA and IA_PD."""

    def __init__(self, lab, namespace=None, interface="isp0", pool=POOL, length=56, preferred=3000, valid=6000,
                 renew=1000, rebind=2000, addresses=True, prefixes=True, dns=CORE, rapid_commit=False, name="kea",
                 access=ACCESS, options=(), excluded=None, more_pools=(), preference=None):
        """`more_pools`: further (pool, delegated length) beside the first one."""
        require_tools("kea-dhcp6")
        self.more_pools, self.preference = more_pools, preference
        self.excluded = excluded  # a prefix of the pool that the ISP keeps for the access link (RFC 6603)
        self.lab, self.namespace, self.interface = lab, namespace or lab.isp, interface
        self.pool, self.length, self.preferred, self.valid = pool, length, preferred, valid
        self.renew, self.rebind, self.addresses, self.prefixes = renew, rebind, addresses, prefixes
        self.dns, self.rapid_commit, self.name, self.access, self.options = dns, rapid_commit, name, access, options
        self.directory = self.process = None

    def configuration(self):
        access = ipaddress.IPv6Network(self.access)
        pools = [{"pool": "%s - %s" % (access[0x10000], access[0x1ffff])}] if self.addresses else []
        delegations = []
        if self.prefixes:
            pool = ipaddress.IPv6Network(self.pool)
            delegations = [{"prefix": str(pool.network_address), "prefix-len": pool.prefixlen,
                            "delegated-len": self.length}]
            if self.excluded:
                kept = ipaddress.IPv6Network(self.excluded)
                delegations[0].update({"excluded-prefix": str(kept.network_address),
                                       "excluded-prefix-len": kept.prefixlen})
            for more, length in self.more_pools:
                pool = ipaddress.IPv6Network(more)
                delegations.append({"prefix": str(pool.network_address), "prefix-len": pool.prefixlen,
                                    "delegated-len": length})
        data = [{"name": "dns-servers", "data": self.dns}] if self.dns else []
        if self.preference is not None:
            data.append({"name": "preference", "data": str(self.preference), "always-send": True})
        data += [{"name": name, "data": value} if isinstance(name, str)
                 else {"code": name, "csv-format": False, "data": value.replace(":", "")}  # raw, in hexadecimal
                 for name, value in self.options]
        return {"Dhcp6": {
            "data-directory": self.directory,
            "interfaces-config": {"interfaces": [self.interface], "service-sockets-max-retries": 50,
                                  "service-sockets-retry-wait-time": 100},
            "lease-database": {"type": "memfile", "persist": True, "name": self.directory + "/leases6.csv",
                               "lfc-interval": 0},
            "preferred-lifetime": self.preferred, "valid-lifetime": self.valid,
            "renew-timer": self.renew, "rebind-timer": self.rebind,
            "multi-threading": {"enable-multi-threading": False},
            "option-data": data,
            "subnet6": [{"subnet": self.access, "interface": self.interface, "rapid-commit": self.rapid_commit,
                         "pools": pools, "pd-pools": delegations}],
            "loggers": [{"name": "kea-dhcp6", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}}

    def start(self, fresh=True):
        """`fresh`: a server that remembers no lease, not even its own DUID."""
        if fresh or self.directory is None:
            self.directory = self.lab.fresh_directory(self.name)
        self.namespace.link_local(self.interface)
        config = os.path.join(self.directory, "kea.json")
        with open(config, "w") as file:
            json.dump(self.configuration(), file, indent=1)
        self.process = self.namespace.start(self.name, [unconfined(self.lab, "kea-dhcp6"), "-c", config], environment={
            "KEA_PIDFILE_DIR": self.directory, "KEA_LOCKFILE_DIR": self.directory,
            "KEA_LOGGER_DESTINATION": self.directory + "/boot.log"})
        self.process.wait_log("DHCP6_STARTED")
        return self

    def stop(self):
        self.process.kill()

    def renumber(self, pool=OTHER_POOL, snooper=None):
        """Flash renumbering: the server comes back with another pool and no memory (RFC 8978 section 2)."""
        self.stop()
        self.pool = pool
        if snooper:
            snooper.forget()
        return self.start(fresh=True)


class Dhcpd:
    """isc-dhcp-server as the ISP. `more`: further declarations."""

    def __init__(self, lab, pool=POOL, length=56, preferred=3000, valid=6000, renew=1000, rebind=2000, more=""):
        require_tools("dhcpd")
        self.more = more
        self.lab, self.pool, self.length = lab, ipaddress.IPv6Network(pool), length
        self.preferred, self.valid, self.renew, self.rebind = preferred, valid, renew, rebind
        self.process = None

    def start(self):
        directory = self.lab.fresh_directory("dhcpd")
        access = ipaddress.IPv6Network(ACCESS)
        last = ipaddress.IPv6Address(int(self.pool.broadcast_address) >> (128 - self.length) << (128 - self.length))
        config = os.path.join(directory, "dhcpd6.conf")
        with open(config, "w") as file:
            file.write("""default-lease-time %d; preferred-lifetime %d;
option dhcp-renewal-time %d; option dhcp-rebinding-time %d;
option dhcp6.name-servers %s;
authoritative;
subnet6 %s {
  range6 %s %s;
  prefix6 %s %s /%d;
}
%s""" % (self.valid, self.preferred, self.renew, self.rebind, CORE, ACCESS, access[0x10000], access[0x1ffff],
                self.pool.network_address, last, self.length, self.more))
        leases = os.path.join(directory, "leases")
        open(leases, "w").close()
        self.lab.isp.link_local("isp0")
        self.process = self.lab.isp.start("dhcpd", [unconfined(self.lab, "dhcpd"), "-6", "-f", "-d", "-cf", config,
                                                    "-lf", leases, "--no-pid", "isp0"])
        self.process.wait_log("Server starting service|Sending on   Socket")
        return self

    def stop(self):
        self.process.kill()


def dibbler_directories(directory):
    """Where programs of dibbler read and write, each in a directory of its own: for `private` of start()."""
    private = {}
    for path in ("/etc/dibbler", "/var/lib/dibbler", "/var/log/dibbler"):
        if not os.path.isdir(path):
            if path != "/var/log/dibbler":
                raise LabFailure("dibbler is installed, but %s is not there" % path)
            continue
        private[path] = os.path.join(directory, path.replace("/", "-"))
        os.makedirs(private[path])
    return private


class Dibbler:
    """dibbler-server as the ISP."""

    def __init__(self, lab, pool=POOL, length=56, preferred=3000, valid=6000, renew=1000, rebind=2000):
        require_tools("dibbler-server")
        self.lab, self.pool, self.length = lab, pool, length
        self.preferred, self.valid, self.renew, self.rebind = preferred, valid, renew, rebind
        self.process = None

    def start(self):
        directory = self.lab.fresh_directory("dibbler")
        access = ipaddress.IPv6Network(ACCESS)
        private = dibbler_directories(directory)
        with open(os.path.join(private["/etc/dibbler"], "server.conf"), "w") as file:
            file.write("""log-level 7
log-mode short
iface "isp0" {
  preferred-lifetime %d
  valid-lifetime %d
  T1 %d
  T2 %d
  class { pool %s-%s }
  pd-class { pd-pool %s
    pd-length %d }
  option dns-server %s
}
""" % (self.preferred, self.valid, self.renew, self.rebind, access[0x10000], access[0x1ffff], self.pool, self.length,
                CORE))
        self.lab.isp.link_local("isp0")
        self.process = self.lab.isp.start("dibbler", ["dibbler-server", "run"], private=private)
        self.lab.until("dibbler-server listens on UDP 547", lambda: ":547 " in self.lab.isp.run(
            "ss", "-6", "-u", "-l", "-n").stdout)
        return self

    def stop(self):
        self.process.kill()


class WideServer:
    """dhcp6s of wide-dhcpv6 as the ISP: one prefix for the client with this DUID, and never an address."""

    def __init__(self, lab, duid, prefix=POOL.replace("/40", "/56"), preferred=3000, valid=6000):
        require_tools("dhcp6s")
        self.lab, self.duid, self.prefix, self.preferred, self.valid = lab, duid, prefix, preferred, valid
        self.process = None

    def start(self):
        directory = self.lab.fresh_directory("dhcp6s")
        config = os.path.join(directory, "dhcp6s.conf")
        with open(config, "w") as file:
            file.write("option domain-name-servers %s;\nhost cpe {\n  duid %s;\n  prefix %s %d %d;\n};\n"
                       % (CORE, self.duid, self.prefix, self.preferred, self.valid))
        self.lab.isp.link_local("isp0")
        # Its DUID lies in /var/lib/dhcpv6.
        self.process = self.lab.isp.start("dhcp6s", ["dhcp6s", "-f", "-D", "-c", config, "-P",
                                                     os.path.join(directory, "pid"), "isp0"],
                                          private={"/var/lib/dhcpv6": directory})
        self.lab.until("dhcp6s listens on UDP 547", lambda: ":547 " in self.lab.isp.run(
            "ss", "-6", "-u", "-l", "-n").stdout)
        return self

    def stop(self):
        self.process.kill()


class Radvd:
    """radvd as the ISP's router on the access link."""

    def __init__(self, lab, namespace=None, interface="isp0", prefix=ACCESS, managed=True, other=True,
                 autonomous=False, on_link=True, lifetime=1800, preferred=3600, valid=7200, interval=10, rdnss=None,
                 rdnss_lifetime=600, mtu=None, name="radvd"):
        require_tools("radvd")
        self.lab, self.namespace, self.interface, self.prefix = lab, namespace or lab.isp, interface, prefix
        self.managed, self.other, self.autonomous, self.on_link = managed, other, autonomous, on_link
        self.lifetime, self.preferred, self.valid, self.interval = lifetime, preferred, valid, interval
        self.rdnss, self.rdnss_lifetime, self.mtu, self.name, self.process = rdnss, rdnss_lifetime, mtu, name, None
        self.path = os.path.join(lab.short, name + ".conf")

    def configuration(self):
        def switch(value):
            return "on" if value else "off"
        lines = ["interface %s {" % self.interface, "  AdvSendAdvert on;", "  MaxRtrAdvInterval %d;" % self.interval,
                 "  MinRtrAdvInterval %d;" % max(3, self.interval * 3 // 4),
                 "  AdvManagedFlag %s; AdvOtherConfigFlag %s;" % (switch(self.managed), switch(self.other)),
                 "  AdvDefaultLifetime %d;" % self.lifetime]
        if self.mtu:
            lines.append("  AdvLinkMTU %d;" % self.mtu)
        if self.prefix:
            lines.append("  prefix %s { AdvOnLink %s; AdvAutonomous %s; AdvPreferredLifetime %d; AdvValidLifetime %d; };"
                         % (self.prefix, switch(self.on_link), switch(self.autonomous), self.preferred, self.valid))
        if self.rdnss:
            lines.append("  RDNSS %s { AdvRDNSSLifetime %d; };" % (self.rdnss, self.rdnss_lifetime))
        return "\n".join(lines) + "\n};\n"

    def write(self):
        with open(self.path, "w") as file:
            file.write(self.configuration())
        os.chmod(self.path, 0o644)

    def start(self):
        self.write()
        self.namespace.link_local(self.interface)
        self.process = self.namespace.start(self.name, [
            "radvd", "-C", self.path, "-p", os.path.join(self.lab.short, self.name + ".pid"), "-m", "stderr", "-n",
            "-d", "2", "-u", "root"])
        self.process.wait_log(r"version|sending RA|interface definition ok", timeout=10)
        return self

    def change(self, **what):
        """Changes settings and makes radvd read them; it then advertises at once."""
        for key, value in what.items():
            setattr(self, key, value)
        self.write()
        self.process.send(signal.SIGHUP)

    def stop(self):
        """With its good-bye: a Router Advertisement with lifetime 0."""
        self.process.stop()

    def kill(self):
        self.process.kill()


class DhcpcdHost:
    """dhcpcd as a LAN host. What it learnt is in `environment()`, as it tells its hook script."""

    def __init__(self, lab, host, name="dhcpcd"):
        require_tools("dhcpcd")
        self.lab, self.host, self.name, self.process = lab, host, name, None

    def start(self, config="ipv6only\nnoipv4\nslaac hwaddr\n"):
        directory = self.lab.fresh_directory(self.name)
        self.learnt = os.path.join(directory, "learnt")
        os.makedirs(self.learnt)
        hook = os.path.join(directory, "hook")
        with open(hook, "w") as file:
            file.write('#!/bin/sh\nenv > "%s/new.$$" && mv "%s/new.$$" "%s/$reason"\n' % ((self.learnt,) * 3))
        os.chmod(hook, 0o755)
        private = {"/run": os.path.join(directory, "run"), "/var/lib/dhcpcd": os.path.join(directory, "lib")}
        for path in private.values():
            os.makedirs(path)
        # What runs for an interface with a block of its own is not always the script below.
        private.update(own_resolver(directory))
        if not os.path.isdir("/var/lib/dhcpcd"):
            raise LabFailure("dhcpcd is installed, but /var/lib/dhcpcd is not there")
        conf = os.path.join(directory, "dhcpcd.conf")
        with open(conf, "w") as file:
            file.write("script %s\noption domain_name_servers, domain_name, domain_search\n%s" % (hook, config))
        self.process = self.host.start("%s-%s" % (self.name, self.host.role),
                                       ["dhcpcd", "-B", "-d", "-f", conf, "eth0"], private=private)
        self.process.wait_log("starting|dhcpcd-")
        return self

    def environment(self, reason="ROUTERADVERT"):
        try:
            with open(os.path.join(self.learnt, reason), errors="replace") as file:
                return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        except FileNotFoundError:
            return {}

    def dns(self):
        """The RDNSS addresses it took from Router Advertisements; its own hook leaves out those whose lifetime is 0."""
        told = self.environment()
        return [word.split("%")[0] for key, value in told.items() if re.fullmatch(r"nd\d+_rdnss\d+_servers", key)
                and told.get(key.replace("_servers", "_lifetime")) != "0" for word in value.split()]

    def search(self):
        """The DNSSL domains, likewise."""
        told = self.environment()
        return [word for key, value in told.items() if re.fullmatch(r"nd\d+_dnssl\d+_search", key)
                and told.get(key.replace("_search", "_lifetime")) != "0" for word in value.split()]

    def stop(self):
        self.process.stop()


class Networkd:
    """systemd-networkd in a namespace, as host or as router. `files` are the .network files."""

    HOST = {"eth0.network": "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=yes\nLinkLocalAddressing=ipv6\n"
                            "[IPv6AcceptRA]\nUseDNS=yes\nUseDomains=yes\n"}
    BINARY = "/lib/systemd/systemd-networkd"

    def __init__(self, lab, namespace, files=None, name="networkd"):
        if not os.access(self.BINARY, os.X_OK):
            raise LabFailure("%s is not there (package systemd)" % self.BINARY)
        self.lab, self.namespace, self.files, self.name = lab, namespace, files or self.HOST, name
        self.process = self.run = None
        self.private = {}

    def start(self):
        directory = self.lab.fresh_directory(self.name)
        network, self.run = os.path.join(directory, "network"), os.path.join(directory, "run")
        os.makedirs(network)
        account = pwd.getpwnam("systemd-network")
        for name in ("links", "leases", "lldp"):
            os.makedirs(os.path.join(self.run, "systemd/netif", name))
        for root, folders, _ in os.walk(os.path.join(self.run, "systemd/netif")):
            os.chown(root, account.pw_uid, account.pw_gid)
            for folder in folders:
                os.chown(os.path.join(root, folder), account.pw_uid, account.pw_gid)
        for name, text in self.files.items():
            with open(os.path.join(network, name), "w") as file:
                file.write(text)
        for path in (self.lab.short, directory, network, self.run):
            os.chmod(path, 0o755)
        private = self.private = {"/etc/systemd/network": network, "/run": self.run, "/sys": "ro"}
        if not os.path.exists("/etc/machine-id") or not open("/etc/machine-id").read().strip():
            if not os.path.exists("/etc/machine-id"):
                raise LabFailure("/etc/machine-id is not there: systemd-networkd needs one")
            private["/etc/machine-id"] = os.path.join(directory, "machine-id")
            with open(private["/etc/machine-id"], "w") as file:
                file.write("0123456789abcdef0123456789abcdef\n")
        self.process = self.namespace.start("%s-%s" % (self.name, self.namespace.role), [self.BINARY],
                                            private=private, environment={"SYSTEMD_LOG_LEVEL": "debug",
                                                                          "SYSTEMD_LOG_TARGET": "console"})
        self.process.wait_log("Enumeration completed")
        return self

    def state(self, interface="eth0"):
        """networkd's own view of a link: the lines of /run/systemd/netif/links/<index>."""
        index = self.namespace.links()[interface]["ifindex"]
        try:
            with open(os.path.join(self.run, "systemd/netif/links", str(index))) as file:
                return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        except FileNotFoundError:
            return {}

    def dns(self, interface="eth0"):
        return self.state(interface).get("DNS", "").split()

    def search(self, interface="eth0"):
        return self.state(interface).get("DOMAINS", "").split()

    def stop(self):
        self.process.stop()


def networkd_router(lab, lans=("lan0", "lan1")):
    """systemd-networkd in the cpe's place: it proves the lab's scenarios with a router that is not ours."""
    files = {"wan.network": "[Match]\nName=wan0\n[Network]\nDHCP=ipv6\nIPv6AcceptRA=yes\nIPForward=ipv6\n"
                            "[DHCPv6]\nPrefixDelegationHint=::/56\n"}
    for lan in lans:
        files[lan + ".network"] = ("[Match]\nName=%s\n[Network]\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n"
                                   "IPv6SendRA=yes\nDHCPPrefixDelegation=yes\nIPForward=ipv6\n"
                                   "[IPv6SendRA]\nDNS=_link_local\n" % lan)
    return Networkd(lab, lab.cpe, files, name="networkd-router")


def rdisc6(host, interface="eth0", timeout=6.0, attempts=1):
    """Asks as a host does; returns rdisc6's text of the first answer."""
    require_tools("rdisc6")
    done = host.run("rdisc6", "-1", "-w", int(timeout * 1000), "-r", attempts, interface, check=False,
                    timeout=attempts * timeout + 5)
    return done.stdout if done.returncode == 0 else ""


def nmap(namespace, target, ports, how="-sS", timeout=60):
    """{port: state} as nmap sees it from there, or None when it holds the host for down. `how`: -sS TCP, -sU UDP, -sY SCTP,
    -sO protocols instead of ports."""
    require_tools("nmap")
    done = namespace.run("nmap", "-6", "-n", "-Pn", "--max-retries", "1", "--host-timeout", "50s", "-T4",
                         how, "-p", ",".join(map(str, ports)), "-oG", "-", target,
                         timeout=timeout)
    found = re.search(r"(?:Ports|Protocols): (.*?)(\t|$)", done.stdout, re.M)
    if not found:
        return None
    return {int(one.split("/")[0]): one.split("/")[1] for one in found[1].split(", ")}


class Sixgated:
    """The router under test, in the cpe."""

    def __init__(self, lab, config=None, arguments=None, namespace=None, lans=None, wans=("wan0",), extra=(),
                 environment=None, private=None):
        """`config`: text of sixgate.toml; else the command line `--wan ... --lan ...` alone."""
        self.lab, self.namespace = lab, namespace or lab.cpe
        self.program = os.path.join(lab.programs, "sixgated")
        self.cli = os.path.join(lab.programs, "sixgate")
        for path in (self.program, self.cli):
            if not os.access(path, os.X_OK):
                raise LabFailure("%s is not built (./dev build)" % path)
        self.state_dir = os.path.join(lab.short, "state")
        self.socket = os.path.join(lab.short, "control", "sixgate.sock")
        self.extra, self.process, self.config_path = list(extra), None, None
        self.private, self.environment = private, environment or {}  # as Namespace.start has them
        os.makedirs(self.state_dir, exist_ok=True)
        os.makedirs(os.path.dirname(self.socket), exist_ok=True)
        if config is not None:
            self.write(config)
        elif arguments is None:
            lans = ["lan0", "lan1"] if lans is None else lans
            arguments = [word for wan in wans for word in ("--wan", wan)]
            arguments += [word for lan in lans for word in ("--lan", lan)]
        self.arguments = arguments or []

    def write(self, config):
        self.config_path = self.lab.file("sixgate.toml", config)

    def command(self):
        argv = [self.program, "--state-dir", self.state_dir, "--socket", self.socket, "--log-level", "debug"]
        if self.config_path:
            argv += ["--config", self.config_path]
        return argv + self.arguments + self.extra

    def start(self, wait=True, timeout=20.0):
        self.process = self.namespace.start("sixgated", self.command(), private=self.private, environment={
            "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
            **self.environment})
        if wait:
            self.lab.until("the control socket of sixgated answers", self.answers, timeout)
        return self

    def cli_run(self, *argv, timeout=10):
        return run(self.cli, "--socket", self.socket, *argv, check=False, timeout=timeout)

    def answers(self):
        return self.cli_run("status", "--json").returncode == 0

    def status(self):
        done = self.cli_run("status", "--json")
        for _ in range(2):  # it gives up when it has no turn for five seconds
            if done.returncode and self.process.running:
                done = self.cli_run("status", "--json")
        if done.returncode:
            self.lab.fail("sixgate status: exit code %d: %s" % (done.returncode, done.stderr))
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError as problem:
            self.lab.fail("sixgate status --json is not JSON (%s): %s" % (problem, done.stdout))

    def delegations(self, standing="live"):
        """The delegated prefixes (texts) in this standing, over all uplinks."""
        return [one["prefix"] for uplink in self.status().get("uplinks", [])
                for one in uplink.get("delegations", []) if standing is None or one.get("standing") == standing]

    def lan(self, name):
        return next((one for one in self.status().get("lans", []) if one["interface"] == name), None)

    def reload(self):
        self.process.send(signal.SIGHUP)

    def kill(self):
        self.process.kill()

    def forget(self):
        """An empty state directory and no memory of this boot, as after a factory reset."""
        for path in (self.state_dir, os.path.dirname(self.socket)):
            shutil.rmtree(path)
            os.makedirs(path)

    def reboot(self):
        """What lies in memory (/run, beside the socket) is gone; only the state directory is left."""
        shutil.rmtree(os.path.dirname(self.socket))
        os.makedirs(os.path.dirname(self.socket))

    def terminate(self, timeout=15.0):
        """SIGTERM; returns the exit code."""
        return self.process.stop(signal.SIGTERM, timeout)
