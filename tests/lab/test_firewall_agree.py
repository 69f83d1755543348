# SPDX-License-Identifier: Apache-2.0
"""All backends are one policy: for random houses every packet of a random set passes with each of them or with none, those
to the router itself and those of flows that were begun before too."""
import json
import random as randomness
import socket
import struct

from firewall_house import (ATOMIC_FRAGMENT, BACKENDS, H1, H1_ULA, H2, H3, H3_ULA, H4, LAN0, LAN1, NET, OLD, PADDING, PEER,
                            WAN, FirewallHouse, Rules, ah, behind, esp, icmp, raw, routing, tcp_octets, tcp_to, udp_to)
from lab import limit
from wire import icmp6, inside, ipv6, multicast_mac, udp

SEED = 20261128
ROUNDS, PACKETS, TO_ROUTER, FLOWS, OWN_FLOWS = 8, 140, 70, 36, 6
MARK = 77
KNOCKER = "2001:db8:9::7"
WIRES = {H1: "h1", H1_ULA: "h1", OLD: "h1", H2: "h2", H3: "h3", H3_ULA: "h3", H4: "h4", NET: "isp", PEER: "isp"}
SENDERS = {"h1": (H1, H1_ULA, OLD, H3, "2001:db8:bad::1", "::1"), "h3": (H3, H3_ULA, H1, "2001:db8:bad::1"),
           "isp": (NET, PEER, KNOCKER, H1, H1_ULA, "fd00:9::1", "2001:db8:1000:77::1", "::ffff:1.2.3.4"), "h4": (H4, NET)}
ZONES = ("protected", "exposed", "isolated", "closed")
ROUTER = (WAN, LAN0, LAN1, "fd00:6:0:1::1", "fd00:6:0:2::1", "2001:db8:4000::1")
ALL_DHCP = "ff02::1:2"
LISTENED = ("ff02::1", "ff02::2", "ff02::1:ff00:1", ALL_DHCP)
SYN, RST, ACK, PUSH = 2, 4, 16, 8
CLASSES = ("through", "router", "flow")


