# SPDX-License-Identifier: Apache-2.0
"""Somebody on the Internet tries every 10 ms while the house is renumbered: what is open stays open or moves, and nothing else
is open for a moment. By UDP, and by the first segments of TCP connections."""
import ipaddress
import socket
import threading
import time

from lab import OTHER_POOL, SERVER, SLOW, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_delegated, wait_online
from wire import TCP, ipv6, tcp_syn

CLOSED, PINHOLE, FLOW, SERVICE = 7000, 8081, 50000, 8091
EXPOSED = 9000
EPHEMERAL = range(20000, 60000)
SHORT = {"renew": 6, "rebind": 9, "preferred": 60, "valid": 120}
LATE = 2 + 4 * SLOW  # seconds until a set of rules is there


class Trying:
    """Something that a server beyond the ISP sends every 10 ms until its end."""

    def __init__(self, lab, targets):
        self.targets, self._stop = targets, threading.Event()
        self.sock = lab.net.call(self._open)
        lab.sockets.append(self.sock)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def end(self):
        self._stop.set()
        self.thread.join()


class Prober(Trying):
    """Datagrams to ports of addresses, in the order of `targets`; `sent` has when they all were, round by round."""

    def __init__(self, lab, targets):
        self.sent = []
        super().__init__(lab, targets)

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind((SERVER, SERVICE))
        return sock

    def _work(self):
        while not self._stop.wait(0.01):
            for target in self.targets:
                self.sock.sendto(b"prober", target)
            self.sent.append(time.time())


class SynProber(Trying):
    """Begins a new TCP connection with each of `targets`; `sent` has when, by target and source port."""

    def __init__(self, lab, targets):
        self.sent = {one: {} for one in targets}
        self.head = bytes.fromhex((lab.isp.mac("core0") + lab.net.mac("eth0")).replace(":", "")) + b"\x86\xdd"
        super().__init__(lab, targets)

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sock.bind(("eth0", 0))
        return sock

    def _work(self):
        for source in EPHEMERAL:
            if self._stop.wait(0.01):
                return
            for target in self.targets:
                address, port = target
                self.sock.send(self.head + ipv6(SERVER, address, TCP, tcp_syn(SERVER, address, source, port)))
                self.sent[target][source] = time.time()

    def let_in(self, wire, target):
        """{source port: when it was seen on that wire}."""
        address, port = target
        return {one.ports[0]: one.time for one in wire.packets(match=lambda packet: (
            packet.proto == TCP and not packet.outgoing and packet.destination == address and packet.ports[1] == port))}

    def lost(self, wire, target, until=float("inf")):
        """How many did not come through after the first one that did, of those sent until then."""
        came = self.let_in(wire, target)
        return sum(source not in came for source, when in self.sent[target].items() if min(came.values()) < when < until)


