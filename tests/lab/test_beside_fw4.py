# SPDX-License-Identifier: Apache-2.0
"""Beside OpenWrt's firewall4 with flow offloading: what it takes past every rule ends all the same when ours refuse it."""
import itertools
import re
import socket
import struct
import threading
import time

from dhcp_clients import Dhclient
from firewall_house import tcp_octets
from lab import OTHER_POOL, SERVER, SLOW, limit, needs, require_tools
from scenario import final_checks, online, wait_delegated, wait_online
from test_coexistence import MARK, beside, check, configuration, known, look, marked, nft, serve, wait_said
from wire import TCP, UDP, inject, ipv6, udp

# What a rule set of fw4 consists of, as its templates make it of the configuration it comes with, for this house; and
# what one installs for us: a file for each of /usr/share/nftables.d/chain-pre/{input,forward}.
FW4 = """
table inet fw4
flush table inet fw4
%(before)s
table inet fw4 {
    flowtable ft {
        hook ingress priority 0;
        devices = { %(devices)s };
        counter;
    }
    ct helper ftp {
        type "ftp" protocol tcp;
    }
    ct helper sip {
        type "sip" protocol udp;
    }

    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        %(accept)s
        ct state vmap { established : accept, related : accept }
        tcp flags & (fin | syn | rst | ack) == syn jump syn_flood
        iifname { "lan0", "lan1" } jump input_lan
        iifname "wan0" jump input_wan
        jump handle_reject
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        meta l4proto { tcp, udp } flow add @ft
        %(accept)s
        ct state vmap { established : accept, related : accept }
        iifname { "lan0", "lan1" } jump forward_lan
        iifname "wan0" jump forward_wan
        jump handle_reject
    }
    chain output {
        type filter hook output priority filter; policy accept;
        oif "lo" accept
        ct state vmap { established : accept, related : accept }
        oifname { "lan0", "lan1" } jump output_lan
        oifname "wan0" jump output_wan
    }
    chain prerouting {
        type filter hook prerouting priority filter; policy accept;
        iifname { "lan0", "lan1" } jump helper_lan
    }
    chain handle_reject {
        meta l4proto tcp reject with tcp reset
        reject with icmpx type port-unreachable
    }
    chain syn_flood {
        limit rate 25/second burst 50 packets return
        drop
    }

    chain input_lan {
        jump accept_from_lan
    }
    chain output_lan {
        jump accept_to_lan
    }
    chain forward_lan {
        jump accept_to_wan
        jump accept_to_lan
    }
    chain helper_lan {
        meta l4proto tcp tcp dport 21 ct helper set "ftp"
        meta l4proto udp udp dport 5060 ct helper set "sip"
    }
    chain accept_from_lan {
        iifname { "lan0", "lan1" } counter accept
    }
    chain accept_to_lan {
        oifname { "lan0", "lan1" } counter accept
    }

    chain input_wan {
        meta nfproto ipv4 udp dport 68 counter accept
        icmp type echo-request counter accept
        meta nfproto ipv4 meta l4proto igmp counter accept
        ip6 daddr fe80::/10 udp dport 546 counter accept
        ip6 saddr fe80::/10 icmpv6 type . icmpv6 code { 130 . 0, 131 . 0, 132 . 0, 143 . 0 } counter accept
        icmpv6 type { 1, 3, 128, 129, 133, 134 } limit rate 1000/second counter accept
        icmpv6 type . icmpv6 code { 2 . 0, 4 . 0, 4 . 1, 135 . 0, 136 . 0 } limit rate 1000/second counter accept
        jump reject_from_wan
    }
    chain output_wan {
        jump accept_to_wan
    }
    chain forward_wan {
        icmpv6 type { 1, 3, 128, 129 } limit rate 1000/second counter accept
        icmpv6 type . icmpv6 code { 2 . 0, 4 . 0, 4 . 1 } limit rate 1000/second counter accept
        meta l4proto esp counter jump accept_to_lan
        udp dport 500 counter jump accept_to_lan
        jump drop_to_wan
    }
    chain accept_to_wan {
        meta nfproto ipv4 oifname "wan0" ct state invalid counter drop
        oifname "wan0" counter accept
    }
    chain reject_from_wan {
        iifname "wan0" counter jump handle_reject
    }
    chain drop_to_wan {
        oifname "wan0" counter drop
    }

    chain dstnat {
        type nat hook prerouting priority dstnat; policy accept;
    }
    chain srcnat {
        type nat hook postrouting priority srcnat; policy accept;
        oifname "wan0" jump srcnat_wan
    }
    chain srcnat_wan {
        meta nfproto ipv4 masquerade
    }

    chain raw_prerouting {
        type filter hook prerouting priority raw; policy accept;
    }
    chain raw_output {
        type filter hook output priority raw; policy accept;
    }

    chain mangle_prerouting {
        type filter hook prerouting priority mangle; policy accept;
    }
    chain mangle_postrouting {
        type filter hook postrouting priority mangle; policy accept;
        oifname "wan0" tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu
    }
    chain mangle_input {
        type filter hook input priority mangle; policy accept;
    }
    chain mangle_output {
        type route hook output priority mangle; policy accept;
    }
    chain mangle_forward {
        type filter hook forward priority mangle; policy accept;
        iifname "wan0" tcp flags & (fin | syn | rst) == syn tcp option maxseg size set rt mtu
    }
}
"""
ACCEPT = "meta mark & %#x == %#x accept" % (MARK, MARK)
# Of a bridge newer ones take the bridge, older ones its ports.
BRIDGE, PORTS = '"lan0", "lan1", "wan0"', '"lan0.h1", "lan0.h2", "lan1", "wan0"'
NAMES = {TCP: "tcp", UDP: "udp"}
BEFORE_RENEWAL = {"renew": 6, "rebind": 9, "preferred": 60, "valid": 120}
DOOR, OTHER_DOOR, SERVICE = 8086, 8080, 8090


