# SPDX-License-Identifier: Apache-2.0
"""What only a neighbour may say: Neighbor Discovery whose hop limit is not 255, and MLD and DHCPv6 of addresses that are
not the link's, have come from further away. The router neither answers nor believes them: on a protected LAN, where hosts
may say to it what they like, by its kernel and by the daemon; on an isolated one and the uplink by the firewall, but for
DHCPv6 of global addresses, which registers them (RFC 9686) or is dropped by the daemon."""
import ipaddress
import itertools
import struct
import time

from lab import ACCESS, ISP_ADDRESS, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml
from test_counters import counters
from test_dhcp6_names import option
from test_leases import begun
from wire import (ICMP6, UDP, icmp6, inject, ipv6, multicast_mac, prefix_information, router_advertisement,
                  router_solicitation, udp)

FIRST_MAC, SECOND_MAC = "02:a1:b2:d5:00:01", "02:a1:b2:d5:00:02"
ROUTER_ALERT = b"\x3a\0\5\2\0\0\1\0"  # a hop-by-hop header before ICMPv6 (RFC 2711, RFC 3810 section 5)
HINT = "2001:db8:bad::/64"


def link_layer(kind, mac):
    return bytes([kind, 1]) + bytes.fromhex(mac.replace(":", ""))


class Link:
    """A machine beside the router and their link, with ways to say something there: each tells whether the router answered
    or believed it. `near`: from the link, as it has to be; else from further away, where the address `far` is."""

    numbers = itertools.count(0x0a0b00)  # of transactions

    def __init__(self, lab, house, role, wire, router, far):
        self.lab, self.house, self.host, self.wire, self.router = lab, house, lab.roles[role], wire, router
        self.interface = "isp0" if role == "isp" else "eth0"
        self.mac, self.address = lab.cpe.mac(router), lab.cpe.link_local(router)
        self.near, self.far = self.host.link_local(self.interface), far
        self.strangers = ("fe80::5:%x" % number for number in itertools.count(1))

    def send(self, packet, mac=None, to=None):
        """Returns when the router has had it: it answers what comes after it."""
        inject(self.host, self.interface, packet, to or multicast_mac(str(ipaddress.IPv6Address(packet[24:40]))), mac)
        self.host.ping(self.address, interface=self.interface, check=True)

    def heard(self, since, match):
        return self.wire.packets(since, match=lambda one: one.ether_source == self.mac and match(one))

    def neighbor(self, address):
        """Whose MAC address the router holds this to have."""
        return next((one.get("lladdr") for one in self.lab.cpe.json("-6", "neigh", "show", "dev", self.router)
                     if one["dst"] == address), None)

    def counted(self, name):
        status = self.house.sixgated.status()
        return next(one["counters"][name] for one in status["lans"] + status["uplinks"] if one["interface"] == self.router)

    def wait_counted(self, name, before):
        """Until the daemon has read what came."""
        self.lab.until("%s on %s" % (name, self.router), lambda: self.counted(name) > before, 5)

    # ---- what can be said ----

    def solicits_neighbor(self, near, source=None):
        since, source = time.time(), source or next(self.strangers)
        group = str(ipaddress.IPv6Address(int(ipaddress.IPv6Address("ff02::1:ff00:0"))
                                          | int(ipaddress.IPv6Address(self.address)) & 0xffffff))
        body = bytes(4) + ipaddress.IPv6Address(self.address).packed + link_layer(1, FIRST_MAC)
        self.send(ipv6(source, group, ICMP6, icmp6(source, group, 135, 0, body), 255 if near else 64), FIRST_MAC)
        answers = self.heard(since, lambda one: one.icmp == 136 and one.destination == source)
        return bool(answers or self.neighbor(source))

    def advertises_neighbor(self, near):
        source = next(self.strangers)
        self.lab.check(self.solicits_neighbor(True, source) and self.neighbor(source) == FIRST_MAC, "no such neighbour")
        body = b"\x20\0\0\0" + ipaddress.IPv6Address(source).packed + link_layer(2, SECOND_MAC)  # with the override flag
        self.send(ipv6(source, "ff02::1", ICMP6, icmp6(source, "ff02::1", 136, 0, body), 255 if near else 64), SECOND_MAC)
        return self.neighbor(source) != FIRST_MAC

    def solicits_router(self, near):
        source, before = next(self.strangers), self.counted("rs_received")
        self.send(router_solicitation(source, link_layer=FIRST_MAC, hop_limit=255 if near else 64), FIRST_MAC)
        if near:
            self.wait_counted("rs_received", before)
        return self.counted("rs_received") > before

    def advertises_router(self, near):
        source, options = next(self.strangers), prefix_information(HINT, 30, 30, flags=0)
        self.send(router_advertisement(source, 0, options=options, hop_limit=255 if near else 64), FIRST_MAC)

        def named():
            return any(one["address"] == source for one in self.house.sixgated.lan(self.router).get("foreign_routers", []))
        return bool(self.lab.until("%s is named" % source, named, 5)) if near else named()

    def asks_for_groups(self, near):
        """A general query of MLDv2, to be answered within 0.1 s (RFC 3810 section 5.1)."""
        since, source = time.time(), self.near if near else self.far
        query = icmp6(source, "ff02::1", 130, 0, struct.pack("!HH16sBBH", 100, 0, bytes(16), 2, 125, 0))
        self.send(ipv6(source, "ff02::1", 0, ROUTER_ALERT + query, 1))

        def reports():
            return self.heard(since, lambda one: one.icmp == 143 and one.source == self.address)
        if near:
            self.lab.until("a report on %s" % self.router, reports, 5)
        else:
            self.lab.pause(0.5)
        return bool(reports())

    def asks_for_settings(self, near):
        """An Information-request."""
        since, source = time.time(), self.near if near else self.far
        message = begun(self.host, 11, next(self.numbers)) + option(6, struct.pack("!H", 23))
        self.send(ipv6(source, "ff02::1:2", UDP, udp(source, "ff02::1:2", 546, 547, message)))

        def replies():
            return [one for one in self.wire.dhcp("Reply", since) if one.transaction == message[1:4].hex()]
        if near:
            self.lab.until("a Reply on %s" % self.router, replies, 5)
        return bool(replies())

    def answers_settings(self, near):
        """A Reply to nothing that was asked: the client counts it."""
        before, source = self.counted("dhcp6_received"), self.near if near else self.far
        to = self.address if near else self.lab.cpe.wait_address(ACCESS, "wan0")
        self.send(ipv6(source, to, UDP, udp(source, to, 547, 546, bytes([7, 1, 2, 3]))), to=self.mac)
        if near:
            self.wait_counted("dhcp6_received", before)
        return self.counted("dhcp6_received") > before


