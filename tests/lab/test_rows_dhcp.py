# SPDX-License-Identifier: Apache-2.0
"""Rows of the conformance table about the DHCPv6 client, as a server and the wire see it (RFC 9915 section 18)."""
import struct
import time

from lab import ACCESS, limit, proves
from peers import Sixgated
from scenario import build, final_checks, hear_routes, online, toml, wait_delegated, wait_online
from wire import dhcp_options, domain_names, inject, inside, multicast_mac, router_advertisement

EARLY, LATE = 0.15, 3.5  # seconds of leave for timers: a virtual machine under load


def elapsed(message):
    return struct.unpack("!H", message.option(8))[0] / 100


@limit(240)
@proves("7084-WPD-1", "8415-C-01", "8415-C-05", "8415-C-06", "8415-C-12", "8415-C-13", "8415-C-43", "8415-C-45")
def test_rows_of_a_lease_cycle(lab):
    """Solicit, Request, Renew at T1, Rebind at T2 with the RFC's spacing while the server is silent."""
    house = online(lab, hosts=("h1",), server_options={"renew": 20, "rebind": 45, "preferred": 300, "valid": 600})
    reply = max(lab.wan.dhcp("Reply"), key=lambda one: one.time)
    house.server.stop()
    server = reply.server
    second = lab.wan.wait_dhcp("Rebind", lambda one: elapsed(one) > 0, 100)
    ours = [one for one in lab.wan.dhcp() if not one.packet.outgoing]
    renews = [one for one in ours if one.name == "Renew" and one.time > reply.time]
    rebinds = [one for one in ours if one.name == "Rebind"]
    names = [one.name for one in ours]
    row = lab.row
    row("7084-WPD-1", names.index("Solicit") < names.index("Request") < names.index("Renew") < names.index("Rebind"), names)
    row("8415-C-01", all(one.packet.ports == (546, 547) and one.destination == "ff02::1:2"
                         and inside(one.source, "fe80::/10") for one in ours), ours)
    gaps = [later.time - sooner.time for sooner, later in zip(renews, renews[1:])]
    row("8415-C-05", 20 - EARLY <= renews[0].time - reply.time <= 20 + LATE and gaps
        and 9 - EARLY <= gaps[0] <= 11 + LATE and all(one.server == server for one in renews)
        and renews[-1].time < reply.time + 45 + LATE, "Renew after %.1f s, gaps %s" % (renews[0].time - reply.time, gaps))
    row("8415-C-06", 45 - EARLY <= rebinds[0].time - reply.time <= 45 + LATE and not [
        one for one in rebinds if one.server] and 9 - EARLY <= second.time - rebinds[0].time <= 11 + LATE,
        [one.time - reply.time for one in rebinds])
    exchanges = {}
    for one in ours:
        exchanges.setdefault(one.name, set()).add(one.transaction)
    row("8415-C-12", len(exchanges["Renew"]) == 1 and len(exchanges["Rebind"]) == 1
        and exchanges["Renew"] != exchanges["Rebind"] and exchanges["Solicit"] != exchanges["Request"], exchanges)
    wrong = []
    for name in exchanges:
        series = [one for one in ours if one.name == name]
        if name in ("Renew", "Rebind"):
            for one in series:
                if abs(elapsed(one) - (one.time - series[0].time)) > 0.5:
                    wrong.append("%s: elapsed %.2f after %.2f s" % (name, elapsed(one), one.time - series[0].time))
        elif elapsed(series[0]):
            wrong.append("%s begins with elapsed %.2f" % (name, elapsed(series[0])))
    row("8415-C-13", not wrong, wrong)
    bad = [one for one in ours for ia in one.addresses + one.delegations
           if ia.t1 or ia.t2 or any(p or v for _, p, v in ia.addresses + ia.prefixes)
           or any(address == "::" for address, _, _ in ia.addresses)
           or any(prefix.endswith("/0") for prefix, _, _ in ia.prefixes)]
    row("8415-C-43", not bad, bad)
    iaids = [[ia.iaid for ia in kind] for one in ours for kind in (one.addresses, one.delegations)]
    row("8415-C-45", all(len(one) == len(set(one)) for one in iaids), iaids)
    house.server.start(fresh=False)
    wait_online(lab, house.prefix, ("h1",))
    final_checks(lab)


