# SPDX-License-Identifier: Apache-2.0
"""Rows of the conformance table about the uplink: the router as a host of the ISP's link."""
import ipaddress
import struct
import time

from lab import ACCESS, SERVER, proves
from peers import Sixgated, nmap
from scenario import build, crossed, final_checks, online, probe_packet, quiet, wait_delegated, wait_online
from wire import (ICMP6, icmp6, inject, inside, ipv6, multicast_mac, prefix_information, router_advertisement,
                  udp)

TOLERANCE = 4  # seconds for "at once" on a machine that runs other houses and compilers beside this one


@proves("7084-W-2", "7084-W-3", "7084-G-5")
def test_rows_of_the_default_router(lab):
    """RS after DAD; the default route comes and goes with the ISP's RA, and the LAN hears of it at once (G-5 a, b, c)."""
    lab.house()
    lab.cpe.ip("link", "set", "wan0", "down")
    house = build(lab)
    house.sixgated = Sixgated(lab).start()
    since = time.time()
    lab.cpe.ip("link", "set", "wan0", "up")
    own = lab.cpe.link_local("wan0")
    rs = lab.wan.wait("a Router Solicitation of ours", lambda one: one.icmp == 133 and one.source != "::", 20, since)
    dad = [one for one in lab.wan.packets(since) if one.icmp == 135 and one.source == "::"
           and one.payload[8:24] == rs_target(own)]
    lab.row("7084-W-2", dad and rs.time - dad[0].time >= 0.95 and rs.source == own and rs.destination == "ff02::2"
            and rs.hop_limit == 255, "RS %.2f s after the NS, from %s" % (rs.time - (dad[0].time if dad else 0), rs.source))
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)
    router = lab.isp.link_local("isp0")
    routes = lab.cpe.default_routes()
    good = any(one.get("gateway") == router for one in routes)
    verdicts = []
    # (a) lifetime 0 received
    quiet(lab, lab.lan0)
    quiet(lab, lab.lan1)
    since = time.time()
    house.radvd.stop()
    said = lab.wan.wait_ra("the ISP's last RA", lambda ra: ra.lifetime == 0, 5, since)
    for wire in (lab.lan0, lab.lan1):
        ra = wire.wait_ra("Router Lifetime 0", lambda one: one.lifetime == 0, 10, said.time)
        verdicts.append(("a", str(wire), ra.time - said.time, bool([p for p in ra.inside(house.prefix) if p.preferred])))
    lab.until("the default route is gone", lambda: not lab.cpe.default_routes(), 5)
    since = time.time()
    lab.h1.ping(SERVER)
    lab.row("7084-W-3", good and not crossed(lab.wan, destination=SERVER, since=since), routes)
    # back
    house.radvd.lifetime = 10
    house.radvd.interval = 4
    since = time.time()
    house.radvd.start()
    lab.lan0.wait_ra("Router Lifetime again", lambda one: one.lifetime > 0, 20, since)
    lab.lan1.wait_ra("Router Lifetime again", lambda one: one.lifetime > 0, 20, since)
    # (c) expiry
    house.radvd.kill()
    end = max(ra.time for ra in lab.wan.ras()) + 10
    for wire in (lab.lan0, lab.lan1):
        ra = wire.wait_ra("Router Lifetime 0", lambda one: one.lifetime == 0, 20, since=end - 2)
        verdicts.append(("c", str(wire), ra.time - end, bool([p for p in ra.inside(house.prefix) if p.preferred])))
    # back, then (b) link down
    house.radvd.lifetime = 1800
    since = time.time()
    house.radvd.start()
    for wire in (lab.lan0, lab.lan1):
        wire.wait_ra("Router Lifetime again", lambda one: one.lifetime > 0, 20, since)
    quiet(lab, lab.lan0)
    quiet(lab, lab.lan1)
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "down")
    for wire in (lab.lan0, lab.lan1):
        ra = wire.wait_ra("Router Lifetime 0", lambda one: one.lifetime == 0, 10, since)
        verdicts.append(("b", str(wire), ra.time - since, bool([p for p in ra.inside(house.prefix) if p.preferred])))
    lab.row("7084-G-5", all(-0.5 <= seconds <= TOLERANCE and kept for _, _, seconds, kept in verdicts), verdicts)
    final_checks(lab)


def rs_target(address):
    return ipaddress.IPv6Address(address).packed