def from_this_link(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend, each={"lan1": 'zone = "isolated"'}),
                   sixgated={"private": private})
    protected = Link(lab, house, "h1", lab.lan0, "lan0", lab.h1.address_in(house.prefix))
    isolated = Link(lab, house, "h3", lab.lan1, "lan1", lab.h3.address_in(house.prefix))
    uplink = Link(lab, house, "isp", lab.wan, "wan0", ISP_ADDRESS)
    neighbors = ("solicits_neighbor", "advertises_neighbor", "asks_for_groups")
    routers = ("solicits_router", "advertises_router")
    wrong = []

    def say(link, name, counts):
        """From the link first, so that the same from elsewhere could have done as much."""
        for near in (True, False):
            before = counters(house)["router"]
            believed = getattr(link, name)(near)
            refused = counters(house)["router"] - before
            if believed != near or refused != (counts and not near):
                wrong.append("%s on %s, %s: %s, the firewall refused %d" % (name, link.router, (
                    "near" if near else "far"), believed, refused))
    for link, names in ((isolated, neighbors + routers), (uplink, neighbors + ("answers_settings",))):
        for name in names:
            say(link, name, True)
    for name in neighbors:
        say(protected, name, False)
    # The daemon says why it dropped what the firewall leaves to it.
    for link, name, reason in ((protected, "solicits_router", "ra_dropped_hop-limit"),
                               (protected, "advertises_router", "ra_dropped_hop-limit"),
                               (protected, "asks_for_settings", "dhcp6_dropped_not-link-local"),
                               (isolated, "asks_for_settings", "dhcp6_dropped_not-link-local")):
        before = link.counted(reason)
        say(link, name, False)
        link.wait_counted(reason, before)
        lab.check(link.counted(reason) == before + 1, "%s: %d, then %d" % (reason, before, link.counted(reason)))
    lab.check(not wrong, "\n".join(wrong))
    final_checks(lab)


@limit(180)
def test_from_this_link_nft(lab):
    """nft: RS, RA, NS and NA with hop limit 64, MLD and DHCPv6 from global addresses change and cost nothing."""
    from_this_link(lab, "nft")


@limit(180)
def test_from_this_link_ip6tables(lab):
    """ip6tables-restore: the same."""
    from_this_link(lab, "ip6tables")


@limit(180)
def test_from_this_link_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    from_this_link(lab, "ip6tables", LEGACY)