class ToldHouse(FirewallHouse):
    """It knows each probe by its flow label too, which no rule asks for: so it tells what the router let in to itself."""

    def __init__(self, lab, backend):
        super().__init__(lab, backend)
        cpe, self.begun = lab.cpe, []
        self.known = {role: (lab.roles[role].link_local(interface), lab.roles[role].mac(interface))
                      for role, (interface, _) in self.gates.items()}
        self.routers = {role: cpe.link_local(gate) for role, gate in (("h1", "lan0"), ("h3", "lan1"), ("isp", "wan0"),
                                                                      ("h4", "other0"))}
        for one in WIRES:
            if one != PEER:
                cpe.wait_ping(one)
        lab.sockets.append(cpe.call(self._listen))
        # After all chains of sixgate's. The mark: what the kernel does to what came out of the tunnel of an IPsec knock.
        cpe.run("nft", "-f", "-", stdin="""
            table ip6 watch {
              set let_in { typeof ip6 flowlabel; flags dynamic; size 65536; }
              chain marks { type filter hook prerouting priority -500; ip6 saddr %s meta mark set %d; }
              chain input { type filter hook input priority 200; policy accept; add @let_in { ip6 flowlabel }; }
            }\n""" % (KNOCKER, MARK))
        # Nobody says anything by himself, or a flow would be in a state that depends on who was quicker.
        for role in ("h1", "h2", "h3", "h4", "isp", "net"):
            lab.roles[role].run("nft", "-f", "-", stdin="""
                table ip6 mute {
                  chain output {
                    type filter hook output priority 0; policy drop;
                    icmpv6 type { 128, 133-136, 143%s } accept;
                  }
                }\n""" % (", 129" if role == "isp" else ""))
        self.senders = {role: lab.roles[role].call(self._sender, interface) for role, (interface, _) in self.gates.items()}
        lab.sockets += self.senders.values()
        self.wires["cpe"] = None

    @staticmethod
    def _listen():
        """The router is one of those who hear what is for DHCPv6 servers."""
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        for interface in ("wan0", "lan0", "lan1"):
            group = socket.inet_pton(socket.AF_INET6, ALL_DHCP) + struct.pack("=i", socket.if_nametoindex(interface))
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        return sock

    @staticmethod
    def _sender(interface):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sock.bind((interface, 0))
        return sock

    def probe(self, *arguments, **more):
        super().probe(*arguments, **more)
        one = self.probes[-1]
        one.label = len(self.probes)
        one.packet = struct.pack("!I", 6 << 28 | one.label) + one.packet[4:]
        one.destination = socket.inet_ntop(socket.AF_INET6, one.packet[24:40])
        return one

    def send(self, probe):
        to = multicast_mac(probe.destination) if inside(probe.destination, "ff00::/8") else self.gates[probe.sender][1]
        frame = bytes.fromhex((to + self.known[probe.sender][1]).replace(":", "")) + b"\x86\xdd" + probe.packet
        self.senders[probe.sender].send(frame)

    def shoot_all(self, phases):
        """Each phase after the one before is through."""
        cpe, outcome = self.lab.cpe, {}
        cpe.run("conntrack", "-F", check=False)
        cpe.run("nft", "flush", "set", "ip6", "watch", "let_in")
        for sock in self.begun:
            sock.sendto(b"asked", (PEER, 123))
        for phase in phases:
            outcome.update(self.shoot(phase))
        let_in = self.let_in()
        outcome.update({one.name: one.label in let_in for one in self.probes if one.wire == "cpe"})
        return outcome

    def arrived(self, wire, since=0.0):
        return super().arrived(wire, since) if wire != "cpe" else b""  # there is no wire to see

    def own_flows(self):
        """The ports from which the router will begin flows of its own."""
        def bound():
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            sock.bind((WAN, 0))
            return sock
        for sock in self.begun:
            sock.close()
        self.begun = [self.lab.cpe.call(bound) for _ in range(OWN_FLOWS)]
        self.lab.sockets += self.begun
        return [sock.getsockname()[1] for sock in self.begun]

    def let_in(self):
        listed = json.loads(self.lab.cpe.run("nft", "-j", "list", "set", "ip6", "watch", "let_in").stdout)
        return next(set(one["set"].get("elem", ())) for one in listed["nftables"] if "set" in one)

    def change(self, backend):
        """Nothing is left of the backend before, nor of what it remembered."""
        self.stop()
        cpe = self.lab.cpe
        for table in ("filter", "raw", "mangle"):
            if self.backend == "ip6tables-legacy":
                cpe.run("ip6tables-legacy", "-t", table, "-F")
                cpe.run("ip6tables-legacy", "-t", table, "-X")
            elif self.backend == "ip6tables":
                cpe.run("nft", "delete", "table", "ip6", table)
        if self.backend == "nft":
            cpe.run("nft", "delete", "table", "ip6", "sixgate", check=False)  # at first there is none
        cpe.run("ipset", "destroy", "sixgate-endpoints", check=False)
        self.backend = backend

    def judges(self):
        """Whose rules are there."""
        cpe = self.lab.cpe
        there = {"nft": cpe.run("nft", "list", "table", "ip6", "sixgate", check=False),
                 "ip6tables": cpe.run("ip6tables", "-S", "sixgate-forward", check=False),
                 "ip6tables-legacy": cpe.run("ip6tables-legacy", "-S", "sixgate-forward", check=False)}
        return [backend for backend, done in there.items() if done.returncode == 0]


def random_house(random, stations):
    lines = ["uplink wan0"] + ["uplink other0"] * random.randrange(2)
    zones = [random.choice(ZONES) for _ in range(2)]
    for lan, zone in zip(("lan0", "lan1"), zones):
        lines.append("lan %s %s" % (lan, zone))
        if random.randrange(4) == 0:
            lines.append("reaches %s %s" % (lan, random.choice(("lan0", "lan1", "lan0 lan1"))))
        for what in ("any_endpoint", "pcp"):
            if random.randrange(3) == 0:
                lines.append("%s %s" % (what, lan))
    for lan, number in (("lan0", 1), ("lan1", 2)):
        if random.randrange(6):
            lines.append("assigned %s 2001:db8:1000:%d::/64" % (lan, number))
        lines.append("local %s fd00:6:0:%d::/64" % (lan, number))
    if random.randrange(2):
        lines.append("local lan0 2001:db8:3000:1::/64")
    lines.append("delegated %s" % random.choice(("2001:db8:1000::/56", "2001:db8:1000::/57")))
    if random.randrange(2):
        lines.append("delegated fd00:6::/48")
    for _ in range(random.randrange(6)):
        lan, host = random.choice((("lan0", H1), ("lan0", H2), ("lan1", H3)))
        first = random.choice((22, 53, 500, 5000))
        lines.append("pinhole %s %s %d %d %d %s" % (lan, host, random.choice((6, 17, 132)), first, first + random.choice((0, 100)),
                                                    random.choice(("::/0", "2001:db8:9::/48", NET + "/128"))))
    # A router behind the LAN whose prefix h1 and h3 are in.
    for lan, number in (("lan0", 1), ("lan1", 2)):
        if random.randrange(3) == 0:
            lines.append("%s %s 2001:db8:1000:%d::/%d" % (random.choice(("open", "shut")), lan, number, random.choice((64, 124))))
    if random.randrange(2):
        lines.append("knock %s %d" % (random.choice(("lan0", "lan1")), MARK))
    if random.randrange(3) == 0:
        lines.append("station lan0 2001:db8:1000:1::/64 %s" % random.choice(stations))
    if random.randrange(2):
        lines.append("server lan1 2001:db8:bad::/48")
    lines += ["provisioned"] * (random.randrange(5) > 0)
    lines += ["refuse_middles"] * (random.randrange(2) > 0)
    rules = Rules()
    rules.text = "\n".join(lines + ["end", ""])
    return rules


