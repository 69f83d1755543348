# SPDX-License-Identifier: Apache-2.0
"""The baseline of the firewall against real traffic, each test on nftables and on both variants of ip6tables."""
import json
import os
import re
import socket
import struct
import threading
import time
from random import Random

import firewall_house
from firewall_house import (ATOMIC_FRAGMENT, DELEGATED, H1, H1_ULA, H2, H3, H3_ULA, LAN0, LAN1, NET, OLD, PADDING, PEER,
                            UNASSIGNED, WAN, FirewallHouse, Rules, ah, behind, each_backend, esp, icmp, raw, routing, tcp_octets,
                            tcp_to, udp_to)
from lab import ISP_ADDRESS, SLOW, limit, needs, proves
from peers import nmap
from wire import inject, ipv6, udp

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "firewall")


def judge(lab, house, kernel_too=()):
    """Without rules each probe does what the kernel alone does, with them what it is expected to do. A row fails when one
    of its probes does, and proves nothing when its probes were stopped by something else."""
    control = house.shoot()
    wrong = ["without rules %s %s" % (one.name, "came" if control[one.name] else "did not come")
             for one in house.probes if control[one.name] != one.control]
    house.apply(Rules())
    found = house.shoot()
    rows = {}
    for one in house.probes:
        good = found[one.name] == one.expected
        if not good:
            wrong.append("%s %s" % (one.name, "came" if found[one.name] else "did not come"))
        for row in (one.row or "").split():
            rows.setdefault(row, []).append((one.name, good))
    for row, results in rows.items():
        bad = [name for name, good in results if not good]
        lab.row(row, not bad, ", ".join(bad))
    lab.check(not wrong, "\n".join(wrong))


@each_backend
@proves("7084-S-1", "6092-REC-1", "6092-REC-2", "6092-REC-3", "6092-REC-4", "6092-REC-6", "6092-REC-10", "6092-REC-21",
        "6092-REC-22", "6092-REC-24", "6092-REC-26", "4890-02", "4890-03", "4890-04")
def check_from_the_internet(lab, house):
    """What unsolicited packets from the WAN reach: a protected host, an exposed host, nobody."""
    def to(name, content, host="h1", expected=False, source=NET, destination=None, **more):
        target = destination or {"h1": H1, "h3": H3}[host]
        house.probe("%s to %s" % (name, host), "isp", source, target, content, host, expected, **more)
    plain = udp_to(7777)
    for name, content, row in (
            ("tcp syn", tcp_to(22), "7084-S-1"), ("tcp ack", tcp_to(22, 16), "7084-S-1"),
            ("tcp rst", tcp_to(22, 4), "7084-S-1"), ("udp", plain, "7084-S-1"), ("udp-lite", raw(136, b"\x1e\x61\x1e\x61\0\0\0\0"), None),
            ("sctp", raw(132, b"\x1e\x61\x1e\x61\0\0\0\0\0\0\0\0\1\0\0\4"), None), ("protocol 253", raw(253), None),
            ("6in6", raw(41), None), ("no next header", raw(59), None),
            ("hop-by-hop", behind(0, PADDING, plain), None), ("destination options", behind(60, PADDING, plain), None),
            ("routing header 2", behind(43, routing(2, H1), plain), None),
            ("atomic fragment", behind(44, ATOMIC_FRAGMENT, plain), None)):
        to(name, content, row=row)
    for name, content, row in (("ah", ah(), "6092-REC-21"), ("esp", esp(), "6092-REC-22"),
                               ("ike", udp_to(500, 500), "6092-REC-24"), ("hip", raw(139), "6092-REC-26"),
                               ("ah before a tcp rst", behind_ah(tcp_to(22, 4)), "6092-REC-21"),
                               ("echo request", icmp(128), "4890-02")):
        to(name, content, expected=True, row=row)
    for kind, expected, row in ((1, False, "6092-REC-10"), (2, False, "6092-REC-10"), (3, True, "4890-03"), (4, True, "4890-03"),
                                (127, False, "4890-04"), (137, False, None), (138, False, "4890-04"),
                                (139, False, "4890-04"), (140, False, "4890-04"), (144, True, "4890-03"), (145, True, "4890-03"),
                                (146, True, "4890-03"), (147, True, "4890-03"), (150, False, None),
                                (200, False, "4890-04"), (201, False, "4890-04"), (255, False, "4890-04")):
        to("icmp %d" % kind, icmp(kind), expected=expected, row=row)
    to("icmp 138 to the exposed", icmp(138), "h3", row="4890-04")
    to("tcp syn", tcp_to(22), "h3", expected=True)
    to("udp", plain, "h3", expected=True)
    to("protocol 253", raw(253), "h3", expected=True)
    # What may not even reach the exposed LAN. The kernel itself refuses some sources and destinations.
    to("routing header 0", behind(43, routing(0, H3), plain), "h3", row="6092-REC-4")
    to("routing header 0", behind(43, routing(0, H1), plain), "h1", row="6092-REC-4")
    for source, kernel, row in (("ff0e::1", False, "6092-REC-1"), ("fec0::1", True, "6092-REC-3"),
                                ("::ffff:192.0.2.1", True, "6092-REC-3"), ("::192.0.2.1", True, "6092-REC-3"),
                                ("2001:10::1", True, "6092-REC-3"), ("3fff::1", True, "6092-REC-3"),
                                ("fd99::1", True, None), ("::1", False, "6092-REC-3"), ("::", False, None),
                                (H1, True, "6092-REC-6"), (H3, True, "6092-REC-6"), (UNASSIGNED, True, "6092-REC-6")):
        to("udp from " + source, plain, "h3", source=source, control=kernel, row=row)
    to("udp to ULA", plain, "h3", destination=H3_ULA)
    for scope in (2, 5, 8):
        to("multicast scope %d" % scope, plain, "h3", destination="ff0%d::1234" % scope, control=False,
           row="6092-REC-2")
    judge(lab, house)


