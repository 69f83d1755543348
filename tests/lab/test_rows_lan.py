# SPDX-License-Identifier: Apache-2.0
"""Rows of the conformance table that a LAN can see: what is in our Router Advertisements, when they come, and what
solicitations they answer. One house serves many rows."""
import ipaddress
import struct
import time

from lab import SERVER, limit, proves
from peers import Sixgated
from scenario import build, final_checks, hear_routes, online, quiet, toml, wait_delegated
from wire import ICMP6, icmp6, inject, inside, ipv6, multicast_mac, router_solicitation


def lan_ras(lab, since=0.0):
    return lab.lan0.ras(since) + lab.lan1.ras(since)


@proves("7084-W-4", "7084-WAA-6", "7084-L-2", "7084-L-3", "7084-L-5", "7084-L-6", "7084-L-11", "7084-ULA-1",
        "7084-WPD-2", "7084-WAA-4a", "7084-WAA-8", "9096-L-16a", "9096-L-16b", "9096-L-16c", "4861-R-14", "4861-R-16",
        "4861-R-19", "4861-R-20", "4861-R-21", "4861-R-22", "4861-R-30", "4191-01", "4191-02", "4191-03", "8106-01",
        "8106-02", "7084-WLL-1", "7084-WPD-7", "8415-C-47", "4861-R-15", "4861-R-29", "7084-W-1")