def random_content(random, port):
    """One of the kinds of packet that rules tell apart; `port`: nobody else's source port, so that no two are one flow."""
    number = random.choice((22, 53, 123, 500, 546, 547, 5000, 5050, 5351))
    return random.choice((
        udp_to(number, port), udp_to(number, port), tcp_to(number, 2, port), tcp_to(number, 2, port),
        tcp_to(number, random.choice((1, 4, 16, 18, 24)), port),
        icmp(random.choice((1, 2, 3, 4, 100, 127, 128, 128, 129, 139, 144, 200, 201))),
        icmp(random.choice((130, 131, 133, 134, 135, 136, 137, 141, 143, 148, 151, 153))),
        esp(port), ah(), raw(139, b"\0\0\0\0"), raw(132, port.to_bytes(2, "big") + number.to_bytes(2, "big") + b"\0" * 8),
        raw(253), raw(59), behind(0, PADDING, udp_to(number, port)), behind(60, PADDING, tcp_to(number, 2, port)),
        behind(44, ATOMIC_FRAGMENT, udp_to(number, port)), behind(43, routing(0, H3), udp_to(number, port)),
        behind(43, routing(2, H1), udp_to(number, port))))


def load(house, random):
    """Fills the house's probes, and returns them by the time at which they are sent."""
    house.probes.clear()
    for index in range(PACKETS):
        sender = random.choice(list(SENDERS))
        source = random.choice(SENDERS[sender][:1] * 3 + SENDERS[sender])
        destination = random.choice([one for one in WIRES if WIRES[one] != sender])
        house.probe("%d: %s %s -> %s" % (index, sender, source, destination), sender, source, destination,
                    random_content(random, 42000 + index), WIRES[destination], None, hop_limit=random.choice((64, 64, 64, 255, 2)))
    for index in range(TO_ROUTER):
        sender = random.choice(list(SENDERS))
        own = house.known[sender][0]
        source = random.choice(SENDERS[sender][:1] * 3 + (own,) * 3 + SENDERS[sender])
        destination = random.choice(ROUTER + (house.routers[sender],) * 2 + LISTENED)
        number = random.choice((546, 547))
        content = random.choice((random_content(random, 43000 + index),) * 3 + (udp_to(number, 43000 + index),))
        house.probe("router %d: %s %s -> %s" % (index, sender, source, destination), sender, source, destination, content,
                    "cpe", None, hop_limit=random.choice((64, 64, 255, 255, 1)))
    later = load_flows(house, random)
    for port in house.own_flows():
        later[0].append(random_about_own(house, random, port))
    return [[one for one in house.probes if one not in later[0] + later[1]]] + later


def random_about_own(house, random, port):
    """A probe: an answer to what the router itself has begun, one in its place, or an error about it."""
    source, content = random.choice((
        (PEER, udp_to(port, 123)), (PEER, udp_to(port, 123)), (NET, udp_to(port, 123)), (PEER, udp_to(port, 124)),
        (NET, icmp(random.choice((1, 2, 3, 4)), quoted=ipv6(WAN, PEER, 17, udp(WAN, PEER, port, 123, b"asked"))))))
    return house.probe("flow of the router, port %d: %s -> it" % (port, source), "isp", source, WAN, content, "cpe", None)


def load_flows(house, random):
    """Flows that begin with the rest, most of them inside, and what becomes of them then: two lists of probes."""
    later = [[], []]
    for index in range(FLOWS):
        inward = random.randrange(4) == 0
        source = random.choice((PEER, H4) if inward else (H1, H1, H3, H1_ULA))
        destination = random.choice([one for one in (H1, H3, H3_ULA, PEER, PEER, PEER) if WIRES[one] != WIRES[source]])
        flow = Flow(house, "flow %d" % index, source, destination, 44000 + index, random)
        flow.add("begins", flow.onward(SYN, 1, 0))
        later[0].append(flow.random_next(random))
        later[1].append(flow.random_next(random))
    return later