def behind_ah(inner):
    def make(source, destination, token):
        proto, octets = inner(source, destination, token)
        return 51, ah(proto)(source, destination, b"")[1] + octets
    return make


@each_backend
@proves("6092-REC-2", "6092-REC-3", "6092-REC-4", "6092-REC-5", "6092-REC-7", "7084-S-2", "7084-ULA-4", "7084-L-14",
        "7084-WPD-5", "7084-WPD-5a", "9762-07")
def check_to_the_internet(lab, house):
    """Sources and destinations that never leave, and the errors that say so."""
    plain = udp_to(7777)

    def out(name, source, destination=NET, expected=False, sender="h1", content=plain, **more):
        house.probe(name, sender, source, destination, content, "isp", expected, **more)
    out("own source", H1, expected=True)
    out("own source of the exposed LAN", H3, expected=True, sender="h3")
    out("foreign source", "2001:db8:bad::1", row="6092-REC-5 7084-S-2")
    out("source of the other LAN", H3, row="7084-S-2")
    out("unassigned source", UNASSIGNED, row="6092-REC-5")
    out("invalidated source", OLD, row="7084-L-14")
    out("ULA source", H1_ULA, row="7084-ULA-4 6092-REC-7")
    out("foreign ULA source", "fd99::1", row="7084-ULA-4")
    out("the router's own source", WAN)
    out("site-local source", "fec0::1", row="6092-REC-3")
    out("mapped source", "::ffff:192.0.2.1", row="6092-REC-3")
    for source in ("::1", "ff0e::1", "::", "fe80::1"):
        out("source " + source, source, control=False)
    out("ULA destination", H1, "fd99::1", row="7084-ULA-4 6092-REC-7")
    out("site-local destination", H1, "fec0::1", row="6092-REC-3")
    out("ORCHID destination", H1, "2001:10::1", row="6092-REC-3")
    out("documentation destination", H1, "3fff::1", row="6092-REC-3")
    out("mapped destination", H1, "::ffff:192.0.2.1", row="6092-REC-3")
    out("organization multicast", H1, "ff08::1234", control=False, row="6092-REC-2")
    out("routing header 0", H1, content=behind(43, routing(0, NET), plain), row="6092-REC-4")
    out("unassigned destination", H1, UNASSIGNED, row="7084-WPD-5 9762-07")
    out("unassigned destination from outside", NET, UNASSIGNED, sender="isp", row="7084-WPD-5 9762-07")
    out("neighbour solicitation", H1, content=icmp(135), row="")
    out("node information", H1, content=icmp(139))
    out("protocol not ours", firewall_house.H4, sender="h4", expected=True)
    house.probe("begun towards what is not ours", "isp", NET, firewall_house.H4, plain, "h4", False)
    for kind, content in (("datagram", plain), ("ping", icmp(128))):
        house.probe("a %s to what is not ours" % kind, "h1", H1, firewall_house.H4, content, "h4", True)
        house.probe("a %s to what is not ours, of who may not manage us" % kind, "h3", H3, firewall_house.H4, content, "h4", False)
    # What is for one link alone is routed by nobody, whatever its hop limit was.
    for kind in (130, 143, 151):
        for source in (H1, "2001:db8:bad::1"):
            house.probe("type %d from %s to another LAN" % (kind, source), "h1", source, H3, icmp(kind), "h3", False, hop_limit=2)
    judge(lab, house)
    lab.check(lab.roles["h4"].ping(NET), "what is not ours hears no answers")
    # Nor does the router itself, whatever a program of it was bound to.
    own = "fd00:6:0:1::1"
    lab.check(not lab.cpe.ping(NET, source=own), "the router pings with a ULA")
    lab.check(not house.wires["isp"].packets(match=lambda one: str(one.source) == own), "the router's ULA leaves")
    lab.check(lab.cpe.ping(H1_ULA, source=own), "the router's ULA is of no use at home")
    by_name = {one.name: one for one in house.probes}
    for row, wire, name, code in (("7084-L-14", "h1", "invalidated source", 5), ("7084-ULA-4", "h1", "ULA source", 5),
                                  ("7084-ULA-4", "h1", "ULA destination", 0),
                                  ("7084-WPD-5a", "h1", "unassigned destination", 0),
                                  ("7084-WPD-5a", "isp", "unassigned destination from outside", 0)):
        told = house.answers(wire, by_name[name], 1, code)
        lab.row(row, told, "no code %d about: %s" % (code, name))
        lab.check(told, "no ICMPv6 type 1 code %d about: %s" % (code, name))
    # Whose address a host forged hears nothing of it.
    strangers = house.wires["isp"].packets(match=lambda one: not one.outgoing and one.icmp == 1 and one.payload[1] == 5)
    lab.check(not strangers, "ICMPv6 type 1 code 5 to %s" % strangers[:3])