def check_prober(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    pinhole = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nprotocol = "udp"\nports = %d\n' % (lab.h1.mac("eth0"), PINHOLE)
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}) + pinhole + pinhole.replace("udp", "tcp"),
                   hosts=("h1", "h3"), sixgated={"extra": ["--firewall", backend], "private": private}, server_options=SHORT)
    old, old_exposed = (ipaddress.IPv6Address(lab.roles[role].address_in(house.prefix)) for role in ("h1", "h3"))
    old_prefix = house.prefix
    # Where Kea begins in its next pool, and the hosts with the /64 and the identifier that they have.
    pool = int(ipaddress.IPv6Network(OTHER_POOL).network_address)
    new, new_exposed = (ipaddress.IPv6Address(pool | int(one) & (2 ** 72 - 1)) for one in (old, old_exposed))
    # The ISP goes on sending what is for the old ones: it is the house that must let nothing in.
    for one in (old, old_exposed):
        lab.isp.ip("-6", "route", "add", str(one) + "/128", "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    before = time.time()
    prober = Prober(lab, [(str(one), port) for one in (old, new) for port in (CLOSED, PINHOLE, FLOW)])
    # Where each is seen if it is let in: the doors of the old addresses, those of the new ones, and what is closed.
    doors, new_doors = ({(str(one), PINHOLE): lab.lan0, (str(exposed), EXPOSED): lab.lan1}
                        for one, exposed in ((old, old_exposed), (new, new_exposed)))
    shut = {(str(one), CLOSED): lab.lan0 for one in (old, new)}
    syns = SynProber(lab, [*doors, *new_doors, *shut])
    lab.h1.call(lambda: ask_once(str(old)))

    def arrived(address, port, since=0.0):
        return [one.time for one in lab.lan0.packets(since, match=lambda packet: packet.destination == str(address)
                                                     and not packet.outgoing and packet.ports == (SERVICE, port))]
    lab.until("the pinhole and the flow are open", lambda: len(arrived(old, PINHOLE)) > 20 and len(arrived(old, FLOW)) > 20, 10)
    lab.until("the doors are open", lambda: all(len(syns.let_in(wire, door)) > 20 for door, wire in doors.items()), 10)

    def tracked(address):
        """Whether the table of connections has flows between it and the server."""
        table = lab.cpe.run("conntrack", "-L", "-f", "ipv6").stdout.splitlines()
        return any("=%s " % address in one and "=%s " % SERVER in one for one in table)
    lab.check(tracked(old) and tracked(old_exposed), "flows through the doors are not tracked")
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix, ("h1", "h3"))
    # Which of its answers was taken: who rebinds waits a moment for the server that it knew, and asks again meanwhile perhaps.
    used = min(one.time for one in lab.lan0.ras(since) if one.inside(house.prefix))
    told = max(one.time for one in lab.wan.dhcp("Reply", since, used)
               if any(prefix == house.prefix and valid for prefix, _, valid in one.delegated()))
    for role, one in (("h1", new), ("h3", new_exposed)):
        found = lab.roles[role].address_in(house.prefix)
        lab.check(found == str(one), "%s is not %s" % (found, one))
    lab.until("the pinhole is open at the new address", lambda: len(arrived(new, PINHOLE)) > 100, 20)
    lab.until("the new doors are open",
              lambda: all(len(syns.let_in(wire, door)) > 100 for door, wire in new_doors.items()), 20)
    lab.until("flows of the old prefix are over", lambda: not tracked(old) and not tracked(old_exposed), 15)
    lab.check(tracked(new) and tracked(new_exposed), "those of the new one are not")
    prober.end()
    syns.end()
    closed = [arrived(one, CLOSED, before) for one in (old, new)] + [arrived(new, FLOW, before)]
    lab.check(not any(closed), "let in: %s" % [len(one) for one in closed])
    late = arrived(old, PINHOLE, told + LATE) + arrived(old, FLOW, told + LATE)
    lab.check(not late, "%d packets to the old address, %.1f s after the Reply" % (len(late), late[-1] - told if late else 0))
    for port in (PINHOLE, FLOW):
        times = [one for one in arrived(old, port) if one < told]
        widest = max(sum(sooner < one < later for one in prober.sent) for sooner, later in zip(times, times[1:])) / 100
        lab.check(widest < 1, "port %d of the old address was shut for %.2f s before the Reply" % (port, widest))
    lab.check(not any(syns.let_in(wire, one) for one, wire in shut.items()), "TCP is let in to a closed port")
    for door, wire in doors.items():
        late = [one - told for one in syns.let_in(wire, door).values() if one > told + LATE]
        lab.check(not late, "%d to the old %s port %d, %.1f s after the Reply" % (len(late), *door, max(late, default=0)))
        lost = syns.lost(wire, door, since)
        lab.check(not lost, "%d segments to %s port %d were lost before the renumbering" % (lost, *door))
    for door, wire in new_doors.items():
        lost = syns.lost(wire, door)
        lab.check(not lost, "%d segments to the new %s port %d were lost after its door was open" % (lost, *door))
    times = arrived(new, PINHOLE)
    widest = max(later - sooner for sooner, later in zip(times, times[1:]))
    lab.check(widest < 1, "the pinhole at the new address was shut for %.2f s" % widest)
    print("%s: the pinhole had moved %.2f s after the Reply, by TCP both doors %.2f s; %s was open until %.2f s after it"
          % (backend, times[0] - told, max(min(syns.let_in(wire, door).values()) for door, wire in new_doors.items()) - told,
             old_prefix, max(arrived(old, FLOW)) - told))
    final_checks(lab)


def ask_once(source):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind((source, FLOW))
        sock.sendto(b"asked", (SERVER, SERVICE))


@limit(150)
def test_prober_during_a_renumbering_nft(lab):
    """nft: what is open goes with the old prefix, pinhole and exposed host come with the new one, and nothing is lost there."""
    check_prober(lab, "nft")


@limit(150)
def test_prober_during_a_renumbering_ip6tables(lab):
    """ip6tables: the same."""
    check_prober(lab, "ip6tables")


@limit(150)
def test_prober_during_a_renumbering_legacy_ip6tables(lab):
    """ip6tables-legacy: the same."""
    check_prober(lab, "ip6tables", LEGACY)