@proves("7084-G-3")
def test_row_of_provisioning(lab):
    """Before the WAN has address and prefix nothing crosses in either direction; after, it does (RFC 7084 G-3)."""
    house = build(lab, start_server=False)
    house.sixgated = Sixgated(lab).start()
    lab.wan.wait_ra()
    lab.until("the cpe has its default route", lab.cpe.default_routes, 20)
    # Everything else that a packet needs is there by hand: addresses and routes on both sides.
    lab.cpe.ip("-6", "address", "add", "2001:db8:10aa::1/64", "dev", "lan0", "nodad")
    lab.h1.ip("-6", "address", "add", "2001:db8:10aa::2/64", "dev", "eth0", "nodad")
    lab.h1.ip("-6", "route", "add", "default", "via", lab.cpe.link_local("lan0"), "dev", "eth0", "metric", "1")
    lab.isp.ip("-6", "route", "add", "2001:db8:10aa::/48", "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    since = time.time()
    lab.h1.ping(SERVER, count=3, source="2001:db8:10aa::2")
    lab.net.ping("2001:db8:10aa::2", count=3)
    out = crossed(lab.wan, source="2001:db8:10aa::2", since=since)
    reached = [one for one in crossed(lab.wan, destination="2001:db8:10aa::2", since=since) if one.outgoing]
    inward = crossed(lab.lan0, source=SERVER, since=since)
    tried = crossed(lab.lan0, source="2001:db8:10aa::2", destination=SERVER, since=since)
    lab.check(reached and tried, "the probes were not sent")
    lab.h1.ip("-6", "route", "del", "default", "via", lab.cpe.link_local("lan0"), "dev", "eth0", "metric", "1")
    house.server.start()
    house.prefix = wait_delegated(lab, timeout=60)
    wait_online(lab, house.prefix, timeout=60)
    lab.row("7084-G-3", not out and not inward, "out %s, in %s" % (out, inward))
    final_checks(lab)


@proves("7084-WAA-1", "7084-WAA-2", "9762-04")
def test_rows_of_autoconfiguration(lab):
    """An address by SLAAC with DAD; without the L flag its /64 is not on-link (RFC 5942 section 4)."""
    lab.house()
    lab.cpe.sysctl("net.ipv6.conf.wan0.accept_ra", 0)  # or the kernel has an address of its own before we begin
    house = build(lab, ra={"autonomous": True, "on_link": False, "managed": False},
                  server_options={"addresses": False})
    since = time.time()
    house.sixgated = Sixgated(lab).start()
    address = lab.cpe.wait_address(ACCESS, "wan0")
    lab.isp.wait_ping(address)  # not answered before DAD is over
    dad = lab.wan.packets(since, match=lambda one: one.icmp == 135 and one.source == "::"
                          and one.payload[8:24] == rs_target(address))
    lab.row("7084-WAA-1", bool(dad), "no DAD for %s" % address)
    since = time.time()
    lab.cpe.ping("2001:db8:0:1::abcd")
    asked = lab.wan.packets(since, match=lambda one: one.icmp == 135 and one.payload[8:24] == rs_target("2001:db8:0:1::abcd"))
    sent = [one for one in crossed(lab.wan, destination="2001:db8:0:1::abcd", since=since) if not one.outgoing]
    lab.row("7084-WAA-2", not [one for one in asked if not one.outgoing] and sent
            and all(one.ether_destination == lab.isp.mac("isp0") for one in sent), "asked %s, sent %s" % (asked, sent))
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)
    told = lab.wan.wait_ra("the ISP's prefix", lambda ra: ra.prefix(ACCESS)).prefix(ACCESS)
    lab.row("9762-04", not told.flags & 0x10 and any(one.delegations for one in lab.wan.dhcp("Solicit")), told)
    final_checks(lab)


@proves("7084-WAA-7", "7084-WAA-9", "7084-WPD-4", "7084-WPD-6")
def test_rows_without_a_wan_address(lab):
    """RA with O=1 only, no SLAAC, no IA_NA: the prefix still comes, and a LAN address serves the WAN (weak host)."""
    house = online(lab, ra={"managed": False, "other": True, "autonomous": False}, server_options={"addresses": False})
    lab.row("7084-WPD-4", bool(house.prefix))
    lab.check(not lab.cpe.addresses("wan0"), "a WAN address from nowhere: %s" % lab.cpe.addresses("wan0"))
    own = lab.cpe.wait_address(house.prefix)
    lab.row("7084-WAA-7", own and lab.net.ping(own), "the server does not reach %s" % own)
    since = time.time()
    lab.cpe.ping(SERVER, check=True)
    sources = {one.source for one in crossed(lab.wan, destination=SERVER, since=since)}
    lab.row("7084-WAA-9", sources and all(inside(one, house.prefix) for one in sources), sources)
    # M=1 and a server without addresses (NoAddrsAvail): the prefix is taken all the same.
    house.sixgated.terminate()
    house.radvd.change(managed=True)
    house.sixgated.forget()
    since = time.time()
    house.sixgated.start()
    prefix = wait_delegated(lab, since, timeout=20)
    asked = lab.wan.wait_dhcp("Request", since=since)
    ra = lab.lan0.wait_ra("the prefix", lambda ra: [pio for pio in ra.inside(prefix) if pio.valid], 10, since)
    lab.row("7084-WPD-6", ra and asked.delegations, asked)
    final_checks(lab)


