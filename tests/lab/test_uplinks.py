# SPDX-License-Identifier: Apache-2.0
"""Several uplinks, uplinks by contract, and uplinks without IPv6: the same LAN side."""
import time

from lab import SERVER, proves
from peers import Kea, Radvd, RouteSnooper, Sixgated, WideServer
from scenario import HOSTS, build, crossed, final_checks, hear_routes, online, toml, wait_delegated, wait_online

SECOND_POOL = "2001:db8:5000::/40"
SECOND_ACCESS = "2001:db8:0:2::/64"
CONTRACT = "2001:db8:1234::/48"


def second_isp(lab):
    """A provider of its own behind wan1, which routes what it delegates and nothing else. Returns its wire."""
    isp2 = lab.namespace("isp2")
    lab.cable(lab.net, "eth1", isp2, "core0")
    for namespace, interface, own in ((lab.net, "eth1", "2001:db8:eeee::80"), (isp2, "core0", "2001:db8:eeee::1")):
        lab.no_dad(namespace, interface)
        namespace.ip("address", "add", own + "/64", "dev", interface, "nodad")
    isp2.sysctl("net.ipv6.conf.all.forwarding", 1)
    isp2.ip("-6", "route", "add", "default", "via", "2001:db8:eeee::80")
    for prefix in (SECOND_POOL, SECOND_ACCESS):
        lab.net.ip("-6", "route", "add", prefix, "via", "2001:db8:eeee::1")
    lab.connect_isp(isp2, "isp1", lab.cpe, "wan1", "2001:db8:0:2::1")
    wire = isp2.wire("isp1")
    RouteSnooper(lab, isp2, "isp1", wire)
    Radvd(lab, isp2, "isp1", prefix=SECOND_ACCESS, name="radvd2").start()
    Kea(lab, isp2, "isp1", pool=SECOND_POOL, name="kea2", access=SECOND_ACCESS).start()
    return wire


def two_uplinks(lab, backend):
    lab.house()
    lab.net.sysctl("net.ipv6.conf.all.forwarding", 1)
    wire = second_isp(lab)
    house = online(lab, sixgated={"wans": ["wan0", "wan1"], "extra": ["--firewall", backend]})
    own = {}
    for role in ("h1", "h3"):
        own[role] = lab.roles[role].wait_address(SECOND_POOL)
    since = time.time()
    wrong = []
    for role in ("h1", "h3"):
        host = lab.roles[role]
        first, second = host.address_in(house.prefix), host.address_in(SECOND_POOL)
        host.wait_ping(SERVER, source=first)
        host.wait_ping(SERVER, source=second)
        wrong += crossed(wire, source=first, since=since) + crossed(lab.wan, source=second, since=since)
    # The router's own packets too, by the address of either uplink and of either delegation.
    for prefix, good, bad in ((house.prefix, lab.wan, wire), (SECOND_POOL, wire, lab.wan),
                              (SECOND_ACCESS, wire, lab.wan)):
        source = lab.cpe.wait_address(prefix)
        since = time.time()
        lab.cpe.wait_ping(SERVER, source=source)
        if not crossed(good, source=source, since=since) or crossed(bad, source=source, since=since):
            wrong.append(source)
    lab.row("8028-02", not wrong, wrong)

    # The first ISP is cut off: its prefix is preferred no more, the other one carries the house.
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "down")
    lab.lan0.wait_ra("the first ISP's prefix is deprecated", lambda ra: any(
        not pio.preferred and pio.valid for pio in ra.inside(house.prefix)) and ra.lifetime and all(
            pio.preferred for pio in ra.inside(SECOND_POOL)), 15, since)
    lab.h1.wait_ping(SERVER)
    lab.check(lab.h1.address_in(house.prefix, preferred=False), "h1 lost the address of the first ISP altogether")
    mute = lab.h1.address_in(house.prefix, preferred=False)
    since = time.time()
    lab.h1.ping(SERVER, source=mute)
    lab.check(not crossed(wire, source=mute, since=since), "a packet of the first ISP left by the second")
    # And back.
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "up")
    for prefix, via in list(house.snooper.routes.items()):
        lab.isp.ip("-6", "route", "replace", prefix, "via", via, "dev", "isp0")
    lab.lan0.wait_ra("the first ISP's prefix is preferred again", lambda ra: ra.inside(house.prefix) and all(
        pio.preferred for pio in ra.inside(house.prefix) + ra.inside(SECOND_POOL)), 30, since)
    lab.h1.wait_ping(SERVER, source=lab.h1.wait_address(house.prefix))
    final_checks(lab)