@limit(200)
@proves("8415-C-03", "4861-H-02")
def test_rows_of_a_silent_isp(lab):
    """The pace of Solicits and Router Solicitations while nobody answers."""
    house = build(lab, start_server=False, start_ra=False)
    house.sixgated = Sixgated(lab).start()
    started = time.time()  # before, the kernel asked by itself
    lab.until("five Solicits", lambda: len(lab.wan.dhcp("Solicit")) >= 5, 60)
    times = [one.time for one in lab.wan.dhcp("Solicit")]
    gaps = [later - sooner for sooner, later in zip(times, times[1:])]
    # The first RT is strictly above 1 s; each further one is 1.9 to 2.1 times the one before (section 15).
    good = all(1.9 ** number - EARLY <= gap <= 1.1 * 2.1 ** number + LATE for number, gap in enumerate(gaps))
    lab.row("8415-C-03", good, gaps)
    own = lab.cpe.mac("wan0")
    asked = [one.time for one in lab.wan.packets(match=lambda one: one.icmp == 133 and one.ether_source == own
                                                 and one.time >= started)]
    gaps = [later - sooner for sooner, later in zip(asked, asked[1:])]
    lab.row("4861-H-02", len(asked) >= 2 and all(gap >= 2.95 for gap in gaps), gaps)
    final_checks(lab)


@proves("8415-C-11", "8415-C-09")
def test_rows_of_a_conflict_and_a_flap(lab):
    """A leased address that somebody has already is declined and not used; after a link flap the lease is verified."""
    lab.house()
    taken = ACCESS.replace("::/64", "::1:0")  # the first that Kea's pool gives
    lab.isp.ip("-6", "address", "add", taken + "/128", "dev", "isp0", "nodad")
    house = online(lab)
    decline = lab.wan.wait_dhcp("Decline", timeout=20)
    lab.row("8415-C-11", [one[0] for ia in decline.addresses for one in ia.addresses] == [taken]
            and not decline.delegations and decline.source != taken, decline)
    lab.until("the declined address is not used", lambda: taken not in [one["local"] for one in lab.cpe.addresses("wan0")
                                                                       if not one.get("dadfailed")], 10)
    lab.check(lab.h1.ping("2001:db8:ffff::80"), "h1 lost the Internet by a conflict on the WAN")
    solicits = len(lab.wan.dhcp("Solicit"))
    lab.pause(1)
    since = time.time()
    lab.cpe.ip("link", "set", "wan0", "down")
    lab.until("the default route is gone", lambda: not lab.cpe.default_routes(), 10)
    lab.cpe.ip("link", "set", "wan0", "up")
    rebind = lab.wan.wait_dhcp("Rebind", timeout=20, since=since)
    lab.row("8415-C-09", rebind.delegations and house.prefix in [one for one, _, _ in rebind.delegated()]
            and len(lab.wan.dhcp("Solicit")) == solicits, rebind)
    wait_online(lab, house.prefix)
    final_checks(lab)


@proves("4861-H-01")
def test_row_of_invalid_advertisements(lab):
    """Router Advertisements that RFC 4861 section 6.1.2 calls invalid change nothing."""
    house = build(lab, start_ra=False)
    house.sixgated = Sixgated(lab).start()
    wait_delegated(lab, timeout=60)
    source = lab.isp.link_local("isp0")
    to = multicast_mac("ff02::1")
    for packet in (router_advertisement("2001:db8:0:1::1", 1800), router_advertisement(source, 1800, hop_limit=254),
                   router_advertisement(source, 1800, bad_checksum=1), router_advertisement(source, 1800, code=1),
                   router_advertisement(source, 1800, options=b"\x01\x00" + bytes(6)),
                   router_advertisement(source, 1800, options=b"\x03\x04\x40\xc0")):
        inject(lab.isp, "isp0", packet, to)
    lab.pause(2)
    routes = lab.cpe.default_routes()
    lab.check(house.sixgated.process.running and house.sixgated.answers(), "it ended")
    inject(lab.isp, "isp0", router_advertisement(source, 1800), to)
    lab.until("a good one is believed", lab.cpe.default_routes, 10)
    lab.row("4861-H-01", not routes, routes)
    final_checks(lab)