def test_rows_of_a_settled_house(lab):
    """What the wire carries when all is well: the fields of every RA, the options of every DHCPv6 message."""
    house = online(lab, server_options={"preferred": 86400, "valid": 172800, "renew": 40000, "rebind": 60000})
    quiet(lab, lab.lan0)
    lab.h1.run("rdisc6", "-1", "-w", "5000", "eth0", check=False)
    prefix = house.prefix
    live = lambda ra: [pio for pio in ra.inside(prefix) if pio.valid]
    ras = lan_ras(lab)
    full = [ra for ra in ras if live(ra)]
    last0, last1 = lab.lan0.ras(match=live)[-1], lab.lan1.ras(match=live)[-1]
    solicit, request = lab.wan.dhcp("Solicit")[-1], lab.wan.dhcp("Request")[-1]
    row = lab.row
    row("7084-W-4", solicit.delegations, solicit)
    row("7084-WAA-6", request.addresses, "the ISP's RA has M=1: %s" % request)
    # The survey looks at every length; what is requested has room for both LANs.
    row("7084-WPD-2", [one.prefixes[0][0] for one in solicit.delegations] == ["::/%d" % n for n in range(48, 65)]
        and all(int(one.prefixes[0][0].split("/")[1]) <= 60 for one in request.delegations),
        "two LANs: %s %s" % (solicit, request))
    row("7084-WAA-4a", 23 in solicit.requested and 23 in request.requested and any(
        lifetime for ra in full for _, lifetime in ra.rdnss), solicit.requested)
    row("7084-WAA-8", 82 in solicit.requested and 82 in request.requested, solicit.requested)
    row("7084-L-2", live(last0)[0].prefix != live(last1)[0].prefix and last0.inside("fc00::/7")
        and last0.inside("fc00::/7")[0].prefix != last1.inside("fc00::/7")[0].prefix, "%s %s" % (last0, last1))
    ula = [one for one in last0.routes if inside(one.prefix.split("/")[0], "fd00::/8")]
    row("7084-L-3", last0.route(prefix) and ula and ula[0].length == 48 and not [
        ra for ra in ras if ra.prefixes and not ra.routes], last0)
    row("7084-L-5", lab.lan0.ras() and lab.lan1.ras(), "a LAN without RAs")
    row("7084-L-6", all(pio.flags == 0xc0 for ra in ras for pio in ra.prefixes), [ra.prefixes for ra in ras])
    row("7084-L-11", last0.rdnss and last1.rdnss, "%s (DNSSL needs a domain from the ISP: shown in its own test)" % last0)
    row("7084-ULA-1", last0.inside("fd00::/8") and last0.inside("fd00::/8")[0].preferred, last0)
    row("9096-L-16a", all(ra.lifetime in (0, 2700) for ra in ras) and last0.lifetime == 2700,
        [ra.lifetime for ra in ras])
    row("9096-L-16b", all(pio.preferred == 2700 and pio.valid == 5400 for ra in full for pio in live(ra)),
        [live(ra) for ra in full])
    row("9096-L-16c", all(value == 5400 for ra in full for value in
                          [one.lifetime for one in ra.routes if one.prefix == prefix]
                          + [lifetime for _, lifetime in ra.rdnss]), [(ra.routes, ra.rdnss) for ra in full])
    own = lab.cpe.mac("wan0")
    row("4861-R-14", not [ra for ra in lab.wan.ras() if ra.packet.ether_source == own], "an RA on the WAN")
    sources = [{ra.source for ra in wire.ras()} for wire in (lab.lan0, lab.lan1)]
    row("4861-R-16", all(len(one) == 1 for one in sources) and all(
        inside(ra.source, "fe80::/10") and ra.hop_limit == 255 and ra.code == 0 for ra in ras), sources)
    row("4861-R-19", all(pio.preferred <= pio.valid for ra in ras for pio in ra.prefixes), ras)
    row("4861-R-20", all(ra.reachable <= 3600000 and ra.reachable == 0 and ra.retrans == 0 for ra in ras), ras)
    row("4861-R-21", not [pio for ra in ras for pio in ra.prefixes if inside(pio.prefix.split("/")[0], "fe80::/10")], ras)
    row("4861-R-22", last0.prefixes and last0.routes and last0.rdnss and last0.mtu and last0.link_layer, last0)
    row("4861-R-30", all(ra.cur_hop_limit == 64 and not ra.flags & 0x07 and ra.packet.checksum_good for ra in ras),
        [(ra.cur_hop_limit, ra.flags) for ra in ras])
    row("4191-01", all(ra.preference != 2 and (ra.lifetime or not ra.preference) for ra in ras),
        [(ra.lifetime, ra.preference) for ra in ras])
    shape = []
    for ra in ras:
        names = [one.prefix for one in ra.routes]
        if len(names) != len(set(names)):
            shape.append("twice: %s" % names)
        for kind, raw in ra.options:
            if kind == 24:
                length, units = raw[2], raw[1]
                rest = int.from_bytes((raw[8:] + bytes(16))[:16], "big") & ((1 << (128 - length)) - 1)
                if units < (3 if length > 64 else 2 if length else 1) or rest:
                    shape.append("length %d in %d units, bits %x" % (length, units, rest))
    row("4191-02", not shape and any(ra.routes for ra in ras), shape)
    row("4191-03", all(len(ra.routes) <= 17 for ra in ras), "more than 17 RIOs")
    servers = [(raw[1], one) for ra in ras for kind, raw in ra.options if kind == 25 for one, _ in ra.rdnss]
    row("8106-01", servers and all(units % 2 == 1 and units >= 3 and not ipaddress.IPv6Address(one).is_multicast
                                   for units, one in servers), servers)
    row("8106-02", all(lifetime >= 3 * 600 or not lifetime for ra in full for _, lifetime in ra.rdnss),
        [ra.rdnss for ra in full])
    wrong = [one for wire in lab.wires for one in wire.packets() if ipaddress.IPv6Address(one.destination).is_multicast
             and one.ether_destination != multicast_mac(one.destination)]
    row("7084-WLL-1", not wrong and lab.cpe.links()["wan0"]["mtu"] == 1500, wrong)
    routing = [one for one in lab.wan.packets() if one.ether_source == own and (
        one.proto in (89, 103) or one.ports and (set(one.ports) & {521, 6696, 179}) or one.icmp == 130)]
    row("7084-WPD-7", not routing, routing)
    row("8415-C-47", not lab.cpe.address_in(prefix, "wan0", usable=False, preferred=False), "an address of it on wan0")
    member = {link["ifname"]: [one["address"] for one in link.get("maddr", []) if one.get("family") == "inet6"]
              for link in lab.cpe.json("maddress", "show")}
    row("4861-R-15", all("ff02::2" in member.get(lan, []) for lan in ("lan0", "lan1")), member)
    target = lab.cpe.wait_address(prefix, "lan0")
    lab.h1.ip("-6", "neigh", "flush", "dev", "eth0")
    since = time.time()
    lab.h1.ping(target, check=True)
    answers = lab.lan0.packets(since, match=lambda one: one.icmp == 136 and one.source == target)
    row("4861-R-29", answers and all(one.payload[4] & 0x80 for one in answers), answers)
    row("7084-W-1", lab.isp.ping(lab.cpe.wait_address("2001:db8:0:1::/64", "wan0"))
        and lab.cpe.sysctl("net.ipv6.conf.all.forwarding") != "0" or lab.cpe.sysctl("net.ipv6.conf.lan0.forwarding") != "0",
        "the WAN address does not answer")
    final_checks(lab)