@proves("8028-02")
def test_two_uplinks(lab):
    """nft: two Kea ISPs: each LAN has a /64 of both, every packet leaves by the uplink its source belongs to; one ISP dies,
    and only its prefixes are deprecated until it is back."""
    two_uplinks(lab, "nft")


@proves("8028-02")
def test_two_uplinks_with_ip6tables(lab):
    """ip6tables: the same."""
    two_uplinks(lab, "ip6tables")


def test_uplink_by_contract(lab):
    """mode = "static": prefix, address and gateway are agreed upon; no DHCPv6, no Router Advertisement, all online."""
    house = build(lab, start_server=False, start_ra=False)
    lab.isp.ip("-6", "route", "add", CONTRACT, "via", "2001:db8:0:1::2")
    house.sixgated = Sixgated(lab, config=toml(uplink='mode = "static"\nprefixes = ["%s"]\n'
                                                      'address = "2001:db8:0:1::2/64"\ngateway = "2001:db8:0:1::1"\n'
                                               % CONTRACT)).start()
    wait_online(lab, CONTRACT)
    lab.cpe.wait_address("2001:db8:0:1::/64", "wan0")
    lab.cpe.wait_ping(SERVER, source="2001:db8:0:1::2")
    lab.check(not lab.wan.dhcp(), "DHCPv6 on an uplink by contract")
    status = house.sixgated.status()["uplinks"][0]
    lab.check(status["mode"] == "static" and status["delegations"][0]["prefix"] == CONTRACT, status)
    # Killed and started again it is as it was.
    held = {role: lab.roles[role].address_in(CONTRACT) for role in HOSTS}
    house.sixgated.kill()
    house.sixgated.start()
    wait_online(lab, CONTRACT)
    lab.check(held == {role: lab.roles[role].address_in(CONTRACT) for role in HOSTS}, "addresses changed")
    final_checks(lab)


def test_uplink_without_ipv6(lab):
    """mode = "none": the LANs have the house's own prefix, nothing is asked of the provider and nothing of it taken."""
    house = build(lab)
    hear_routes(lab)
    house.sixgated = Sixgated(lab, config=toml(uplink='mode = "none"')).start()
    for role in ("h1", "h3"):
        lab.roles[role].wait_address("fd00::/8")
    lab.h1.wait_ping(lab.h3.address_in("fd00::/8"))
    lab.wan.wait_ra("the ISP's RA", lambda ra: ra.lifetime > 0, 20)
    lab.pause(1)
    lab.check(not lab.wan.dhcp(), "DHCPv6 where there is nothing to be had")
    lab.check(not lab.cpe.default_routes(), "a default route: %s" % lab.cpe.default_routes())
    lab.check(not [ra for ra in lab.lan0.ras() if ra.lifetime], "a default router without a way out")
    final_checks(lab)


