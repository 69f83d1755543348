# SPDX-License-Identifier: Apache-2.0
"""Datagrams in several fragments (RFC 8200 section 4.5) are judged as the whole that they make."""
import itertools
import socket
import struct
import threading

from firewall_house import H1, H2, H3, LAN0, NET, FirewallHouse, Rules, each_backend, tcp_octets
from lab import limit
from wire import FRAGMENT, ICMP6, TCP, UDP, icmp6, inject, ipv6, udp

OPEN, SHUT, SIZE, CUT = 7777, 8888, 2000, 1208


def with_pinhole():
    rules = Rules()
    rules.text = rules.text.replace("end\n", "pinhole lan0 %s 17 %d %d ::/0\nend\n" % (H1, OPEN, OPEN))
    return rules


def fragments(source, destination, proto, octets, spans, number, hop_limit=64):
    """The packets with these parts, (begin, end), of what is one datagram by its number."""
    return [ipv6(source, destination, FRAGMENT, struct.pack("!BBHI", proto, 0, begin | (end < len(octets)), number)
                 + octets[begin:end], hop_limit) for begin, end in spans]


class Listener:
    """The datagrams that came to a port of a host."""

    def __init__(self, lab, host, port):
        self.heard = set()
        self.socket = host.call(self.open, port)
        lab.sockets.append(self.socket)
        threading.Thread(target=self.work, daemon=True).start()

    @staticmethod
    def open(port):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind(("::", port))
        return sock

    def work(self):
        try:
            while True:
                self.heard.add(self.socket.recv(65535))
        except OSError:
            return


class Volley:
    """Datagrams from the Internet, each recognised by what it carries from its first fragment to its last."""

    def __init__(self, lab, house):
        self.lab, self.house, self.numbers, self.shots = lab, house, itertools.count(0x51c0de), []
        self.listeners = {(target, port): Listener(lab, lab.roles[role], port) for role, target, port in (
            ("h1", H1, OPEN), ("h1", H1, SHUT), ("h2", H2, OPEN), ("h3", H3, OPEN))}

    def add(self, name, target, port, expected, spans=((0, CUT), (CUT, SIZE)), whole=True):
        """`whole`: the spans make a datagram, which the host hears where they come to it."""
        self.shots.append((name, target, port, UDP, spans, expected, whole))

    def add_syn(self, name, target, cut, expected):
        self.shots.append((name, target, 22, TCP, ((0, cut), (cut, 80)), expected, False))

    def fire(self):
        """{name: (whether anything of it was on the host's wire, whether the host heard it whole)}."""
        sent, (interface, mac) = {}, self.house.gates["isp"]
        for name, target, port, proto, spans, *_ in self.shots:
            number = next(self.numbers)
            token = b"datagram %06x " % number
            if proto == UDP:
                payload = (token * SIZE)[:SIZE - 8]
                octets = udp(NET, target, 40000, port, payload)
            else:
                payload = (token * 4)[:60]
                octets = tcp_octets(NET, target, 41000, port, 2, payload)
            sent[name] = (target, port, token, payload)
            for packet in fragments(NET, target, proto, octets, spans, number):
                inject(self.lab.isp, interface, packet, mac)
        # A ping to each machine, allowed in every rule set, follows them on the same wires.
        for target in (H1, H2, H3):
            self.lab.net.wait_ping(target)
        self.lab.pause(0.4)
        wires = {target: self.house.arrived(wire) for target, wire in ((H1, "h1"), (H2, "h2"), (H3, "h3"))}
        return {name: (token in wires[target], (target, port) in self.listeners
                       and payload in self.listeners[target, port].heard)
                for name, (target, port, token, payload) in sent.items()}


@each_backend
@limit(60)
def check_fragments(lab, house):
    """In both orders through a pinhole and to an exposed host, and nowhere else; with overlaps, and in part, nowhere."""
    volley = Volley(lab, house)
    overlap = ((0, CUT), (CUT - 8, SIZE))
    for name, order in (("", 1), (", last first", -1)):
        spans = ((0, CUT), (CUT, SIZE))[::order]
        volley.add("through the pinhole" + name, H1, OPEN, True, spans)
        volley.add("to another port" + name, H1, SHUT, False, spans)
        volley.add("to a protected host" + name, H2, OPEN, False, spans)
        volley.add("to an exposed host" + name, H3, OPEN, True, spans)
        volley.add("overlapping, through the pinhole" + name, H1, OPEN, False, overlap[::order], whole=False)
        volley.add("overlapping, to an exposed host" + name, H3, OPEN, False, overlap[::order], whole=False)
    volley.add("without its end, through the pinhole", H1, OPEN, False, ((0, CUT),), whole=False)
    volley.add("without its beginning, to an exposed host", H3, OPEN, False, ((CUT, SIZE),), whole=False)
    volley.add_syn("connection to a protected host", H1, 24, False)
    volley.add_syn("connection to an exposed host", H3, 24, True)
    # Ports without flags: a first fragment has the whole header (RFC 8200 section 4.5).
    volley.add_syn("connection in a small first fragment", H3, 8, False)
    # The kernel alone forwards fragments as they come, and hosts take what makes a whole.
    control = volley.fire()
    wrong = ["without rules %s: %s" % (name, control[name]) for name, *_, whole in volley.shots
             if control[name] != (True, whole)]
    house.apply(with_pinhole())
    found = volley.fire()
    wrong += ["%s: %s" % (name, found[name]) for name, *_, expected, whole in volley.shots
              if found[name] != (expected, expected and whole)]
    lab.check(not wrong, "(on the wire, heard whole):\n" + "\n".join(wrong))


@limit(60)
def test_fragmented_solicitation_nft(lab):
    """A Neighbor Solicitation in two fragments is not answered (RFC 6980 section 5); without our rule the kernel, which
    conntrack gives the whole, answers it."""
    house = FirewallHouse(lab, "nft")
    house.apply(Rules())
    source, numbers = lab.h1.link_local("eth0"), itertools.count(0x51c0de)
    body = bytes(4) + socket.inet_pton(socket.AF_INET6, LAN0) + b"\1\1" + bytes.fromhex(lab.h1.mac("eth0").replace(":", ""))
    octets = icmp6(source, LAN0, 135, 0, body)

    def answers():
        return house.wires["h1"].packets(match=lambda one: not one.outgoing and one.icmp == 136 and one.destination == source
                                         and one.payload[8:24] == body[4:20])

    def answered(packets):
        before = len(answers())
        for packet in packets:
            inject(lab.h1, "eth0", packet, house.gates["h1"][1])
        lab.h1.wait_ping(LAN0)  # comes after it on the same wire
        lab.pause(0.4)
        return len(answers()) > before

    def in_two(order):
        return fragments(source, LAN0, ICMP6, octets, ((0, 16), (16, len(octets)))[::order], next(numbers), 255)
    whole = [ipv6(source, LAN0, ICMP6, octets, 255)]
    lab.check(answered(whole), "a whole one is not answered")
    for order in (1, -1):
        lab.check(not answered(in_two(order)), "one in two fragments is answered")
    lab.check(answered(whole), "a whole one is not answered any more")
    lab.cpe.run("nft", "flush", "chain", "ip6", "sixgate", "before_reassembly")
    lab.check(answered(in_two(1)), "not answered without our rule either: this test proves nothing")