@proves("7084-WPD-4x")
def test_row_of_an_isp_without_advertisements(lab):
    """The ISP never sends an RA: the prefix is asked for and used all the same, without a default router."""
    house = build(lab, start_ra=False)
    house.sixgated = Sixgated(lab).start()
    prefix = wait_delegated(lab, timeout=60)
    ra = lab.lan0.wait_ra("the prefix", lambda ra: [pio for pio in ra.inside(prefix) if pio.valid], 20)
    lab.row("7084-WPD-4x", ra and not ra.lifetime, ra)
    final_checks(lab)


def advertise(lab, options, lifetime=1800, flags=0xc0):
    source = lab.isp.link_local("isp0")
    inject(lab.isp, "isp0", router_advertisement(source, lifetime, flags=flags, options=options),
           multicast_mac("ff02::1"))


@proves("4862-H-01", "4862-H-02", "4862-H-03", "4861-R-33", "7217-01")
def test_rows_of_prefixes_heard(lab):
    """Prefix Information that must not be used is not, and a lifetime cannot be cut below two hours by anybody."""
    house = online(lab, ra={"autonomous": False})
    good, long, short, odd = "2001:db8:aa::/64", "2001:db8:ab::/64", "2001:db8:ac::/60", "2001:db8:ad::/65"
    advertise(lab, prefix_information(long, 2000, 1000))
    advertise(lab, prefix_information(short, 3000, 6000) + prefix_information(odd, 3000, 6000)
              + prefix_information("fe80::/64", 3000, 6000))
    advertise(lab, prefix_information(good, 40000, 86400))
    address = lab.cpe.wait_address(good, "wan0")
    lab.row("4862-H-01", not lab.cpe.address_in(long, usable=False, preferred=False), "an address in %s" % long)
    lab.row("4862-H-02", not lab.cpe.address_in(short, usable=False, preferred=False)
            and not lab.cpe.address_in(odd, usable=False, preferred=False), "an address in a /60 or /65")
    advertise(lab, prefix_information(good, 30, 60))

    def valid():
        return next((one["valid_life_time"] for one in lab.cpe.addresses("wan0") if one["local"] == address), 0)
    lab.until("the valid lifetime follows down to two hours", lambda: 7100 <= valid() <= 7200, 10)
    preferred = next(one["preferred_life_time"] for one in lab.cpe.addresses("wan0") if one["local"] == address)
    lab.row("4862-H-03", preferred <= 30, "preferred %s" % preferred)
    lab.row("7217-01", not address.endswith(lab.cpe.link_local("wan0").split("::")[1]), "%s shows the MAC" % address)
    # A router does not follow Redirects (RFC 4861 section 8.2).
    before = lab.cpe.ip("-6", "route", "get", SERVER)
    source = lab.isp.link_local("isp0")
    body = bytes(4) + rs_target("fe80::bad") + rs_target(SERVER)
    own = lab.cpe.link_local("wan0")
    inject(lab.isp, "isp0", ipv6(source, own, ICMP6, icmp6(source, own, 137, 0, body), 255), lab.cpe.mac("wan0"))
    lab.pause(0.5)
    after = lab.cpe.ip("-6", "route", "get", SERVER)
    lab.row("4861-R-33", "fe80::bad" not in after and lab.h1.ping(SERVER), "%s then %s" % (before, after))
    lab.check(house.sixgated.process.running, "it ended")
    final_checks(lab)


