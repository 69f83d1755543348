# SPDX-License-Identifier: Apache-2.0
"""A house whose addresses are static and whose router runs only the firewall: rules against real traffic.

    net --- isp --- cpe (wan0 | lan0 protected: h1, h2 | lan1 exposed: h3 | other0, not ours: h4)

A probe is one frame made here, sent from one machine and looked for on another's wire by a token it carries.
"""
import itertools
import os
import select
import struct
import subprocess
import time

from lab import ISP_ADDRESS, LabFailure, require_tools
from other_firewalls import variant
from wire import checksum, icmp6, inject, ipv6, udp

WAN = "2001:db8:0:1::2"
DELEGATED = "2001:db8:1000::/56"
H1, H1_ULA, H2 = "2001:db8:1000:1::11", "fd00:6:0:1::11", "2001:db8:1000:1::12"
H3, H3_ULA = "2001:db8:1000:2::13", "fd00:6:0:2::13"
LAN0, LAN1 = "2001:db8:1000:1::1", "2001:db8:1000:2::1"
OLD = "2001:db8:3000:1::11"        # h1's address under a delegation that is gone
UNASSIGNED = "2001:db8:1000:77::1"
NET = "2001:db8:ffff::80"
PEER = "2001:db8:ffff::99"          # nobody is there: nothing but what a test makes answers
H4 = "2001:db8:4000::4"
MOBILITY = struct.pack("!BBBBHH", 59, 1, 1, 0, 0, 0) + bytes(8)  # RFC 6275 section 6.1.3: Home Test Init

BACKENDS = ("nft", "ip6tables", "ip6tables-legacy")


class Rules:
    """A Ruleset in the words of firewall_tool."""

    def __init__(self, provisioned=True, delegated=(DELEGATED,), lan0=("2001:db8:1000:1::/64",),
                 lan1=("2001:db8:1000:2::/64",), local0=("fd00:6:0:1::/64", "2001:db8:3000:1::/64"),
                 local1=("fd00:6:0:2::/64",), refuse_middles=False):
        lines = ["uplink wan0", "lan lan0 protected", "lan lan1 exposed"]
        lines += ["assigned lan0 " + one for one in lan0] + ["assigned lan1 " + one for one in lan1]
        lines += ["local lan0 " + one for one in local0] + ["local lan1 " + one for one in local1]
        lines += ["delegated " + one for one in delegated] + (["provisioned"] if provisioned else [])
        lines += ["refuse_middles"] if refuse_middles else []
        self.text = "\n".join(lines + ["end", ""])


class Probe:
    def __init__(self, name, sender, packet, token, wire, expected, control, row):
        self.name, self.sender, self.packet, self.token, self.wire = name, sender, packet, token, wire
        self.expected, self.control, self.row = expected, control, row