@limit(240)
@proves("4861-R-01", "4861-R-02", "4861-R-03", "4861-R-04", "4861-R-05", "4861-R-06", "4861-R-07", "4861-R-08",
        "4861-R-09", "4861-R-25", "4861-R-26", "4861-R-34", "ROB-01", "4861-R-11", "7084-L-1")
def test_rows_of_solicitations(lab):
    """Router Solicitations, good and bad, and the timing of the answers (RFC 4861 sections 6.1.1 and 6.2.6)."""
    house = online(lab, hosts=("h1", "h2"))
    first = [ra for ra in lab.lan0.ras() if ra.destination == "ff02::1" and ra.lifetime]
    lab.until("three initial RAs", lambda: len([ra for ra in lab.lan0.ras() if ra.destination == "ff02::1"]) >= 3, 60)
    times = [ra.time for ra in lab.lan0.ras() if ra.destination == "ff02::1"][:3]
    lab.row("4861-R-11", all(later - sooner <= 16.5 for sooner, later in zip(times, times[1:])), times)
    # The initial burst is over when the last RA is older than MAX_INITIAL_RTR_ADVERT_INTERVAL.
    quiet(lab, lab.lan0, 17, 90)
    host, source = lab.h1, lab.h1.link_local("eth0")
    mac = lab.h1.mac("eth0")
    to = multicast_mac("ff02::2")

    def silent(row, packets, wait=1.3):
        since = time.time()
        for packet in packets:
            inject(host, "eth0", packet, to)
        lab.pause(wait)
        answers = lab.lan0.ras(since)
        lab.row(row, not answers, "answered: %s" % answers)
        lab.check(house.sixgated.process.running, "sixgated ended at %s" % row)

    silent("4861-R-01", [router_solicitation(source, link_layer=mac, hop_limit=hops) for hops in (64, 254, 1)])
    silent("4861-R-02", [router_solicitation(source, link_layer=mac, bad_checksum=1)])
    silent("4861-R-03", [router_solicitation(source, link_layer=mac, code=1)])
    silent("4861-R-04", [ipv6(source, "ff02::2", ICMP6, icmp6(source, "ff02::2", 133, 0, b""), 255)])
    silent("4861-R-05", [router_solicitation(source, options=b"\x01\x00" + bytes(6))])
    silent("4861-R-06", [router_solicitation("::", link_layer=mac)])
    whole = icmp6(source, "ff02::2", 133, 0, bytes(4) + b"\x01\x01" + bytes.fromhex(mac.replace(":", "")))
    pieces = [struct.pack("!BBHI", ICMP6, 0, 0 | 1, 77) + whole[:8], struct.pack("!BBHI", ICMP6, 0, 8, 77) + whole[8:]]
    silent("4861-R-34", [ipv6(source, "ff02::2", 44, piece, 255) for piece in pieces], wait=1.5)
    quiet(lab, lab.lan0)

    def answered(packets, wait=5):
        """How long after the last of them the answers came."""
        since = time.time()
        for packet in packets:
            inject(host, "eth0", packet, to)
        end = time.time() + wait
        while time.time() < end and not lab.lan0.ras(since):
            time.sleep(0.01)
        asked = lab.lan0.packets(since, match=lambda one: one.outgoing and one.icmp == 133)[-1:]
        return [ra.time - one.time for one in asked for ra in lab.lan0.ras(one.time)]
    odd = router_solicitation(source, link_layer=mac, reserved=0xffffffff, options=b"\xfa\x01" + bytes(6))
    got = answered([odd])
    lab.row("4861-R-07", got, "no answer to unknown option and reserved bits")
    quiet(lab, lab.lan0)
    got = answered([ipv6(source, "ff02::2", 0, b"\x3a\x00\x01\x04" + bytes(4)
                         + icmp6(source, "ff02::2", 133, 0, bytes(4)), 255)])
    lab.row("ROB-01", house.sixgated.process.running and house.sixgated.answers(), "it ended")  # either answer is right
    delays = []
    for _ in range(7):
        quiet(lab, lab.lan0)
        got = answered([router_solicitation(source, link_layer=mac)])
        lab.check(got, "a solicitation was not answered")
        delays.append(got[0])
    lab.row("4861-R-08", all(0 <= one <= 2 for one in delays) and max(delays) - min(delays) > 0.05,
            ["%.3f" % one for one in delays])
    # From many senders, and from ::, which can only be answered by multicast.
    quiet(lab, lab.lan0)
    since = time.time()
    for number in range(300):
        fake = "02:a1:b2:d0:%02x:%02x" % divmod(number, 256)
        inject(host, "eth0", router_solicitation("::"), to, fake)
        time.sleep(0.03)
    multicast = [ra.time for ra in lab.lan0.ras(since) if ra.destination == "ff02::1"]
    gaps = [later - sooner for sooner, later in zip(multicast, multicast[1:])]
    lab.row("4861-R-09", multicast and all(gap >= 2.75 for gap in gaps), "gaps %s" % gaps)
    neighbours = lab.cpe.json("-6", "neigh", "show", "dev", "lan0")
    lab.row("4861-R-25", not [one for one in neighbours if one.get("lladdr", "").startswith("02:a1:b2:d0")], neighbours)
    stranger, its_mac = "fe80::a1:b2:d1:1", "02:a1:b2:d1:00:01"
    inject(host, "eth0", router_solicitation(stranger, link_layer=its_mac), to, its_mac)

    def entry():
        return [one for one in lab.cpe.json("-6", "neigh", "show", "dev", "lan0") if one["dst"] == stranger]
    until = time.time() + 2
    while not entry() and time.time() < until:
        time.sleep(0.05)
    found = entry()
    lab.row("4861-R-26", found and "router" not in found[0] and found[0].get("lladdr") == its_mac
            and found[0]["state"][0] in ("STALE", "DELAY", "PROBE"), found)
    # RFC 4861 sections 6.2.1, 6.2.3: from our link-local address, and hosts use us.
    lab.row("7084-L-1", first and all(ra.source == lab.cpe.link_local("lan0") and ra.hop_limit == 255 for ra in first)
            and all(passed for row, passed in ((one["row"], one["passed"]) for one in lab.rows)), lab.rows)
    final_checks(lab)