class Flow:
    """What one machine begins with another, step by step; of it or not, each step is a probe."""

    def __init__(self, house, name, source, destination, number, random):
        self.house, self.name, self.source, self.destination, self.number = house, name, source, destination, number
        self.kind = random.choice(("tcp", "tcp", "udp", "echo", "protocol 253"))
        self.port = random.choice((22, 53, 500, 5000))
        self.steps, self.answered, self.first = 0, False, None

    def add(self, what, content, back=False, source=None):
        source, destination = (source or self.destination, self.source) if back else (self.source, self.destination)
        self.steps += 1
        probe = self.house.probe("%s, %s of port %d: %d. %s: %s -> %s" % (
            self.name, self.kind, self.port, self.steps, what, source, destination),
            WIRES[source], source, destination, content, WIRES[destination], None)
        self.first = self.first or probe
        return probe

    def onward(self, flags, sequence, acknowledge, ports=None):
        here, there = ports or (self.number, self.port)
        return {"tcp": lambda source, destination, token: (6, tcp_octets(source, destination, here, there, flags, token,
                                                                         sequence=sequence, acknowledge=acknowledge)),
                "udp": udp_to(there, here), "echo": self.echo(128), "protocol 253": raw(253)}[self.kind]

    def back(self, flags, sequence, acknowledge):
        return self.echo(129) if self.kind == "echo" else self.onward(flags, sequence, acknowledge, (self.port, self.number))

    def echo(self, kind):
        def make(source, destination, token):
            return 58, icmp6(source, destination, kind, 0, struct.pack("!HH", self.number, 1) + token)
        return make

    def random_next(self, random):
        """What comes in this flow next, or what is not of it though it looks so."""
        what = random.choice(("answer", "answer", "answer", "error", "further", "stranger", "stray", "end"))
        if what == "answer":
            flags = ACK | PUSH if self.answered else SYN | ACK
            self.answered = True
            return self.add("an answer", self.back(flags, 101 if flags & PUSH else 100, 2), back=True)
        if what == "error":
            return self.add("an error about it", icmp(random.choice((1, 2, 3, 4)), quoted=self.first.packet), back=True,
                            source=random.choice((self.destination, NET if WIRES[self.source] != "isp" else H4)))
        if what == "further":
            return self.add("it goes on", self.onward(ACK if self.answered else SYN, 2 if self.answered else 1,
                                                      101 if self.answered else 0))
        if what == "stranger":
            return self.add("an answer of somebody else", self.back(SYN | ACK, 100, 2), back=True,
                            source=NET if WIRES[self.source] != "isp" else H4)
        if what == "stray":
            return self.add("not in its window", self.back(ACK, 0x7fffffff, 0x7fffffff), back=True)
        return self.add("its end", self.back(RST | ACK, 100, 2), back=True)


def class_of(name):
    return next((one for one in CLASSES if name.startswith(one)), "through")


@limit(300)
def test_firewall_backends_agree(lab):
    """nft and both kinds of ip6tables let the same packets through and in, of 320 random ones in each of 8 random houses."""
    house, random = ToldHouse(lab, "nft"), randomness.Random(SEED)
    counts = {one: [0, 0] for one in CLASSES}
    for number in range(ROUNDS):
        rules = random_house(random, (lab.h1.mac("eth0"), lab.h2.mac("eth0")))
        phases = load(house, random)
        outcomes = {}
        for backend in BACKENDS:
            house.change(backend)
            house.apply(rules)
            lab.check(house.judges() == [backend], "%s: the rules of %s are there" % (backend, house.judges()))
            outcomes[backend] = house.shoot_all(phases)
        different = ["%s: %s" % (name, ", ".join("%s %s" % (one, outcomes[one][name]) for one in BACKENDS))
                     for name in outcomes["nft"] if len({outcomes[one][name] for one in BACKENDS}) > 1]
        lab.check(not different, "seed %d, house %d:\n%s\n%s" % (SEED, number, "\n".join(different), rules.text))
        for name, passed in outcomes["nft"].items():
            counts[class_of(name)][passed] += 1
    lab.check(all(min(one) > ROUNDS * 10 for one in counts.values()), "the set proves little: %s" % counts)
    print("did not pass, and did: %s" % counts)
    # What the probes find is the rules' doing.
    house.change("nft")
    more = sum(house.shoot_all(phases).values())
    lab.check(more > sum(outcomes["nft"].values()) + 40, "without rules %d of %d pass" % (more, len(outcomes["nft"])))