class FirewallHouse:
    def __init__(self, lab, backend):
        require_tools("nft", "ip6tables", "conntrack")
        self.lab, self.backend, self.tool, self._tokens = lab, backend, None, itertools.count(1)
        self.program = os.path.join(os.path.dirname(lab.programs), "tools", "firewall_tool")
        if not os.path.exists(self.program):
            raise LabFailure("%s is not built" % self.program)
        lab.house(record=False)
        self.probes, self.own = [], set()
        cpe = lab.cpe
        h4 = lab.namespace("h4")
        lab.cable(cpe, "other0", h4, "eth0")
        cpe.sysctl("net.ipv6.conf.all.forwarding", 1)
        cpe.sysctl("net.ipv6.icmp.ratelimit", 0)
        for namespace, interface, addresses in (
                (cpe, "wan0", [WAN]), (cpe, "lan0", [LAN0, "fd00:6:0:1::1", "2001:db8:3000:1::1"]),
                (cpe, "lan1", [LAN1, "fd00:6:0:2::1"]), (cpe, "other0", ["2001:db8:4000::1"]),
                (lab.h1, "eth0", [H1, H1_ULA, OLD]), (lab.h2, "eth0", [H2]), (lab.h3, "eth0", [H3, H3_ULA]),
                (h4, "eth0", [H4])):
            lab.no_dad(namespace, interface)
            for one in addresses:
                namespace.ip("address", "add", one + "/64", "dev", interface, "nodad")
        self.own = {one["local"] for one in cpe.addresses(scope=None)}
        cpe.ip("-6", "route", "add", "default", "via", ISP_ADDRESS)
        lab.isp.ip("-6", "route", "add", "2001:db8:1000::/40", "via", WAN)
        lab.isp.ip("-6", "route", "add", "2001:db8:3000::/40", "via", WAN)
        lab.isp.ip("-6", "route", "add", "2001:db8:4000::/64", "via", WAN)
        for host, router in ((lab.h1, LAN0), (lab.h2, LAN0), (lab.h3, LAN1), (h4, "2001:db8:4000::1")):
            host.ip("-6", "route", "add", "default", "via", router)
        self.wires = {"h1": lab.h1.wire("eth0"), "h3": lab.h3.wire("eth0"), "isp": lab.isp.wire("isp0"),
                      "h4": h4.wire("eth0"), "h2": lab.h2.wire("eth0")}
        # The kernel asks for no neighbour while its own link-local address is tentative.
        for interface in ("wan0", "lan0", "lan1", "other0"):
            cpe.link_local(interface)
        # Everybody knows everybody's link-layer address before packets are counted.
        for namespace, target in ((lab.h1, NET), (lab.h3, NET), (lab.h2, NET), (h4, NET), (lab.net, H1), (lab.net, H3)):
            namespace.wait_ping(target)
        self.gates = {"h1": ("eth0", cpe.mac("lan0")), "h3": ("eth0", cpe.mac("lan1")),
                      "isp": ("isp0", cpe.mac("wan0")), "h4": ("eth0", cpe.mac("other0"))}

    # ---- rules ----

    def start(self):
        backend, private = variant(self.backend)
        log = open(os.path.join(self.lab.directory, "firewall_tool.log"), "ab")
        self.tool = subprocess.Popen(self.lab.cpe.command([self.program, "apply", backend], private),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        log.close()
        self.lab.finishers.append(self.stop)

    def stop(self):
        if self.tool and self.tool.poll() is None:
            self.tool.stdin.close()
            self.tool.wait(10)
        self.tool = None

    def give(self, rules):
        """Applies and returns the tool's answer."""
        if not self.tool:
            self.start()
        self.tool.stdin.write(rules.text.encode())
        self.tool.stdin.flush()
        if not select.select([self.tool.stdout], [], [], 60)[0]:
            self.lab.fail("firewall_tool does not answer")
        return self.tool.stdout.readline().decode().strip()

    def apply(self, rules):
        answer = self.give(rules)
        self.lab.check(answer.startswith("ok "), "rules refused: %s" % answer)
        if self.backend == "ip6tables-legacy":
            self.lab.cpe.run("ip6tables-legacy", "-S", "sixgate-forward")  # fails when they are not there
        return int(answer.split()[2])

    # ---- probes ----

    def token(self):
        return b"probe%07d" % next(self._tokens)

    def probe(self, name, sender, source, destination, content, seen, expected, control=True, row=None, hop_limit=64):
        """`content` is a function (source, destination, token) -> (next header, octets). `seen` is a wire's name;
        `control`: whether it arrives there without a firewall."""
        token = self.token()
        proto, octets = content(source, destination, token)
        self.probes.append(Probe(name, sender, ipv6(source, destination, proto, octets, hop_limit), token,
                                 seen, expected, control, row))

    def send(self, probe):
        interface, mac = self.gates[probe.sender]
        inject(self.lab.roles[probe.sender], interface, probe.packet, mac)

    def arrived(self, wire, since=0.0):
        """What came on a wire, without the router's own errors: they quote what they are about."""
        return b"\0".join(one.raw for one in self.wires[wire].packets(since, match=lambda one: not one.outgoing)
                          if not (one.icmp in (1, 2, 3, 4) and one.source in self.own))

    def shoot(self, probes=None):
        """Sends them all and tells for each whether it arrived."""
        probes = self.probes if probes is None else probes
        since = time.time()
        for one in probes:
            self.send(one)
        # A ping to each machine, allowed in every rule set, follows the probes on the same wires.
        for host in ("h1", "h3", "h4"):
            self.lab.roles[host].ping({"h1": LAN0, "h3": LAN1, "h4": "2001:db8:4000::1"}[host])
        self.lab.cpe.ping(ISP_ADDRESS)
        self.lab.pause(0.4)
        seen = {wire: self.arrived(wire, since) for wire in self.wires}
        return {one.name: one.token in seen[one.wire] for one in probes}

    def answers(self, wire, probe, kind, code):
        """True when an ICMPv6 error about the probe came to that wire."""
        return any(one.icmp == kind and one.payload[1] == code and probe.token in one.raw
                   for one in self.wires[wire].packets(match=lambda one: not one.outgoing))


def each_backend(function):
    """Makes test_NAME_nft, test_NAME_ip6tables and test_NAME_ip6tables_legacy out of check_NAME, in
    the module of that function."""
    for backend in BACKENDS:
        def test(lab, chosen=backend):
            function(lab, FirewallHouse(lab, chosen))
        name = "test_firewall_%s_%s" % (function.__name__.removeprefix("check_"), backend.replace("-", "_"))
        test.__name__, test.__doc__ = name, function.__doc__
        test.limit = 180
        vars(test).update(vars(function))  # whatever other decorators have said
        function.__globals__[name] = test
    return function


# ---- contents: (source, destination, token) -> (next header, octets) ----

def udp_to(port, source_port=40000):
    return lambda source, destination, token: (17, udp(source, destination, source_port, port, token))


def tcp_octets(source, destination, source_port, port, flags, payload=b"", options=b"", sequence=1, acknowledge=0):
    size = 5 + len(options) // 4
    segment = struct.pack("!HHIIBBHHH", source_port, port, sequence, acknowledge, size << 4, flags, 64240, 0, 0) \
        + options + payload
    value = checksum(source, destination, 6, segment)
    return segment[:16] + struct.pack("!H", value) + segment[18:]


def tcp_to(port, flags=2, source_port=41000, options=b""):
    return lambda source, destination, token: (6, tcp_octets(source, destination, source_port, port, flags, token,
                                                             options))


def icmp(kind, code=0, quoted=b""):
    """`quoted`: the packet that an error is about; else something that matches no flow."""
    def make(source, destination, token):
        body = b"\0\0\5\0" if kind == 2 else b"\0\0\0\0" if kind < 128 else b"\x12\x34\0\1"
        about = quoted or (ipv6(destination, source, 17, udp(destination, source, 5, 6, token)) if kind < 128 else token)
        return 58, icmp6(source, destination, kind, code, body + about + token)
    return make


def raw(proto, head=b""):
    return lambda source, destination, token: (proto, head + token)


def ah(inner=59):
    # RFC 4302: next header, length in 32-bit words minus 2, SPI, sequence, 12 octets of check value.
    return lambda source, destination, token: (51, struct.pack("!BBHII", inner, 4, 0, 4097, 1) + b"\0" * 12 + token)


def esp(spi=5000):
    return lambda source, destination, token: (50, struct.pack("!II", spi, 1) + b"\0" * 12 + token)


def behind(kind, header, inner):
    """An extension header before `inner`; its first octet, the next header, is filled in here."""
    def make(source, destination, token):
        proto, octets = inner(source, destination, token)
        return kind, bytes([proto]) + header + octets
    return make


PADDING = b"\0\1\4\0\0\0\0"                    # of a hop-by-hop or destination options header of 8 octets
ATOMIC_FRAGMENT = b"\0\0\0\0\0\0\x09"


def routing(kind, address):
    import ipaddress
    return b"\2" + bytes([kind]) + b"\1" + b"\0\0\0\0" + ipaddress.IPv6Address(address).packed