@each_backend
@proves("7084-G-3")
def check_before_provisioning(lab, house):
    """Nothing crosses before address and prefix are there; the LANs and what is not ours go on."""
    house.probe("out", "h1", H1, NET, udp_to(7777), "isp", False)
    house.probe("ping out", "h1", H1, NET, icmp(128), "isp", False)
    house.probe("in to the exposed", "isp", NET, H3, udp_to(7777), "h3", False)
    house.probe("esp in", "isp", NET, H1, esp(), "h1", False)
    house.probe("between LANs", "h1", H1_ULA, H3_ULA, udp_to(7777), "h3", True)
    house.probe("not ours out", "h4", firewall_house.H4, NET, udp_to(7777), "isp", True)
    control = house.shoot()
    lab.check(all(control.values()), "without rules did not come: %s" % control)
    answer = house.give(Rules(provisioned=False))
    lab.check(answer.startswith("ok"), answer)
    found = house.shoot()
    wrong = [one.name for one in house.probes if found[one.name] != one.expected]
    lab.check(lab.h1.ping(LAN0), "a host does not reach its router")
    lab.check(lab.cpe.ping(ISP_ADDRESS), "the router does not reach the ISP")
    house.apply(Rules())
    after = house.shoot()
    wrong += ["%s, once provisioned" % name for name, came in after.items() if not came]
    lab.row("7084-G-3", not wrong, ", ".join(wrong))
    lab.check(not wrong, "wrong: " + ", ".join(wrong))