@limit(240)
@proves("4861-R-10")
def test_rows_of_unsolicited_timing(lab):
    """With configured intervals of 3 to 4 s the gaps are within them, vary, and the LANs are not in step."""
    house = online(lab, config=toml(lan="ra_max_interval = 8\nra_min_interval = 4"))
    lab.until("many unsolicited RAs", lambda: len(lab.lan0.ras()) >= 16 and len(lab.lan1.ras()) >= 16, 150)
    verdict = []
    for wire in (lab.lan0, lab.lan1):
        times = [ra.time for ra in wire.ras() if ra.destination == "ff02::1"][6:]
        gaps = [later - sooner for sooner, later in zip(times, times[1:])]
        verdict.append((all(3.9 <= gap <= 11 for gap in gaps) and max(gaps) - min(gaps) > 0.2, gaps))
    lab.row("4861-R-10", all(good for good, _ in verdict), verdict)
    lab.check(house.sixgated.process.running, "it ended")
    final_checks(lab)


@proves("7084-ULA-5", "7084-L-4", "7084-G-4")
def test_rows_without_a_way_out(lab):
    """No delegation: a ULA alone makes no default router; no prefix at all neither (RFC 7084 ULA-5, L-4)."""
    lab.house()
    hear_routes(lab)
    house = build(lab, start_server=False)
    house.sixgated = Sixgated(lab).start()
    ra = lab.lan0.wait_ra("a ULA", lambda ra: [pio for pio in ra.inside("fd00::/8") if pio.valid])
    lab.wan.wait_ra()
    lab.pause(2)
    ras = lan_ras(lab)
    lab.row("7084-ULA-5", all(not one.lifetime for one in ras) and ra.routes, ras)
    lab.until("h1 reaches the other LAN over the ULA", lambda: lab.h3.address_in("fd00::/8")
              and lab.h1.ping(lab.h3.address_in("fd00::/8")), 15)
    house.sixgated.terminate()
    house.sixgated.forget()
    since = time.time()
    house.sixgated.extra += ["--ula", "none"]
    house.sixgated.start()
    lab.pause(4)
    ras = lan_ras(lab, since)
    lab.row("7084-L-4", all(not one.lifetime and not [pio for pio in one.prefixes if pio.valid] for one in ras), ras)
    # The other way round: a delegation, but no default router on the WAN.
    house.sixgated.terminate()
    house.radvd.stop()
    house.radvd.lifetime = 0
    house.server.start()
    house.radvd.start()
    since = time.time()
    house.sixgated.start()
    prefix = wait_delegated(lab, since)
    seen = lab.lan0.wait_ra("the prefix", lambda ra: [pio for pio in ra.inside(prefix) if pio.valid], 20, since)
    lab.pause(4)
    ras = lan_ras(lab, since)
    lab.row("7084-G-4", seen and all(not one.lifetime for one in ras), ras)
    final_checks(lab)


