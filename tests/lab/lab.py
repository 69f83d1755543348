# SPDX-License-Identifier: Apache-2.0
"""A house in network namespaces: the ISP, the router under test and its hosts.

    net --- isp --- cpe (wan0 | lan0, lan1) --- h1, h2 on lan0, h3 on lan1

lan0 is a bridge inside the cpe with one port for each host, lan1 a plain interface: both kinds occur in
every scenario. Names are unique to the run (`sg<pid>-<number>-<role>`), nothing is connected to the machine's
own network, and everything goes away with the run, also after Ctrl-C, an exception or kill -9 (the next run
sweeps what a dead one left). Nothing here sleeps blind: every wait is a bounded poll that on failure shows
the tails of all logs.
"""
import atexit
import bisect
import ctypes
import errno
import ipaddress
import itertools
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from wire import PCAP_HEADER, Wire

PREFIX = re.compile(r"^sg(\d+)-\d+-")
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)

# On a machine this many times slower than most (one in an emulator), whatever is waited for may take so much longer.
SLOW = float(os.environ.get("SIXGATE_LAB_SLOW", "1"))

# The Internet beyond the ISP, the ISP's access link, and what it delegates.
SERVER = "2001:db8:ffff::80"
CORE = "2001:db8:ffff::1"
ACCESS = "2001:db8:0:1::/64"
ISP_ADDRESS = "2001:db8:0:1::1"
POOL = "2001:db8:1000::/40"
OTHER_POOL = "2001:db8:2000::/40"


class LabFailure(AssertionError):
    """A scenario that did not come true, or a lab that could not be built. Never a skip."""


def limit(seconds):
    """Gives a test another time limit than the runner's."""
    def mark(function):
        function.limit = seconds
        return function
    return mark


def alone(function):
    """What a test does to the kernel, all namespaces feel: it runs when no other does."""
    function.alone = True
    return function


def needs(*features):
    """What a test asks of the kernel that not every one has: it is run where the runner is told of it (--has)."""
    def mark(function):
        function.needs = features
        return function
    return mark


def proves(*rows):
    """Names the rows of the conformance table that a test records: the runner fails those it does not come to."""
    def mark(function):
        function.rows = rows
        return function
    return mark


def require_tools(*names):
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        raise LabFailure("missing programs: %s (./dev setup installs them)" % ", ".join(missing))