@each_backend
@proves("6092-REC-8", "6092-REC-9", "6092-REC-50", "4890-05", "4890-08", "6092-REC-49")
def check_the_router_itself(lab, house):
    """No service on the WAN, DNS alone for the exposed, everything for the protected; ND and DHCPv6 without conntrack."""
    house.apply(Rules())
    lab.cpe.serve(tcp=[22, 53, 80], udp=[53])
    lab.h3.serve(tcp=[22])
    lab.h1.serve(tcp=[22])
    open_, states = [], {}
    for target in (WAN, LAN0, LAN1):
        states[target] = nmap(lab.net, target, [22, 53, 80, 443, 547]) or {}
        open_ += ["%s tcp/%d" % (target, port) for port, state in states[target].items() if state != "filtered"]
        lab.check(lab.net.ping(target), "ping to %s is not answered" % target)
    lab.row("6092-REC-50", not open_ and all(states.values()), ", ".join(open_) or str(states))
    dns = [target for target in (WAN, LAN0, LAN1) if lab.net.udp(target, 53) == "open" or lab.net.tcp(target, 53, 1) == "open"]
    lab.row("6092-REC-8", not dns, "DNS at " + ", ".join(dns))
    lab.check(not dns and not open_, "the WAN reaches %s %s" % (dns, open_))
    lab.check(lab.h1.udp(LAN0, 53) == "open" and lab.h1.tcp(LAN0, 22) == "open", "the protected LAN does not reach us")
    lab.check(lab.h3.udp(LAN1, 53) == "open" and lab.h3.tcp(LAN1, 53) == "open", "no DNS for exposed hosts")
    lab.check(lab.h3.tcp(LAN1, 22) == "unreachable" and lab.h3.tcp(LAN0, 22) == "unreachable", "exposed hosts may manage us")
    protected = nmap(lab.net, H1, [22, 80])
    lab.check(protected == {22: "filtered", 80: "filtered"}, "nmap sees the protected host: %s" % protected)
    exposed = nmap(lab.net, H3, [22, 80])
    lab.row("6092-REC-49", exposed == {22: "open", 80: "closed"}, "nmap sees the exposed host: %s" % exposed)
    lab.check(exposed == {22: "open", 80: "closed"}, "nmap sees the exposed host: %s" % exposed)
    # The same of other transports. IKE, ESP, HIP and ping come to the protected host: "closed" is its own answer.
    for how, wanted in (("-sU", {53: "filtered", 500: "closed", 7000: "filtered"}), ("-sY", {22: "filtered", 80: "filtered"}),
                        ("-sO", {6: "open|filtered", 50: "closed", 58: "open", 132: "open|filtered", 139: "closed",
                                 253: "open|filtered"})):
        seen = nmap(lab.net, H1, wanted, how)
        lab.check(seen == wanted, "nmap %s sees the protected host: %s" % (how, seen))
    for how, wanted in (("-sU", {53: "closed", 500: "closed", 7000: "closed"}),
                        ("-sO", {6: "open", 17: "open", 50: "closed", 58: "open", 132: "closed", 253: "closed"})):
        seen = nmap(lab.net, H3, wanted, how)
        lab.check(seen == wanted, "nmap %s sees the exposed host: %s" % (how, seen))
    # Neighbour discovery, with nothing remembered and INVALID dropped.
    for namespace in (lab.cpe, lab.h1, lab.isp):
        for interface in namespace.links():
            namespace.ip("-6", "neigh", "flush", "dev", interface)
    reached = {name: namespace.ping(target, wait=2, source=source) for name, namespace, target, source in (
        ("h1 to net", lab.h1, NET, H1), ("net to h1", lab.net, H1, NET), ("net to h3", lab.net, H3, NET))}
    group = lab.cpe.run("ping", "-6", "-n", "-c", "1", "-W", "2", "ff02::1%wan0", check=False)
    lab.row("4890-05", all(reached.values()) and group.returncode == 0, "neighbours: %s; ping ff02::1: %s" % (reached, group.stdout))
    lab.check(all(reached.values()) and group.returncode == 0, "Neighbor Discovery or the answer to a multicast ping fails")
    # DHCPv6: what comes to a socket of the router.
    came = {}

    def listen(port):
        sock = lab.cpe.call(bound, port)
        lab.sockets.append(sock)
        came[port] = got = []

        def work():
            while True:
                try:
                    got.append(sock.recv(2048))
                except TimeoutError:
                    continue
                except OSError:
                    return
        threading.Thread(target=work, daemon=True).start()
    for port in (546, 547):
        listen(port)
    wan, lan, isp = lab.cpe.link_local("wan0"), lab.cpe.link_local("lan0"), lab.isp.link_local("isp0")
    host = lab.h1.link_local("eth0")
    mac = {"wan0": lab.cpe.mac("wan0"), "lan0": lab.cpe.mac("lan0")}
    for name, sender, interface, source, target, ports, to_mac in (
            (b"answer from a high port", lab.isp, "isp0", isp, wan, (50000, 546), mac["wan0"]),
            (b"answer from a relay", lab.isp, "isp0", "fe80::99", wan, (547, 546), mac["wan0"]),
            (b"answer to the global address", lab.isp, "isp0", NET, WAN, (547, 546), mac["wan0"]),
            (b"solicit of a host", lab.h1, "eth0", host, "ff02::1:2", (546, 547), "33:33:00:01:00:02"),
            (b"request of a host", lab.h1, "eth0", host, lan, (546, 547), mac["lan0"]),
            (b"solicit on the wan", lab.isp, "isp0", isp, "ff02::1:2", (546, 547), "33:33:00:01:00:02"),
            (b"request on the wan", lab.isp, "isp0", isp, wan, (546, 547), mac["wan0"]),
            (b"global request on the wan", lab.isp, "isp0", NET, LAN0, (546, 547), mac["wan0"])):
        inject(sender, interface, ipv6(source, target, 17, udp(source, target, *ports, name), 64), to_mac)
    lab.until("the last of a host came", lambda: b"request of a host" in came[547], 5)
    lab.pause(0.3)
    client = sorted(came[546]) == [b"answer from a high port", b"answer from a relay"]
    server = set(came[547]) == {b"solicit of a host", b"request of a host"} or set(came[547]) == {b"request of a host"}
    lab.row("4890-08", client and server, "546: %s, 547: %s" % (came[546], came[547]))
    lab.row("6092-REC-9", not any(b"wan" in one for one in came[547]), came[547])
    lab.check(client and server, "546: %s, 547: %s" % (came[546], came[547]))
    tracked = [one for one in lab.cpe.run("conntrack", "-L", "-f", "ipv6", check=False).stdout.splitlines()
               if "dport=546 " in one or "dport=547 " in one and "src=fe80" in one and host in one]
    lab.check(not tracked, "DHCPv6 is tracked: %s" % tracked)
    # Our own ULA is no source of the WAN's, as an answer in a flow neither.
    house.apply(Rules(delegated=(firewall_house.DELEGATED, "fd00:6::/48")))
    ula, query = "fd00:6:0:1::1", (40001, 53)
    for sender, interface, gate, name in ((lab.h1, "eth0", mac["lan0"], b"of the host"),
                                          (lab.isp, "isp0", mac["wan0"], b"of the WAN"),
                                          (lab.h1, "eth0", mac["lan0"], b"the last")):
        inject(sender, interface, ipv6(H1_ULA, ula, 17, udp(H1_ULA, ula, *query, name), 64), gate)
        if sender is lab.h1:
            lab.until("it is answered", lambda: any(name in one.raw for one in house.wires["h1"].packets(
                match=lambda one: str(one.source) == ula)), 5)
    lab.check(not [one for one in house.wires["h1"].packets() if b"of the WAN" in one.raw], "our ULA is let in from the WAN")
    lab.check(lab.h3.tcp(H1, 22) == "unreachable", "an exposed host opens to a protected one")
    lab.check(lab.h3.tcp(H1_ULA, 22, source=H3_ULA) == "unreachable", "... over ULA")
    lab.check(lab.h1.tcp(H3, 22) == "open" and lab.h1.tcp(H3_ULA, 22, source=H1_ULA) == "open", "protected to exposed")
    lab.check(lab.net.tcp(H3, 22) == "open" and lab.net.tcp(H1, 22, 1) == "silent", "from the Internet")


