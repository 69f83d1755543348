# SPDX-License-Identifier: Apache-2.0
"""Sources that are not a host's to use, and who hears of it: an address of before a renumbering, and one of another LAN."""
import socket
import time

from lab import OTHER_POOL, SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_delegated, wait_online
from test_counters import counters
from wire import UDP, inject, ipv6, udp

LANS = {"h1": "lan0", "h2": "lan0", "h3": "lan1"}


class Speaker:
    """Sends datagrams of any source from hosts, and tells where they came and where errors about them did."""

    def __init__(self, lab):
        self.lab, self.count = lab, 0
        self.wires = {"h1": lab.lan0, "h2": lab.h2.wire("eth0"), "h3": lab.lan1, "isp": lab.wan, "net": lab.beyond}

        def sink():  # that it comes to nobody there is no error of the router's
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            sock.bind(("::", 5001))
            return sock
        lab.sockets.append(lab.net.call(sink))

    def say(self, role, source, destination=SERVER):
        """(where it came, {whose wire: errors about it that came there})"""
        self.count += 1
        mark = b"datagram %04d" % self.count
        inject(self.lab.roles[role], "eth0", ipv6(source, destination, UDP, udp(source, destination, 5000, 5001, mark)),
               self.lab.cpe.mac(LANS[role]))
        # Both are answered, and sent after it: by then it has come wherever it comes, and so has what it draws.
        self.lab.roles[role].ping(self.lab.cpe.link_local(LANS[role]), interface="eth0", check=True)
        self.lab.roles[role].ping(SERVER, check=True)
        came, told = set(), {}
        for name, wire in self.wires.items():
            for one in wire.packets(match=lambda packet: mark in packet.raw):
                if one.icmp is not None:
                    told.setdefault(name, []).append(one)
                elif name != role:
                    came.add(name)
        return came, told


def told_by_router(lab, role, told, source):
    """Whether the host, and it alone, was told once that its source failed a policy (RFC 4443 section 3.1, code 5)."""
    if set(told) - {role} or len(told.get(role, [])) != 1:
        return False
    one, lan = told[role][0], LANS[role]
    own = {address["local"] for address in lab.cpe.addresses(scope=None)}
    return (one.payload[:2] == b"\1\5" and one.destination == source and one.source in own and one.checksum_good
            and (one.ether_source, one.ether_destination) == (lab.cpe.mac(lan), lab.roles[role].mac("eth0")))


def old_source(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend), sixgated={"private": private},
                   server_options={"renew": 6, "rebind": 9, "preferred": 600, "valid": 1200})
    lab.net.serve(tcp=[8090])
    speaker = Speaker(lab)
    old = {role: lab.roles[role].address_in(house.prefix) for role in LANS}
    for role in LANS:
        seen = speaker.say(role, old[role])
        lab.check(seen == ({"isp", "net"}, {}), "before, %s from its own address: %s" % (role, seen))

    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, new)
    # The provider would go on carrying it, and the answers.
    lab.isp.ip("-6", "route", "replace", house.prefix, "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    for role in LANS:
        lab.roles[role].ip("address", "replace", old[role] + "/64", "dev", "eth0", "nodad")
    before = counters(house)["forged"]
    for role in LANS:
        came, told = speaker.say(role, old[role])
        lab.check(not came and told_by_router(lab, role, told, old[role]), "%s from %s: came to %s, told %s" % (
            role, old[role], came, told))
        # A program of the host hears of it by the error that its connection ends with.
        heard = lab.roles[role].tcp(SERVER, 8090, timeout=3, source=old[role])
        lab.check(heard == "unreachable", "%s connects from %s: %s" % (role, old[role], heard))
        own = lab.roles[role].address_in(new)
        seen = speaker.say(role, own)
        lab.check(seen == ({"isp", "net"}, {}) and lab.roles[role].tcp(SERVER, 8090, source=own) == "open",
                  "%s from its new address: %s" % (role, seen))
    lab.check(counters(house)["forged"] >= before + 2 * len(LANS), "%s, was %d" % (counters(house), before))

    # Of another LAN, also of what it had before: it goes nowhere, and nobody hears of it, least of all who has that address.
    before = counters(house)["forged"]
    forged = [("h1", lab.h3.address_in(new)), ("h3", lab.h1.address_in(new)), ("h1", old["h3"]), ("h3", old["h1"]),
              ("h1", lab.h3.address_in("fd00::/8"))]
    for role, source in forged:
        came, told = speaker.say(role, source)
        lab.check(not came and not told, "%s forges %s: came to %s, told %s" % (role, source, came, told))
    lab.check(counters(house)["forged"] >= before + len(forged), "%s, was %d" % (counters(house), before))
    final_checks(lab)


@limit(150)
def test_old_source_with_nft(lab):
    """nft: whoever uses an address of before is told so by its router (RFC 7084 L-14), and nobody else is; an address of
    another LAN gets nobody anywhere."""
    old_source(lab, "nft")


@limit(150)
def test_old_source_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    old_source(lab, "ip6tables")


@limit(150)
def test_old_source_with_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    old_source(lab, "ip6tables", LEGACY)