def fw4(lab, devices=BRIDGE, accept=ACCEPT):
    """Starts it or, when it is there, what its reload does: everything anew in one step, the flow table too."""
    there = lab.cpe.run("nft", "list", "flowtable", "inet", "fw4", "ft", check=False).returncode == 0
    nft(lab, FW4 % {"devices": devices, "accept": accept, "before": "delete flowtable inet fw4 ft" if there else ""})


def doors(lab, *ports, exposed=True):
    """The configuration with these doors of h1's."""
    text = configuration(lab, MARK).replace("[%d]" % OTHER_DOOR, str([OTHER_DOOR, *ports]))
    return text if exposed else text.replace('zone = "exposed"', "")


def offloading(lab, devices, **options):
    """A house beside fw4, with another door; `options` are online's."""
    require_tools("nft", "conntrack")
    lab.house()
    house = online(lab, config=doors(lab, DOOR), **options)
    serve(lab)
    known(lab, house)
    fw4(lab, devices)
    return house


class Flow:
    """A connection on which both sides say something all the time, whether the other one answers or not."""

    def __init__(self, lab, kind, near, far, target, port, source=""):
        self.lab, self.kind, self.near, self.far, self.octets, self.ended = lab, kind, near, far, [0, 0], False
        self.speaks = [True, True]  # the near side, the far one
        self.socks = self.opened(target, port, source)
        lab.sockets += self.socks
        self.here, self.there = (one[:2] for one in (self.socks[0].getsockname(), self.socks[0].getpeername()))
        for index in (0, 1):
            for work in (self.send, self.read):
                threading.Thread(target=work, args=(index,), daemon=True).start()

    def opened(self, target, port, source):
        number = socket.SOCK_STREAM if self.kind == TCP else socket.SOCK_DGRAM

        def bound(address):
            sock = socket.socket(socket.AF_INET6, number)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            return sock
        far = self.far.call(bound, (target, port))
        near = self.near.call(bound, (source, 0))
        if self.kind == TCP:
            far.listen(1)
            near.settimeout(20)
            self.near.call(near.connect, (target, port))
            self.lab.sockets.append(far)
            far, _ = far.accept()
        else:
            self.near.call(near.connect, (target, port))
            self.far.call(far.connect, near.getsockname())
        near.settimeout(None)
        return [near, far]

    def send(self, index):
        while not self.ended:
            try:
                if self.speaks[index]:
                    self.socks[index].send(bytes(100))
            except OSError:
                if self.kind == TCP or self.socks[index].fileno() < 0:
                    return  # of UDP it is an ICMPv6 error, and the next one may pass
            time.sleep(0.2)  # those who record it are to keep up

    def read(self, index):
        while not self.ended:
            try:
                got = self.socks[index].recv(65536)
                if not got:
                    return
                self.octets[index] += len(got)
            except OSError:
                if self.kind == TCP or self.socks[index].fileno() < 0:
                    return

    def goes_on(self):
        """Something new comes from whoever speaks."""
        before = list(self.octets)
        self.lab.until("%s goes on" % self, lambda: all(
            now > then + 300 or not speaks for now, then, speaks in zip(self.octets, before, self.speaks[::-1])), 15)

    def entry(self):
        """What connection tracking says of it."""
        (source, source_port), (target, port) = self.here, self.there
        return self.lab.cpe.run("conntrack", "-L", "-f", "ipv6", "-p", NAMES[self.kind], "-s", source, "--sport", source_port,
                                "-d", target, "--dport", port, check=False).stdout

    def offloaded(self):
        self.lab.until("%s is offloaded" % self, lambda: "[OFFLOAD]" in self.entry(), 15)
        return self

    def __str__(self):
        return "%s %s to %s" % (NAMES[self.kind], self.here, self.there)