def bound(port):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", port))
    index = socket.if_nametoindex("lan0")
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff02::1:2")
                    + struct.pack("@I", index))
    sock.settimeout(0.5)
    return sock


@each_backend
@proves("6092-REC-18", "6092-REC-19", "6092-REC-23", "6092-REC-25", "6092-REC-36", "6092-REC-37", "4890-01")
def check_flows_of_the_inside(lab, house):
    """What answers a flow comes in, errors about it too, and no error ends it. Segments fit the uplink."""
    house.apply(Rules())
    flow_udp = ipv6(H1, PEER, 17, udp(H1, PEER, 42000, 42001, b"start"), 63)
    flow_tcp = ipv6(H1, PEER, 6, tcp_octets(H1, PEER, 43000, 43001, 2), 63)
    flow_esp = ipv6(H1, PEER, 50, esp(77)(H1, PEER, b"start")[1], 63)
    for packet in (flow_udp, flow_tcp, flow_esp):
        inject(lab.h1, "eth0", packet[:7] + b"\x40" + packet[8:], house.gates["h1"][1])
    lab.pause(0.2)

    def back(name, content, row, source=PEER):
        house.probe(name, "isp", source, H1, content, "h1", True, row=row)
    for row, packet, what in (("6092-REC-18", flow_udp, "udp"), ("6092-REC-36", flow_tcp, "tcp"),
                              ("6092-REC-23", flow_esp, "esp")):
        back("unreachable about " + what, icmp(1, 4, packet), row + " 4890-01")
        back("too big about " + what, icmp(2, 0, packet), row + " 4890-01")
        back("time exceeded about " + what, icmp(3, 0, packet), "4890-01", source="2001:db8:9::9")
        back("problem about " + what, icmp(4, 1, packet), "4890-01", source="2001:db8:9::9")
    back("udp answer after errors", udp_to(42000, 42001), "6092-REC-19")
    back("tcp answer after errors", lambda source, destination, token: (6, tcp_octets(
        source, destination, 43001, 43000, 0x12, token, sequence=9, acknowledge=2)), "6092-REC-37")
    back("esp with another index", esp(78), "6092-REC-25")
    house.probe("udp from another port", "isp", PEER, H1, udp_to(42000, 42002), "h1", False)
    found = house.shoot()
    rows = {}
    for one in house.probes:
        for row in (one.row or "").split():
            rows.setdefault(row, []).append(None if found[one.name] == one.expected else one.name)
    for row, bad in rows.items():
        lab.row(row, not any(bad), bad)
    wrong = [one.name for one in house.probes if found[one.name] != one.expected]
    lab.check(not wrong, "wrong: " + ", ".join(wrong))
    # A middle without a beginning goes on, unless something was shut: then it is refused, and the host told by a reset.
    lab.cpe.ip("link", "set", "wan0", "mtu", "1400")
    token = b"a flow of before"
    inject(lab.h1, "eth0", ipv6(H1, NET, 6, tcp_octets(H1, NET, 44002, 44003, 0x10, token)), house.gates["h1"][1])
    lab.until("the flow goes on", lambda: token in house.arrived("isp"), 5)
    house.apply(Rules(refuse_middles=True))
    token = b"middle of a flow"
    inject(lab.h1, "eth0", ipv6(H1, NET, 6, tcp_octets(H1, NET, 44000, 44001, 0x10, token)), house.gates["h1"][1])
    lab.until("a reset comes to the host", lambda: house.wires["h1"].packets(
        match=lambda one: not one.outgoing and one.ports == (44001, 44000) and one.payload[13] & 4), 5)
    lab.check(token not in house.arrived("isp"), "the middle of a flow went out")
    for sender, source, target, wire, port in (("h1", H1, NET, "isp", 45001), ("isp", NET, H3, "h3", 45002)):
        segment = tcp_octets(source, target, 45000, port, 2, options=b"\2\4\5\xa0")
        inject(lab.roles[sender], house.gates[sender][0], ipv6(source, target, 6, segment), house.gates[sender][1])
        got = house.wires[wire].wait("a SYN", lambda one: not one.outgoing and one.ports == (45000, port), 5)
        lab.check(got.payload[20:24] == b"\2\4" + (1400 - 60).to_bytes(2, "big"), "MSS %r" % got.payload[20:24])