@proves("7084-ULA-4", "7084-ULA-3")
def test_rows_of_the_ula(lab):
    """A configured ULA is used, and never crosses the WAN; its senders get an unreachable."""
    house = online(lab, sixgated={"extra": ["--ula", "fd12:3456:789a::/48"]})
    ra = lab.lan0.ras()[-1]
    lab.row("7084-ULA-3", ra.inside("fd12:3456:789a::/48") and ra.route("fd12:3456:789a::/48"), ra)
    ula = lab.h1.wait_address("fd12:3456:789a::/48")
    problems = []
    for target in (SERVER, "fd99::1"):
        since = time.time()
        # A ULA source is chosen on purpose.
        lab.h1.ping(target, source=ula, count=2)
        lab.pause(0.5)
        if lab.wan.packets(since, match=lambda one: one.source == ula or one.destination == target and not one.outgoing):
            problems.append("%s from %s crossed" % (target, ula))
        if not lab.lan0.packets(since, match=lambda one: one.icmp == 1 and one.destination == ula):
            problems.append("no unreachable for %s" % target)
    lab.isp.ip("-6", "route", "add", "fd12:3456:789a::/48", "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    since = time.time()
    lab.isp.ping(ula)
    if lab.lan0.packets(since, match=lambda one: one.destination == ula and one.icmp == 128):
        problems.append("the ISP reaches the ULA")
    lab.row("7084-ULA-4", not problems, problems)
    lab.check(lab.h1.ping(SERVER, source=lab.h1.address_in(house.prefix)), "h1 is offline")
    final_checks(lab)


@proves("4191-06", "7084-L-7", "7084-L-9")
def test_rows_of_lan_settings(lab):
    """What the configuration says is what the RA says: preference, M and O, and addressing without SLAAC."""
    house = online(lab, hosts=("h1", "h2"), config=toml(each={
        "lan0": 'ra_preference = "high"\naddressing = "slaac+stateless"', "lan1": 'addressing = "dhcpv6"'}))
    lab.lan1.wait_ra("a prefix", lambda ra: ra.inside(house.prefix))
    first, second = lab.lan0.ras(match=lambda ra: ra.lifetime)[-1], lab.lan1.ras(match=lambda ra: ra.lifetime)[-1]
    lab.row("4191-06", first.preference == 1 and second.preference == 0, "%s %s" % (first, second))
    lab.row("7084-L-7", all(pio.flags == 0x80 for pio in second.prefixes) and second.prefixes, second)
    lab.row("7084-L-9", not first.managed and first.other and second.managed, "%s %s" % (first, second))
    lab.check(not lab.h3.address_in(house.prefix), "h3 autoconfigured although A is 0")
    final_checks(lab)