def packet_of(flow, near, token):
    """A packet of the flow from its near or its far side, which no window knows."""
    (source, source_port), (target, port) = (flow.here, flow.there) if near else (flow.there, flow.here)
    octets = tcp_octets(source, target, source_port, port, 0x10, token, sequence=77) if flow.kind == TCP \
        else udp(source, target, source_port, port, token)
    return ipv6(source, target, flow.kind, octets)


class Probe:
    """Puts packets of flows before the router, on either side, and looks for them on the other one."""

    def __init__(self, lab):
        self.lab, self.tokens = lab, itertools.count(1)
        self.outside = (lab.isp, "isp0", lab.cpe.mac("wan0"))
        self.wires = {"isp": lab.wan, "h1": lab.lan0, "h3": lab.lan1}
        self.macs = {"h1": lab.cpe.mac("lan0"), "h3": lab.cpe.mac("lan1")}

    def passes(self, flow, times=3):
        """[from the near side, from the far side], of those that speak: whether one of a few packets came through."""
        since, sent = time.time(), {}
        for near in (side for side, speaks in zip((True, False), flow.speaks) if speaks):
            sender, receiver = (flow.near, flow.far) if near else (flow.far, flow.near)
            namespace, interface, mac = (sender, "eth0", self.macs[sender.role]) if sender.role in self.macs else self.outside
            wire = self.wires[receiver.role if receiver.role in self.macs else "isp"]
            tokens = [b"fw4probe" + struct.pack("!Q", next(self.tokens)) for _ in range(times)]
            for token in tokens:
                inject(namespace, interface, packet_of(flow, near, token), mac)
            sent[near] = (wire, tokens)

        def came(near):
            wire, tokens = sent[near]
            return bool(wire.packets(since, match=lambda one: not one.outgoing and one.payload[-16:] in tokens))
        end = time.monotonic() + SLOW
        while time.monotonic() < end and not all(map(came, sent)):
            time.sleep(0.05)
        return list(map(came, sent))


def judged(lab):
    """How many packets our forward chain has let pass because they belong to a flow."""
    text = lab.cpe.run("nft", "list", "chain", "ip6", "sixgate", "forward").stdout
    return int(re.search(r"ct state established,related counter packets (\d+)", text)[1])


def check_bypasses(lab, probe, flows):
    """The flows are in the flow table: our rules see next to nothing of them, for a change of a route alone takes flows out
    for a moment, and what is in no window passes."""
    for flow in flows:
        flow.offloaded().goes_on()

    def unseen():
        before, octets = judged(lab), sum(sum(flow.octets) for flow in flows)
        for flow in flows:
            flow.goes_on()
        return (judged(lab) - before) * 400 < sum(sum(flow.octets) for flow in flows) - octets
    lab.until("our rules see not a fourth of what the flows say", unseen, 30)
    for flow in flows:
        lab.until("the flow table takes anything of %s" % flow, lambda: all(probe.passes(flow)), 15)


def wait_ended(lab, probe, flow, since):
    """Within seconds not one packet of it passes any more, and none later."""
    lab.until("nothing of %s passes" % flow, lambda: not any(probe.passes(flow)), 10)
    lab.check("[OFFLOAD]" not in flow.entry(), "offloaded: " + flow.entry())
    ends = flow.here, flow.there
    last = max((one.time for role in (flow.near, flow.far) for one in probe.wires.get(role.role, lab.beyond).packets(
        since, match=lambda one: not one.outgoing and one.proto == flow.kind and not is_reset(one) and (
            (one.source, one.ports[0]), (one.destination, one.ports[1])) in (ends, ends[::-1]))), default=since)
    print("%s: over after %.2f s" % (flow, last - since))
    lab.check(last - since < 4 * SLOW, "%s: over after %.2f s" % (flow, last - since))
    before = list(flow.octets)
    lab.check(not any(probe.passes(flow)) and flow.octets == before, "%s came back" % flow)