@each_backend
@proves("7084-L-14")
def check_renumbering(lab, house):
    """Another delegation: new addresses work at once, old ones are closed and draw code 5, with no gap between."""
    house.apply(Rules())
    flow = ("h1", OLD, NET, udp_to(7777), "isp")
    house.probe("old source before", *flow, False)
    found = house.shoot()
    lab.check(not found["old source before"], "a source of no delegation went out")
    house.probes.clear()
    both = Rules(delegated=(DELEGATED, "2001:db8:3000::/56"), lan0=("2001:db8:1000:1::/64", "2001:db8:3000:1::/64"))
    house.apply(both)
    house.probe("first", "h1", H1, NET, udp_to(7777), "isp", True)
    house.probe("second", "h1", OLD, NET, udp_to(7777), "isp", True)
    house.probe("ping to the first", "isp", NET, H1, icmp(128), "h1", True)
    house.probe("ping to the second", "isp", NET, OLD, icmp(128), "h1", True)
    house.probe("udp to the second", "isp", NET, OLD, udp_to(7777), "h1", False)
    found = house.shoot()
    wrong = [one.name for one in house.probes if found[one.name] != one.expected]
    lab.check(not wrong, "with both delegations: %s" % wrong)
    house.probes.clear()
    house.apply(Rules(delegated=("2001:db8:3000::/56",), lan0=("2001:db8:3000:1::/64",), lan1=(),
                      local0=("2001:db8:1000:1::/64", "fd00:6:0:1::/64")))
    house.probe("invalidated source", "h1", H1, NET, udp_to(7777), "isp", False)
    house.probe("new source", "h1", OLD, NET, udp_to(7777), "isp", True)
    house.probe("ping to the old", "isp", NET, H1, icmp(128), "h1", False)
    house.probe("ping to the new", "isp", NET, OLD, icmp(128), "h1", True)
    house.probe("old source at home", "h1", H1, H3_ULA, udp_to(7777), "h3", True)
    found = house.shoot()
    wrong = [one.name for one in house.probes if found[one.name] != one.expected]
    told = house.answers("h1", house.probes[0], 1, 5)
    lab.row("7084-L-14", not wrong and told, "%s; code 5: %s" % (wrong, told))
    lab.check(not wrong and told, "after the renumbering: %s; code 5: %s" % (wrong, told))


def overlapping_rules():
    """Beside Rules(): another delegation, another zone's prefixes, and prefixes that overlap the first ones."""
    return Rules(delegated=("2001:db8:1000::/52",), lan0=("2001:db8:1000:1::/64", "2001:db8:5000:1::/64"),
                 lan1=("2001:db8:1000:2::/63",), local0=("fd00:6:0:1::/64",), local1=("fd00:6::/56",))


def changes_of(backend):
    """A change is a netlink batch of a millisecond with nft; the programs of ip6tables are started for each, which takes an
    emulator half a second."""
    return int(os.environ.get("SIXGATE_LAB_CHANGES") or (1000 if SLOW == 1 or backend == "nft" else 100))