@proves("7084-G-1", "4193-02", "4193-03", "4193-05")
def test_rows_of_plain_ipv6(lab):
    """Echo of every size up to fragments, Packet Too Big believed, the ULA kept inside and alive without the WAN."""
    lab.house()
    hear_routes(lab)
    house = online(lab)
    own = lab.cpe.wait_address(house.prefix, "lan0")
    sizes = (1232, 1452, 3000)
    answered = [size for size in sizes for who in (lab.net, lab.h1) if who.ping(own, size=size)]
    lab.row("7084-G-1", len(answered) == 2 * len(sizes), answered)
    ula = [pio.prefix for ra in lab.lan0.ras() for pio in ra.inside("fc00::/7")]
    lab.row("4193-02", ula and all(inside(one.split("/")[0], "fd00::/8") for one in ula), ula)
    block = house.sixgated.status()["ula"]
    since = time.time()
    lab.h1.ping(block.split("::")[0] + ":beef::1")
    lab.pause(0.5)
    lab.row("4193-03", not lab.wan.packets(since, match=lambda one: inside(one.destination, block))
            and lab.lan0.packets(since, match=lambda one: one.icmp == 1), "no unreachable, or a leak")
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "down")
    lab.lan0.wait_ra("Router Lifetime 0", lambda ra: not ra.lifetime, 10, since)
    # The hosts find each other by the Route Information of the ULA now.
    lab.row("4193-05", lab.h1.ping(lab.h3.address_in(block), source=lab.h1.address_in(block)), "LANs are cut off")
    final_checks(lab)


@proves("8415-C-35", "7084-WAA-4b", "8106-04", "6603-01", "6603-02")
def test_rows_of_options(lab):
    """Rapid commit, a search list that reaches the hosts, and a /64 of the delegation that the ISP keeps (RFC 6603)."""
    kept = "2001:db8:6000::/64"
    house = online(lab, config=toml(uplink="rapid_commit = true"), server_options={
        "rapid_commit": True, "options": [("domain-search", "home.example, a.very.long.name.example.org")],
        "pool": "2001:db8:6000::/56", "excluded": kept})
    names = [one.name for one in lab.wan.dhcp()]
    solicit, reply = lab.wan.dhcp("Solicit")[0], lab.wan.dhcp("Reply")[0]
    lab.row("8415-C-35", names[:2] == ["Solicit", "Reply"] and solicit.option(14) == b"" and reply.option(14) == b"", names)
    ra = lab.lan0.ras(match=lambda one: one.dnssl)[-1:]
    lab.row("7084-WAA-4b", 24 in solicit.requested and ra and {name for name, lifetime in ra[0].dnssl if lifetime}
            == {"home.example", "a.very.long.name.example.org"}, ra or "no DNSSL")
    options = [raw for one in ra for kind, raw in one.options if kind == 31]
    bad = [raw.hex() for raw in options if len(raw) < 16 or len(raw) % 8 or b"\xc0" in raw[8:]
           or sum(len(name) + 2 for name in domain_names(raw[8:])) > len(raw) - 8 or raw[8:].rstrip(b"\0")[-1:] == b""]
    lab.row("8106-04", options and not bad, bad or "no DNSSL")
    lab.row("6603-01", 67 in solicit.requested, solicit.requested)
    used = [pio.prefix for wire in (lab.lan0, lab.lan1) for one in wire.ras() for pio in one.inside(house.prefix)]
    sent = any(code == 67 for code, _ in options_of_prefix(reply))
    lab.row("6603-02", sent and used and kept not in used, "excluded %s, used %s" % (sent, used))
    final_checks(lab)


def options_of_prefix(message):
    """The options inside the IA Prefix options of a message."""
    for code, body in message.options:
        if code == 25:
            for inner, prefix in dhcp_options(body[12:]):
                if inner == 26:
                    yield from dhcp_options(prefix[25:])