def test_two_seconds_without_carrier(lab):
    """carrier_hold = 6: the cable is out for two seconds, and no host hears of it; nothing is asked for anew."""
    house = online(lab, config=toml(uplink="carrier_hold = 6"))
    held = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "down")
    lab.pause(2)
    lab.isp.ip("link", "set", "isp0", "up")
    for prefix, via in list(house.snooper.routes.items()):
        lab.isp.ip("-6", "route", "replace", prefix, "via", via, "dev", "isp0")
    lab.wan.wait_dhcp("Reply", lambda message: any(
        prefix == house.prefix for prefix, _, _ in message.delegated()), 15, since)
    wait_online(lab, house.prefix)
    lab.pause(3)
    said = lab.lan0.ras(since)
    lab.check(all(ra.lifetime and all(pio.preferred for pio in ra.inside(house.prefix)) for ra in said),
              "the LAN heard of it: %s" % said)
    lab.check(not [one for name in ("Solicit", "Request", "Release") for one in lab.wan.dhcp(name)
                   if one.time > since], "more than the lease verified")
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "addresses changed")
    final_checks(lab)


def test_delegation_that_nobody_routes(lab):
    """The access node loses the route: the next look finds it out, status says so, the server is asked, hosts stay."""
    house = online(lab)

    def finding():
        return house.sixgated.status()["uplinks"][0]["delegations"][0].get("routed")
    lab.until("the delegation is known to be routed", lambda: finding() == "yes", 20)
    lab.isp.ip("-6", "route", "del", house.prefix)
    since = time.time()
    lab.isp.ip("link", "set", "isp0", "down")  # the Rebind after it is followed by a look
    lab.pause(0.5)
    lab.isp.ip("link", "set", "isp0", "up")
    lab.until("the lost route is found out", lambda: finding() == "no", 25)
    lab.check(any("does not route %s" % house.prefix in one for one in house.sixgated.status()["problems"]),
              house.sixgated.status()["problems"])
    lab.check("NOT ROUTED" in house.sixgated.cli_run("status").stdout, "sixgate status does not say so")
    rebinds = lab.wan.dhcp("Rebind", since)
    lab.until("the server is asked about it", lambda: len(lab.wan.dhcp("Rebind", since)) > 1, 15)
    lab.check(rebinds and lab.h1.address_in(house.prefix), "h1 lost its address")
    lab.isp.ip("-6", "route", "replace", house.prefix, "via", house.snooper.routes[house.prefix], "dev", "isp0")
    lab.until("the route is found again", lambda: finding() == "yes", 20)
    # Never a word to anybody but the link's own router.
    router = lab.isp.link_local("isp0")
    echoes = [one for one in lab.wan.packets() if one.icmp == 128 and not one.outgoing
              and one.source != lab.h1.address_in(house.prefix) and one.destination != SERVER]
    lab.check(echoes and all(one.destination == router for one in echoes), [str(one.destination) for one in echoes])
    final_checks(lab)


@proves("7084-WAA-3")
def test_prefix_beside_no_addresses(lab):
    """wide-dhcpv6 says NoAddrsAvail for the Advertise as a whole beside a good IA_PD: the prefix is taken, and the
    address is asked for again with every Renew."""
    house = build(lab, start_server=False)
    WideServer(lab, "00:03:00:01:02:00:5e:10:00:01", preferred=30, valid=90).start()
    house.sixgated = Sixgated(lab, config=toml(top='duid = "0003000102005e100001"')).start()
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)
    advertise = next(one for one in lab.wan.dhcp("Advertise") if one.delegated())
    lab.check((advertise.option(13) or b"")[:2] == b"\x00\x02",
              "the server does not do what this is about: %s" % advertise)
    renew = lab.wan.wait_dhcp("Renew", lambda one: one.addresses and one.delegations, 30)
    again = lab.wan.wait_dhcp("Reply", lambda one: one.delegated(), 10, renew.time)
    lab.h1.wait_ping(SERVER, source=lab.h1.address_in(house.prefix))
    # Its server has no binding of an address: that is requested after the Renew (RFC 9915 section 18.2.10.1).
    request = lab.wan.wait_dhcp("Request", since=renew.time)
    ours = [one.name for one in lab.wan.dhcp(until=request.time) if not one.packet.outgoing]
    lab.row("7084-WAA-3", again.delegated()[0][0] == house.prefix
            and ours[ours.index("Request"):] == ["Request", "Renew", "Request"], ours)
    final_checks(lab)