@each_backend
@limit(600)
@needs("quiet")
def check_many_renumberings(lab, house):
    """Continuous traffic during 1,000 changes of everything that changes (100 where ip6tables is emulated): no packet lost
    that should pass, none let in."""
    first, second = Rules(), overlapping_rules()
    house.apply(first)
    streams, took = Streams(house), []
    for number in range(changes_of(house.backend)):
        took.append(house.apply(second if number % 2 == 0 else first))
        time.sleep(0.01)
    lost, leaked = streams.end()
    lab.check(not lost and not leaked, "lost: %s; leaked: %s" % (lost, leaked))
    took.sort()
    print("%s: %d changes, median %.1f ms, sent %s" % (house.backend, len(took), took[len(took) // 2] / 1000, streams.sent))


@needs("quiet")
def test_firewall_goes_on_from_between_nft(lab):
    """Killed between the two transactions of a change to prefixes that overlap those before, it is started anew: the change is
    made as if nothing had been, and what was left for it goes with the next one."""
    house = FirewallHouse(lab, "nft")
    house.apply(Rules())
    streams = Streams(house)
    for _ in range(20):
        house.stop()
        for name, element in (("delegated", '"wan0" . 2001:db8:1000::/52'), ("assigned", '"lan1" . 2001:db8:1000:2::/63')):
            lab.cpe.run("nft", "flush set ip6 sixgate %s_overlap; add element ip6 sixgate %s_overlap { %s }" % (name, name, element))
        house.apply(overlapping_rules())
        house.stop()
        house.apply(Rules())
    lost, leaked = streams.end()
    lab.check(not lost and not leaked, "lost: %s; leaked: %s" % (lost, leaked))
    house.apply(Rules())
    lab.cpe.run("nft", "delete element", "ip6", "sixgate", "delegated", '{ "wan0" . 2001:db8:1000::/56 }')
    text = lab.cpe.run("nft", "list", "table", "ip6", "sixgate").stdout
    lab.check("2001:db8:1000::/5" not in text, text)


@needs("quiet")
def test_firewall_streams_see_a_gap(lab):
    """The control of the tests of many renumberings: rules that are taken away and put back do leak (and, as sets are built
    anew, may lose)."""
    house = FirewallHouse(lab, "nft")
    house.apply(Rules())
    text = lab.cpe.run(house.program, "print", "nft", stdin=Rules().text).stdout
    streams = Streams(house)
    for _ in range(20):
        lab.cpe.run("nft", "delete", "table", "ip6", "sixgate")
        lab.cpe.run("nft", "-f", "-", stdin=text)
    lost, leaked = streams.end()
    lab.check(len(leaked) == len(Streams.BAD), "lost: %s; leaked: %s" % (lost, leaked))


class Streams:
    """500 packets a second each of what always passes and of what never does; fewer where a slow machine has to see them."""

    PAUSE = 0.002 * SLOW ** 2.5

    GOOD = ((b"out", "h1", H1, NET, "isp"), (b"in", "isp", NET, H3, "h3"), (b"home", "h1", H1, H3, "h3"))
    BAD = ((b"closed", "isp", NET, H2, "h2"), (b"spoofed", "h1", "2001:db8:bad::1", NET, "isp"),
           (b"looped", "isp", "2001:db8:1000:3::1", H3, "h3"))

    def __init__(self, house):
        self.house, self.lab, self.sent, self._stop = house, house.lab, {}, threading.Event()
        self.since = time.time()
        self.threads = [threading.Thread(target=self._work, args=(self._open(one[1]), *one), daemon=True)
                        for one in self.GOOD + self.BAD]
        for one in self.threads:
            one.start()

    def _open(self, sender):
        def opened():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            sock.bind((self.house.gates[sender][0], 0))
            return sock
        sock = self.lab.roles[sender].call(opened)
        self.lab.sockets.append(sock)
        return sock

    def _work(self, sock, name, sender, source, target, _):
        interface, mac = self.house.gates[sender]
        head = bytes.fromhex((mac + self.lab.roles[sender].mac(interface)).replace(":", "")) + b"\x86\xdd"
        count = 0
        while not self._stop.is_set():
            count += 1
            sock.send(head + ipv6(source, target, 17, udp(source, target, 46000, 46001, self._token(name, count))))
            time.sleep(self.PAUSE)
        self.sent[name] = count

    @staticmethod
    def _token(name, count):
        return b"stream %s %07d" % (name, count)

    def end(self):
        """({stream: how many of it were lost}, {stream: how many leaked}), without those that lost or leaked none."""
        self._stop.set()
        for one in self.threads:
            one.join(5)
        self.lab.pause(1.0)
        data = {wire: self.house.arrived(wire, self.since) for wire in self.house.wires}
        lost, leaked = {}, {}
        for name, _, _, _, wire in self.GOOD:
            self.lab.check(self.sent[name] > 100 / SLOW, "only %d packets of %s" % (self.sent[name], name))
            missing = sum(self._token(name, number) not in data[wire] for number in range(1, self.sent[name] + 1))
            if missing:
                lost[name.decode()] = missing
        for name, _, _, _, wire in self.BAD:
            if b"stream %s " % name in data[wire]:
                leaked[name.decode()] = data[wire].count(b"stream %s " % name)
        return lost, leaked


def random_rules(random):
    """Few names and few, nested prefixes: rule sets that share and overlap much."""
    def prefixes(most):
        return ["%x:db8:%x:%x::/%d" % (0x2001, random.randrange(2), random.randrange(8), random.choice((61, 62, 63, 64)))
                for _ in range(random.randrange(most))]
    lines, lans = [], []
    for name in ("wan0", "lan0", "lan1", "ppp0"):
        kind = random.randrange(4)
        if kind == 0:
            lines.append("uplink " + name)
        elif kind > 1:
            lines.append("lan %s %s" % (name, random.choice(("protected", "exposed", "isolated", "closed"))))
            lans.append(name)
    for name in lans:
        if random.randrange(3) == 0:
            lines.append("reaches %s %s" % (name, " ".join(random.sample(["lan0", "lan1", "ppp0"], 2))))
        assigned = prefixes(4)
        lines += ["assigned %s %s" % (name, one) for one in assigned]
        for one in assigned * 2:
            first = random.randrange(1, 8)
            lines.append("pinhole %s %s%x %d %d %d %s" % (
                name, one.split("/")[0], random.randrange(1, 3), random.choice((6, 17, 132)), first,
                random.choice((first, first + 3, 65535)), random.choice(["::/0"] + prefixes(3))))
        lines += ["local %s %s" % (name, one) for one in prefixes(4)]
    lines += ["delegated " + one for one in prefixes(3)] + ["excluded " + one for one in prefixes(2)]
    lines += ["provisioned"] * random.randrange(2)
    rules = Rules()
    rules.text = "\n".join(lines + ["end", ""])
    return rules


def test_firewall_any_rules_lead_to_any_rules(lab):
    """The kernel's sets after a netlink batch are those that nft loads from the whole text, also over a restart, somebody's
    flush, a foreign element, and a table of another version."""
    house = FirewallHouse(lab, "nft")
    fresh, seed = lab.namespace("fresh"), 20261122
    random = Random(seed)

    def wanted(rules):
        fresh.run("nft", "flush", "ruleset")
        fresh.run("nft", "-f", "-", stdin=fresh.run(house.program, "print", "nft", stdin=rules.text).stdout)
        return sets_of(fresh)

    def compare(what, rules):
        have, want = sets_of(lab.cpe), wanted(rules)
        for name in [one for one in have if one.endswith("_overlap")]:
            # What came last over something else, and is in the set of its kind, too.
            strangers = [one for one in have.pop(name) if not is_wanted(json.loads(one)["concat"], name[:-len("_overlap")], want)]
            lab.check(not strangers and not want.pop(name), "seed %d, %s: %s of %s is not wanted, from\n%s" % (
                seed, what, strangers, name, rules.text))
        lab.check(have == want, "seed %d, %s: %s instead of %s, from\n%s" % (seed, what, have, want, rules.text))
    lab.cpe.run("nft", "-f", "-", stdin="table ip6 sixgate { set wan { type ipv6_addr; elements = { ::1 }; }\nset older { type ifname; }\n}\n")
    for number in range(60):
        rules = random_rules(random)
        disturbance = {10: "restart", 20: "flush ruleset", 30: "flush set ip6 sixgate local", 40: "restart",
                       50: "add element ip6 sixgate local { \"lan7\" . 2001:db8::1-2001:db8::5 }"}.get(number)
        if disturbance == "restart" or number == 50:
            house.stop()
        if disturbance and disturbance != "restart":
            lab.cpe.run("nft", disturbance)
        house.apply(rules)
        # A set that somebody emptied is noticed when we take away something that was in it.
        if number not in (30, 31):
            compare("rules %d" % number, rules)
    # The other backend takes over, and leaves nothing of this one; then back.
    house.stop()
    house.backend = "ip6tables"
    house.apply(Rules())
    lab.check("sixgate" not in lab.cpe.run("nft", "list", "tables").stdout, "the table stays beside ip6tables")
    lab.check("sixgate-input" in lab.cpe.run("ip6tables", "-S", "INPUT").stdout, "no jump")
    house.stop()
    house.apply(Rules())
    lab.check(lab.cpe.run("ip6tables", "-S", "INPUT").stdout.count("sixgate-input") == 1, "not one jump")
    house.stop()
    house.backend = "nft"
    house.apply(Rules())
    lab.check("sixgate" not in lab.cpe.run("ip6tables-save").stdout, "chains stay beside nft")


def test_firewall_programs_take_the_goldens(lab):
    """nft -c, ip6tables-restore --test in both variants: every golden file, also over itself."""
    space = lab.namespace("cpe")
    for name in sorted(os.listdir(GOLDEN)):
        path = os.path.join(GOLDEN, name)
        with open(path) as file:
            text = file.read()
        if name.endswith(".nft"):
            space.run("nft", "-c", "-f", path)
            space.run("nft", "-f", path)
            space.run("nft", "-f", path)
            space.run("nft", "delete", "table", "ip6", "sixgate")
        elif name.endswith(".ip6tables"):
            for needed in re.findall("^# ipset (.*)$", text, re.M):  # as the text itself says it
                space.run("ipset", *needed.split())
            for program in ("ip6tables-restore", "ip6tables-legacy-restore"):
                space.run(program, "--noflush", "--test", stdin=text)
    space.run("nft", "-f", os.path.join(GOLDEN, "before-provisioning.nft"))
    space.run("nft", "-f", os.path.join(GOLDEN, "provisioned.difference"))
    changed = sets_of(space)
    space.run("nft", "delete", "table", "ip6", "sixgate")
    space.run("nft", "-f", os.path.join(GOLDEN, "home.nft"))
    lab.check(changed == sets_of(space), "the difference leads elsewhere")


def is_wanted(element, kind, want):
    """Whether the set of this kind has the element, or the one beside it that has such without their range."""
    def has(name, parts):  # elements of pinholes have counters
        return any(one.get("elem", {}).get("val", one) == {"concat": parts} for one in map(json.loads, want[name]))
    lan, *rest = element
    if has(kind, element):
        return True
    if kind in ("assigned", "local"):  # /64s are known by their address
        return rest[0].get("prefix", {}).get("len") == 64 and has(kind + "64", [lan, rest[0]["prefix"]["addr"]])
    return kind in ("pinhole_tcp", "pinhole_udp") and has("door_" + kind[-3:], [lan, *rest[1:]])  # from everywhere


def sets_of(namespace):
    """{set: its elements} as nft tells them."""
    found = json.loads(namespace.run("nft", "-j", "list", "table", "ip6", "sixgate").stdout)["nftables"]
    return {one["set"]["name"]: sorted(json.dumps(element, sort_keys=True) for element in one["set"].get("elem", []))
            for one in found if "set" in one}