@proves("8106-06", "8106-03")
def test_rows_of_dns(lab):
    """DNS servers heard in the ISP's RA alone reach the LAN; when they are replaced the old one goes out with lifetime 0."""
    house = online(lab, ra={"rdnss": "2001:db8:ffff::53"}, server_options={"dns": None})
    seen = lab.lan0.wait_ra("the ISP's DNS server", lambda ra: ("2001:db8:ffff::53") in [
        one for one, lifetime in ra.rdnss if lifetime], 15)
    lab.row("8106-06", bool(seen))
    quiet(lab, lab.lan0)
    since = time.time()
    house.radvd.change(rdnss="2001:db8:ffff::54")
    lab.wan.wait_ra("the new one", lambda ra: "2001:db8:ffff::54" in dict(ra.rdnss), 15, since)
    # The old one is valid until its own lifetime ends, unless the ISP withdraws it.
    rdnss = struct.pack("!BBHI", 25, 3, 0, 0) + rs_target("2001:db8:ffff::53")
    advertise(lab, rdnss)
    ra = lab.lan0.wait_ra("the change", lambda ra: ("2001:db8:ffff::53", 0) in ra.rdnss, 15, since)
    lab.row("8106-03", any(one == "2001:db8:ffff::54" and lifetime for later in lab.lan0.ras(since)
                           for one, lifetime in later.rdnss), ra)
    final_checks(lab)


@proves("6092-REC-9", "6092-REC-50", "7084-S-2", "4862-H-04")
def test_rows_of_the_closed_door(lab):
    """From the WAN nothing of the router answers but echo; a LAN source that is not ours does not leave; DAD is done."""
    house = online(lab)
    own = [lab.cpe.wait_address(house.prefix), lab.cpe.addresses("wan0")[0]["local"]]
    seen = {one: nmap(lab.net, one, [22, 53, 80, 443, 547]) for one in own}
    lab.row("6092-REC-50", all(states and "open" not in states.values() for states in seen.values()), seen)
    since = time.time()
    source = lab.isp.link_local("isp0")
    message = bytes([11, 1, 2, 3]) + struct.pack("!HH", 1, 10) + b"\0\3\0\1" + bytes(6) + struct.pack("!HHH", 6, 2, 23)
    inject(lab.isp, "isp0", ipv6(source, "ff02::1:2", 17, udp(source, "ff02::1:2", 546, 547, message), 1),
           multicast_mac("ff02::1:2"))
    lab.pause(1)
    answers = [one for one in lab.wan.dhcp("Reply", since) if not one.packet.outgoing]
    # Our own question whether another server is there (dhcpv6_watch) may be on its way.
    passed = [one for one in lab.lan0.dhcp(since=since) if one.transaction == "010203"]
    lab.row("6092-REC-9", not answers and not passed, "%s %s" % (answers, passed))
    since = time.time()
    inject(lab.h1, "eth0", probe_packet("2001:db8:bad::1", SERVER, 1), lab.cpe.mac("lan0"))
    lab.pause(0.5)
    lab.row("7084-S-2", not crossed(lab.wan, source="2001:db8:bad::1", since=since), "a foreign source left the house")
    targets = {one.payload[8:24] for wire in (lab.wan, lab.lan0, lab.lan1) for one in wire.packets()
               if one.icmp == 135 and one.source == "::"}
    missing = [one["local"] for one in lab.cpe.addresses() if rs_target(one["local"]) not in targets]
    lab.row("4862-H-04", not missing, "no DAD for %s" % missing)
    final_checks(lab)


@proves("4862-H-05")
def test_row_of_a_stolen_link_local_address(lab):
    """Somebody on the ISP's link has our link-local address: nothing is sent from it (RFC 4862 section 5.4.5). When he
    is gone, the next time the cable comes the house is online."""
    lab.house()
    own = lab.cpe.link_local("wan0")
    lab.cpe.ip("link", "set", "wan0", "down")
    house = build(lab)
    lab.isp.ip("-6", "address", "add", own + "/64", "dev", "isp0", "nodad")
    house.sixgated = Sixgated(lab).start()
    since = time.time()
    lab.cpe.ip("link", "set", "wan0", "up")
    lab.until("DAD has failed", lambda: [one for one in lab.cpe.addresses("wan0", "link") if one.get("dadfailed")], 10)
    lab.pause(3)
    ours = lab.cpe.mac("wan0")
    said = lab.wan.packets(since, match=lambda one: one.source == own and one.ether_source == ours)
    lab.row("4862-H-05", not said, "sent from an address that is not ours: %s" % said)
    lab.isp.ip("-6", "address", "del", own + "/64", "dev", "isp0")
    since = time.time()
    lab.cpe.ip("link", "set", "wan0", "down")
    lab.cpe.ip("link", "set", "wan0", "up")
    house.prefix = wait_delegated(lab, since)
    wait_online(lab, house.prefix)
    final_checks(lab)