def run(*argv, check=True, timeout=30, stdin=None):
    done = subprocess.run([str(one) for one in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=timeout * SLOW, input=stdin, errors="replace")
    if check and done.returncode:
        raise LabFailure("%s: exit code %d: %s" % (" ".join(map(str, argv)), done.returncode,
                                                   (done.stderr or done.stdout).strip()))
    return done


def alive(pid):
    """True when this is a running Python program: the number may have gone to somebody else, or be a zombie's."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            if file.read().rpartition(")")[2].split()[0] in "ZX":
                return False
        with open("/proc/%d/cmdline" % pid) as file:
            return "python" in file.read()
    except OSError:
        return False


def end_with_parent():
    """This process gets SIGTERM, and so cleans up, when the one that started it dies."""
    LIBC.prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG


def namespaces():
    try:
        return sorted(os.listdir("/run/netns"))
    except FileNotFoundError:
        return []


def remove_namespace(name):
    for pid in run("ip", "netns", "pids", name, check=False).stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run("ip", "netns", "del", name, check=False)


def sweep(pids=()):
    """Removes what dead runs, and the given ones, left behind."""
    for name in namespaces():
        found = PREFIX.match(name)
        if found and (int(found[1]) in pids or not alive(int(found[1]))):
            remove_namespace(name)
    for name in os.listdir("/tmp"):
        found = re.fullmatch(r"sixgate-lab-(\d+)-\d+", name)
        if found and (int(found[1]) in pids or not alive(int(found[1]))):
            shutil.rmtree("/tmp/" + name, ignore_errors=True)


class Process:
    """A program running in a namespace, its output in a file of the test's directory."""

    def __init__(self, lab, namespace, name, argv, popen, log):
        self.lab, self.namespace, self.name, self.argv, self.popen, self.log = lab, namespace, name, argv, popen, log
        self.expected_to_live = True

    @property
    def pid(self):
        return self.popen.pid

    @property
    def running(self):
        return self.popen.poll() is None

    def text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def tail(self, lines=15):
        return "\n".join(self.text().splitlines()[-lines:])

    def wait_log(self, pattern, timeout=20.0, start=0):
        """Waits until the log, from character `start` on, matches the regular expression."""
        return self.lab.until("%s logs %r" % (self.name, pattern),
                              lambda: re.search(pattern, self.text()[start:], re.M), timeout)

    def send(self, number):
        if self.running:
            self.popen.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Ends it by a signal and returns the exit code; killed, and a failure, when it does not go."""
        self.expected_to_live = False
        self.send(number)
        timeout *= SLOW
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(5 * SLOW)
            raise LabFailure("%s did not end within %.0f s of %s\n%s"
                             % (self.name, timeout, signal.Signals(number).name, self.tail())) from None

    def kill(self):
        self.expected_to_live = False
        self.send(signal.SIGKILL)
        self.popen.wait(5 * SLOW)


class Namespace:
    """One machine of the house."""

    def __init__(self, lab, role):
        self.lab, self.role = lab, role
        self.name = "sg%d-%d-%s" % (os.getpid(), lab.number, role)
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def __str__(self):
        return self.role

    def command(self, argv, private=None):
        """The command line that runs argv here; `private` maps machine paths to directories or files of ours, to "ro"
        (it can be read and not written) or to "full" (a disk without room)."""
        inner = [str(one) for one in argv]
        if private:
            lines = ["set -e"]
            if private.get("/sys") == "ro":
                lines.append("mount -o remount,ro /sys")
            # Deep paths first would be hidden by /run: bind in order of length.
            for path, source in sorted(private.items(), key=lambda one: len(one[0])):
                if source == "full":
                    lines.append("mount -t tmpfs -o size=64k,mode=755 tmpfs '%s'" % path)
                    lines.append("cat /dev/zero > '%s/filler' 2>/dev/null || test -s '%s/filler'" % (path, path))
                elif source == "ro" and path != "/sys":
                    lines.append("mount --bind '%s' '%s'" % (path, path))
                    lines.append("mount -o remount,bind,ro '%s'" % path)
                elif path != "/sys":
                    lines.append("mount --bind '%s' '%s'" % (source, path))
            lines.append('exec "$@"')
            inner = ["unshare", "-m", "--propagation", "private", "sh", "-c", "\n".join(lines), "sh", *inner]
        return ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", self.name, *inner]

    def run(self, *argv, check=True, timeout=30, stdin=None):
        # All namespaces of the machine share one lock of the legacy variant.
        if argv[0] in ("ip6tables", "ip6tables-legacy", "ip6tables-restore", "ip6tables-legacy-restore"):
            argv = (argv[0], "-w", "20", *argv[1:])
        return run("ip", "netns", "exec", self.name, *argv, check=check, timeout=timeout, stdin=stdin)

    def ip(self, *argv, check=True):
        return run("ip", "-n", self.name, *argv, check=check).stdout

    def json(self, *argv):
        text = run("ip", "-n", self.name, "-j", *argv).stdout
        return json.loads(text or "[]")

    def start(self, name, argv, private=None, environment=None):
        """Starts a program that is expected to run until it is stopped."""
        log = os.path.join(self.lab.directory, "%s.log" % name)
        count = itertools.count(2)
        while os.path.exists(log):
            log = os.path.join(self.lab.directory, "%s.%d.log" % (name, next(count)))
        with open(log, "wb") as out:
            popen = subprocess.Popen(self.command(argv, private), stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.STDOUT, start_new_session=True,
                                     env={**os.environ, **(environment or {})})
        process = Process(self.lab, self, name, argv, popen, log)
        self.lab.processes.append(process)
        return process

    def call(self, function, *arguments):
        """Runs a function inside the namespace; sockets it makes stay there."""
        result = []

        def work():
            try:
                with open("/run/netns/" + self.name) as file:
                    if LIBC.setns(file.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns " + self.name)
                result.append((True, function(*arguments)))
            except BaseException as problem:  # handed to the caller below
                result.append((False, problem))
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join()
        good, value = result[0]
        if not good:
            raise value
        return value

    def sysctl(self, key, value=None):
        path = "/proc/sys/" + "/".join(part.replace("\0", ".") for part in key.split("."))
        # The kernel shows the network sysctls of the thread that opens the file.

        def work():
            if value is None:
                with open(path) as file:
                    return file.read().strip()
            with open(path, "w") as file:
                file.write(str(value))
            return None
        return self.call(work)

    # ---- what the kernel holds ----

    def links(self):
        return {one["ifname"]: one for one in self.json("link", "show")}

    def mac(self, interface):
        return self.json("link", "show", "dev", interface)[0]["address"]

    def addresses(self, interface=None, scope="global"):
        """IPv6 addresses as iproute2 reports them: local, prefixlen, preferred_life_time, deprecated, ..."""
        argv = ["-6", "address", "show"] + (["dev", interface] if interface else [])
        found = []
        for link in self.json(*argv):
            for one in link.get("addr_info", []):
                if one.get("local") and (scope is None or one["scope"] == scope):
                    found.append({**one, "interface": link["ifname"]})
        return found

    def link_local(self, interface):
        return self.lab.until("%s/%s has a usable link-local address" % (self, interface), lambda: next(
            (one["local"] for one in self.addresses(interface, "link") if not one.get("tentative")), None), 15)

    def address_in(self, prefix, interface=None, usable=True, preferred=True):
        """An address of this machine inside the prefix, or None: as long as Duplicate Address Detection goes on, too, which
        ends at the router and at its hosts in any order. Who goes on with the address asks for wait_address()."""
        for one in self.addresses(interface):
            if ipaddress.IPv6Address(one["local"]) not in ipaddress.IPv6Network(prefix):
                continue
            if usable and (one.get("tentative") or one.get("dadfailed")):
                continue
            if preferred and (one.get("deprecated") or one.get("preferred_life_time") == 0):
                continue
            return one["local"]
        return None

    def routes(self, *argv):
        return self.json("-6", "route", "show", *argv)

    def default_routes(self):
        return [one for one in self.routes() if one["dst"] == "default" and one.get("type", "unicast") == "unicast"]

    def wait_address(self, prefix, interface=None, timeout=30.0, **flags):
        return self.lab.until("%s has a usable address in %s" % (self, prefix),
                              lambda: self.address_in(prefix, interface, **flags), timeout)

    def wait_default_route(self, timeout=30.0):
        return self.lab.until("%s has a default route" % self, self.default_routes, timeout)

    # ---- what it can reach ----

    def ping(self, destination, count=1, wait=1, size=None, source=None, interface=None, check=False):
        """True when every echo request is answered."""
        argv = ["ping", "-6", "-n", "-c", count, "-W", wait, "-i", "0.2"]
        argv += ["-s", size] if size else []
        argv += ["-I", source or interface] if source or interface else []
        done = self.run(*argv, destination, check=False, timeout=20 + count * (wait + 1))
        good = done.returncode == 0 and re.search(r"\b0% packet loss", done.stdout) is not None
        if check and not good:
            self.lab.fail("%s cannot ping %s: %s%s" % (self, destination, done.stdout, done.stderr))
        return good

    def wait_ping(self, destination, timeout=20.0, **more):
        self.lab.check(destination, "%s is to ping, but the other one has no address yet" % self)
        return self.lab.until("%s pings %s" % (self, destination), lambda: self.ping(destination, **more), timeout)

    def reach(self, kind, destination, port, timeout, source, talk):
        """What becomes of a socket of this kind that is connected and then given to talk()."""
        def work():
            with socket.socket(socket.AF_INET6, kind) as sock:
                sock.settimeout(timeout)
                try:
                    if source:
                        sock.bind((source, 0))
                    sock.connect((destination, port))
                    talk(sock)
                    return "open"
                except ConnectionRefusedError:
                    return "refused"
                except TimeoutError:
                    return "silent"
                except OSError as problem:
                    unreachable = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM)
                    return "unreachable" if problem.errno in unreachable else "error %s" % problem
        return self.call(work)

    def tcp(self, destination, port, timeout=2.0, source=None):
        """'open', 'refused', 'unreachable' or 'silent'."""
        return self.reach(socket.SOCK_STREAM, destination, port, timeout, source, lambda sock: None)

    def udp(self, destination, port, timeout=3.0, source=None, payload=b"hello"):
        """'open' when an answer comes, else 'refused', 'unreachable' or 'silent'."""
        def ask(sock):
            sock.send(payload)
            sock.recv(2048)
        return self.reach(socket.SOCK_DGRAM, destination, port, timeout, source, ask)

    def serve(self, tcp=(), udp=(), address="::"):
        """Answers connections and datagrams on these ports until the lab ends. Datagrams to an address that is not the one
        which the namespace sends from are answered from there only if it is named."""
        def make(kind, port):
            sock = socket.socket(socket.AF_INET6, kind)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            return sock

        def accept(sock):
            while True:
                try:
                    connection, _ = sock.accept()
                    connection.close()
                except OSError:
                    return

        def echo(sock):
            while True:
                try:
                    data, peer = sock.recvfrom(2048)
                    sock.sendto(data, peer)
                except OSError as problem:
                    if sock.fileno() < 0 or problem.errno == 9:
                        return
        for port in tcp:
            sock = self.call(make, socket.SOCK_STREAM, port)
            sock.listen(16)
            self.lab.sockets.append(sock)
            threading.Thread(target=accept, args=(sock,), daemon=True).start()
        for port in udp:
            sock = self.call(make, socket.SOCK_DGRAM, port)
            self.lab.sockets.append(sock)
            threading.Thread(target=echo, args=(sock,), daemon=True).start()

    def wire(self, interface):
        path = os.path.join(self.lab.directory, "%s-%s.pcap" % (self.role, interface))
        one = Wire(self.lab, self, interface, path)
        self.lab.wires.append(one)
        return one


class AddressWatch:
    """Every IPv6 address event of a namespace, with its time (rtnetlink, RFC-free: Linux's own words)."""

    def __init__(self, namespace):
        self.events, self._stop = [], threading.Event()
        self._socket = namespace.call(self._open)
        threading.Thread(target=self._work, daemon=True).start()

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        sock.bind((0, 0x100))  # RTMGRP_IPV6_IFADDR
        sock.settimeout(0.2)
        return sock

    def _work(self):
        while not self._stop.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            now = time.time()
            while len(data) >= 24:
                length, kind = struct.unpack_from("=IH", data)
                if length < 24:
                    break
                if kind in (20, 21):
                    flags, local, lifetimes, at = data[18], None, (None, None), 24
                    while at + 4 <= length:
                        size, attribute = struct.unpack_from("=HH", data, at)
                        if size < 4:
                            break
                        body = data[at + 4:at + size]
                        if attribute == 1 and len(body) == 16:
                            local = str(ipaddress.IPv6Address(body))
                        elif attribute == 8 and len(body) == 4:
                            flags, = struct.unpack("=I", body)
                        elif attribute == 6 and len(body) >= 8:
                            lifetimes = struct.unpack_from("=II", body)
                        at += (size + 3) & ~3
                    self.events.append({"time": now, "new": kind == 20, "address": local,
                                        "tentative": bool(flags & 0x40), "deprecated": bool(flags & 0x20),
                                        "preferred": lifetimes[0], "valid": lifetimes[1]})
                data = data[(length + 3) & ~3:]

    def first(self, prefix, since=0.0, tentative=False):
        """The first event of a (by default usable) address in the prefix, or None."""
        for one in list(self.events):
            if (one["new"] and one["address"] and one["time"] >= since and one["tentative"] == tentative
                    and ipaddress.IPv6Address(one["address"]) in ipaddress.IPv6Network(prefix)):
                return one
        return None

    def close(self):
        self._stop.set()
        self._socket.close()


class Lab:
    """Everything one test owns. Use as a context manager."""

    _numbers = itertools.count()

    def __init__(self, name, directory, programs="build/release/bin"):
        if os.geteuid():
            raise LabFailure("the lab needs root for its namespaces: sudo ./dev test lab")
        require_tools("ip", "setpriv", "unshare", "ping")
        self.name, self.directory, self.programs = name, os.path.abspath(directory), os.path.abspath(programs)
        self.number = next(Lab._numbers)
        self.processes, self.wires, self.sockets, self.roles, self.rows, self.finishers = [], [], [], {}, [], []
        self.injected = set()  # frames that a test made by hand, broken ones too
        self.started = time.time()
        self._macs = itertools.count(1)
        os.makedirs(self.directory, exist_ok=True)
        # Sockets have short names (108 octets at most), so they do not live in the test's directory.
        self.short = "/tmp/sixgate-lab-%d-%d" % (os.getpid(), self.number)
        os.makedirs(self.short, mode=0o755)
        self._open = True
        atexit.register(self.close)

    # ---- life ----

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if not self._open:
            return
        self._open = False
        for process in self.processes:
            process.expected_to_live = False
            if process.running:
                try:
                    process.popen.kill()
                    process.popen.wait(5 * SLOW)
                except (OSError, subprocess.TimeoutExpired):
                    pass
        for one in self.finishers:
            one()
        for wire in self.wires:
            wire.close()
        for sock in self.sockets:
            sock.close()
        for namespace in self.roles.values():
            remove_namespace(namespace.name)
        shutil.rmtree(self.short, ignore_errors=True)
        atexit.unregister(self.close)

    # ---- judging ----

    def tails(self):
        parts = []
        # Summaries show how it begins: ours, then who came last.
        for process in sorted(reversed(self.processes), key=lambda one: not one.name.startswith("sixgated")):
            state = "running" if process.running else "exit %s" % process.popen.returncode
            parts.append("--- %s (%s): %s\n%s" % (process.name, state, process.log, process.tail()))
        return "\n".join(parts)

    def fail(self, message):
        raise LabFailure("%s\n%s" % (message, self.tails()))

    def check(self, truth, message):
        if not truth:
            self.fail(message)

    def until(self, what, probe, timeout=20.0, every=0.1):
        """Polls until probe() is true and returns its value; fails when it never is, or when a program died."""
        timeout *= SLOW
        end = time.monotonic() + timeout
        while True:
            value = probe()
            if value:
                return value
            for process in self.processes:
                if process.expected_to_live and not process.running:
                    process.expected_to_live = False
                    self.fail("%s ended by itself (exit code %s) while waiting until %s"
                              % (process.name, process.popen.returncode, what))
            if time.monotonic() > end:
                self.fail("not within %.0f s: %s" % (timeout, what))
            time.sleep(every * SLOW)

    def holds(self, what, probe, seconds, every=0.1):
        """Watches that probe() stays true for a time (for what must not happen)."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not probe():
                self.fail("did not hold: %s" % what)
            time.sleep(every)

    def pause(self, seconds):
        """Lets protocol time pass where only its passing can show something (silence, ageing)."""
        self.holds("every program goes on running", lambda: all(
            one.running or not one.expected_to_live for one in self.processes), seconds, every=0.2)

    def row(self, row, passed, message=""):
        """Records the verdict on a row of the conformance table; run.py lists it as test_row_<id>."""
        self.rows.append({"row": row, "passed": bool(passed), "message": "" if passed else str(message)})
        return bool(passed)

    # ---- building ----

    def namespace(self, role):
        one = Namespace(self, role)
        self.roles[role] = one
        setattr(self, role, one)
        return one

    def new_mac(self):
        return "02:a1:b2:c3:00:%02x" % next(self._macs)

    def cable(self, left, left_name, right, right_name):
        """A veth pair between two namespaces, both ends up."""
        run("ip", "-n", left.name, "link", "add", left_name, "address", self.new_mac(), "type", "veth",
            "peer", "name", right_name, "address", self.new_mac(), "netns", right.name)
        left.ip("link", "set", left_name, "up")
        right.ip("link", "set", right_name, "up")

    def no_dad(self, namespace, interface):
        namespace.sysctl("net.ipv6.conf.%s.accept_dad" % interface, 0)

    def add_host(self, role, lan, bridged):
        """A host (namespace `role`, interface eth0) on a LAN of the cpe."""
        host = self.namespace(role)
        if bridged:
            port = "%s.%s" % (lan, role)
            self.cable(self.cpe, port, host, "eth0")
            self.cpe.sysctl("net.ipv6.conf.%s.disable_ipv6" % port.replace(".", "\0"), 1)
            self.cpe.ip("link", "set", port, "master", lan)
        else:
            self.cable(self.cpe, lan, host, "eth0")
        return host

    def add_bridge(self, lan):
        self.cpe.ip("link", "add", lan, "address", self.new_mac(), "type", "bridge", "forward_delay", "0",
                    "stp_state", "0", "mcast_snooping", "0")
        self.cpe.ip("link", "set", lan, "up")

    def house(self, lans=None, wan=True, record=True):
        """net, isp, cpe and the hosts. `lans` is {"lan0": ["h1", "h2"], "lan1": ["h3"]}: a LAN of several hosts
        is a bridge inside the cpe, one of a single host a plain interface. Wires: self.wan, self.lan0, ..., self.beyond."""
        lans = {"lan0": ["h1", "h2"], "lan1": ["h3"]} if lans is None else lans
        net, isp, cpe = self.namespace("net"), self.namespace("isp"), self.namespace("cpe")
        self.cable(net, "eth0", isp, "core0")
        for namespace, interface, own in ((net, "eth0", SERVER), (isp, "core0", CORE)):
            self.no_dad(namespace, interface)
            namespace.ip("address", "add", own + "/64", "dev", interface, "nodad")
        net.ip("-6", "route", "add", "default", "via", CORE)
        isp.sysctl("net.ipv6.conf.all.forwarding", 1)
        isp.ip("-6", "route", "add", "unreachable", "2001:db8::/32", "metric", "2000000")
        if wan:
            self.connect_isp(isp, "isp0", cpe, "wan0", ISP_ADDRESS)
        for lan, hosts in lans.items():
            bridged = len(hosts) != 1
            if bridged:
                self.add_bridge(lan)
            for role in hosts:
                self.add_host(role, lan, bridged)
        if record:
            if wan:
                self.wan = isp.wire("isp0")
            self.beyond = net.wire("eth0")
            for lan, hosts in lans.items():
                if hosts:
                    setattr(self, lan, self.roles[hosts[0]].wire("eth0"))
        return self

    def connect_isp(self, isp, isp_interface, cpe, wan, own_address):
        self.cable(isp, isp_interface, cpe, wan)
        # The access link has one client: the ISP's side needs no duplicate address detection of its own.
        self.no_dad(isp, isp_interface)
        isp.ip("address", "add", own_address + "/64", "dev", isp_interface, "nodad")
        isp.sysctl("net.ipv6.conf.%s.keep_addr_on_down" % isp_interface, 1)

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def fresh_directory(self, name):
        path = os.path.join(self.short, name)
        count = itertools.count(2)
        while os.path.exists(path):
            path = os.path.join(self.short, "%s.%d" % (name, next(count)))
        os.makedirs(path)
        return path


def check_not_malformed(lab, wires=None):
    """tshark, a judge nobody here wrote, finds nothing malformed and no wrong ICMPv6 checksum in the captures.
    Frames that the test itself put on the wire are left out."""
    require_tools("tshark")
    wires, ends, path = list(wires or lab.wires), [], os.path.join(lab.short, "judged.pcap")
    with open(path, "wb") as file:  # one for all wires: tshark's start takes longer than its reading
        file.write(PCAP_HEADER)
        for wire in wires:
            ends.append(wire.copy(file, lambda raw: raw not in lab.injected) + (ends[-1] if ends else 0))
    # Of what is over TCP and UDP our own alone: the kernel may choose any port, which tshark takes for whose it knows.
    done = run("tshark", "-n", "-r", path, "-Y",
               "(_ws.malformed && !tcp && (!udp || dhcpv6 || portcontrol)) || (icmpv6 && icmpv6.checksum.status == 0)"
               " || ((dhcpv6 || icmpv6) && _ws.expert.severity >= 0x00800000)",
               check=False, timeout=120)
    if done.returncode:
        lab.fail("tshark cannot read %s: %s" % (path, done.stderr))
    if done.stdout.strip():
        wire = wires[bisect.bisect_left(ends, int(done.stdout.split()[0]))]
        lab.fail("malformed on %s (%s):\n%s" % (wire, wire.path, done.stdout))