def is_reset(packet):
    """The router's answer, in the other side's name, is none of the flow."""
    return packet.proto == TCP and packet.payload[13] & 4


def old_internet(lab):
    """IPv4 as well, which is the other's alone: nobody beyond knows the addresses inside."""
    for role, interface, address in (
            ("net", "eth0", "192.0.2.80/24"), ("isp", "core0", "192.0.2.1/24"), ("isp", "isp0", "198.51.100.1/24"),
            ("cpe", "wan0", "198.51.100.2/24"), ("cpe", "lan0", "10.6.0.1/24"), ("h1", "eth0", "10.6.0.11/24")):
        lab.roles[role].ip("address", "add", address, "dev", interface)
    for role, gateway in (("net", "192.0.2.1"), ("cpe", "198.51.100.1"), ("h1", "10.6.0.1")):
        lab.roles[role].ip("route", "add", "default", "via", gateway)
    for role in ("isp", "cpe"):
        lab.roles[role].sysctl("net.ipv4.ip_forward", 1)


@needs("flowtable")
@limit(240)
def test_beside_fw4(lab):
    """Without the mark it refuses, and status says so; with one static rule for it everything is as without fw4: through
    its reload, its end and its start, empty tables of neighbours and our kill -9."""
    house = beside(lab)
    old_internet(lab)
    fw4(lab, accept="")
    wrong = [what for what, right in look(lab, house) if not right]
    lab.check({"the door", "the exposed host"} <= set(wrong), "fw4 refuses nothing: %s" % wrong)
    lab.check({"hosts open TCP", "no other port", "no other host", "for those inside"}.isdisjoint(wrong), wrong)
    wait_said(lab, house, "inet fw4 forward", "inet fw4 input")
    texts = []

    def helped():
        """What others' tables do is asked for by a program, which may take too long on a busy machine."""
        texts.append(house.sixgated.cli_run("status").stdout)
        return "accept_mark" in texts[-1]
    lab.until("status says what helps", helped, 20)
    lab.check("calls invalid" not in texts[-1], texts[-1])
    marked(lab, house)
    fw4(lab)
    check(lab, house, "with the mark")
    lab.check(lab.h1.tcp("::ffff:192.0.2.80", SERVICE) == "open", "IPv4 is no longer translated")
    text = house.sixgated.cli_run("status").stdout
    lab.check("fw4" not in text and "drops what none" not in text, text)
    for machine, interface in ((lab.cpe, "lan0"), (lab.cpe, "wan0"), (lab.h1, "eth0")):
        machine.ip("-6", "neigh", "flush", "dev", interface)
    check(lab, house, "with empty tables of neighbours")
    # What goes through the helpers is never offloaded, and passes.
    lab.net.serve(tcp=[21], udp=[5060])
    lab.check(lab.h1.tcp(SERVER, 21) == "open" and lab.h1.udp(SERVER, 5060) == "open", "the helpers' ports")
    client = Dhclient(lab, lab.h2, ask=["-S"]).start()
    lab.until("h2 is told the resolvers by DHCPv6", lambda: client.settings().get("new_dhcp6_name_servers"), 20)
    fw4(lab)
    check(lab, house, "after a reload of fw4")
    house.sixgated.kill()
    house.sixgated.start()
    check(lab, house, "after kill -9")
    # Everybody's tables, ours too, which comes back.
    lab.cpe.run("nft", "flush", "ruleset")
    fw4(lab)
    lab.until("our table is back", lambda: "meta mark set" in lab.cpe.run(
        "nft", "list", "table", "ip6", "sixgate", check=False).stdout, 10)
    check(lab, house, "after fw4's flush and start")
    final_checks(lab)


@needs("flowtable")
@limit(240)
def test_beside_fw4_offloaded_flows_end(lab):
    """A flow that came through a door is in the flow table, where no rule sees it: it ends with its door, and one to an
    exposed host with the zone, though sixgated was away when it went; others go on, also through a reload of fw4."""
    house = offloading(lab, BRIDGE)
    h1, h3 = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h3"))
    probe = Probe(lab)
    door = Flow(lab, TCP, lab.net, lab.h1, h1, DOOR)
    exposed = Flow(lab, TCP, lab.net, lab.h3, h3, 8083)
    out, out_udp = Flow(lab, TCP, lab.h1, lab.net, SERVER, 8092), Flow(lab, UDP, lab.h1, lab.net, SERVER, 8093)
    across = Flow(lab, TCP, lab.h1, lab.h3, h3, 8085)
    flows = [door, exposed, out, out_udp, across]
    check_bypasses(lab, probe, flows)
    # Through fw4's reload, and through one of ours that takes nothing away.
    fw4(lab)
    house.sixgated.write(doors(lab, DOOR, 8099))
    house.sixgated.reload()
    house.sixgated.process.wait_log("configuration changed")
    check_bypasses(lab, probe, flows)

    house.sixgated.write(doors(lab, 8099))
    since = time.time()
    house.sixgated.reload()
    wait_ended(lab, probe, door, since)
    house.sixgated.process.wait_log("open connections ended")
    rest = flows[1:]
    check_bypasses(lab, probe, rest)
    # Rules alone do nothing to them: without sixgated they go on, though what let them in is gone, and nothing else passes.
    house.radvd.kill()  # what an advertisement changes takes flows out, and then they are dropped
    house.sixgated.kill()
    for flow in rest:
        flow.goes_on()
        flow.offloaded()
    lab.cpe.run("nft", "delete", "element", "ip6", "sixgate", "exposed", '{ "lan1" }')
    lab.cpe.run("nft", "insert", "rule", "inet", "fw4", "forward", "drop")
    lab.check("open" not in (lab.net.tcp(h3, 8081, timeout=1), lab.h2.tcp(SERVER, SERVICE, timeout=1)), "something passes")
    for flow in rest:
        flow.goes_on()
        lab.check(all(probe.passes(flow)), "%s ended by itself" % flow)
    fw4(lab)
    house.radvd.start()
    house.sixgated.write(doors(lab, 8099, exposed=False))
    since = time.time()
    house.sixgated.start()
    wait_ended(lab, probe, exposed, since)
    for flow in (out, out_udp, across):
        flow.offloaded().goes_on()
    for flow in flows:
        flow.ended = True
    final_checks(lab)


@needs("flowtable")
@limit(240)
def test_beside_fw4_offloaded_flows_end_with_their_prefix(lab):
    """The ISP renumbers: what is in the flow table with an address of the old prefix ends, whoever began it and whichever
    side speaks; a local one between the LANs goes on."""
    house = offloading(lab, PORTS, server_options=BEFORE_RENEWAL)
    old = house.prefix
    h1, h3 = (lab.roles[role].address_in(old) for role in ("h1", "h3"))
    probe = Probe(lab)
    flows = [Flow(lab, TCP, lab.net, lab.h1, h1, DOOR), Flow(lab, UDP, lab.net, lab.h3, h3, 8084),
             Flow(lab, TCP, lab.h1, lab.net, SERVER, 8092, h1), Flow(lab, UDP, lab.h1, lab.net, SERVER, 8093, h1)]
    local = "fc00::/7"
    across = Flow(lab, TCP, lab.h1, lab.h3, lab.h3.address_in(local), 8085, lab.h1.address_in(local))
    # A route that goes takes out of the table what is sent along it; not what comes to a port of a bridge, when its host is
    # silent.
    stream = Flow(lab, UDP, lab.h1, lab.net, SERVER, 8095, h1).offloaded()
    stream.speaks[0] = False
    flows.append(stream)
    check_bypasses(lab, probe, [*flows, across])
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    reply = lab.wan.wait_dhcp("Reply", lambda one: any(new == prefix for prefix, _, valid in one.delegated() if valid),
                              since=since)
    # The ISP may not have heard yet that the prefix is another's.
    lab.isp.ip("-6", "route", "replace", old, "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    for flow in flows:
        wait_ended(lab, probe, flow, reply.time)
    wait_online(lab, new)
    lab.until("the door's new address", lambda: lab.net.tcp(lab.h1.address_in(new), OTHER_DOOR, timeout=1) == "open", 20)
    fresh = Flow(lab, TCP, lab.h1, lab.net, SERVER, 8094, lab.h1.address_in(new))
    check_bypasses(lab, probe, [across, fresh])
    for flow in (*flows, across, fresh):
        flow.ended = True
    final_checks(lab)
