# SPDX-License-Identifier: Apache-2.0
"""The DHCPv6 relay agent: LANs that a server of somebody else serves, and what it delegates behind them."""
import ipaddress
import os
import time

from dhcp_clients import Dhclient, Dhcrelay, DibblerRelay
from lab import SERVER, check_not_malformed, limit, proves
from peers import DhcpcdHost, Dhcpd, Kea, Sixgated
from scenario import build, crossed, final_checks, toml, wait_delegated
from test_dhcp6_names import option
from wire import UDP, address, dhcp_options, inject, inside, ipv6, multicast_mac, udp

# The LANs of the house that the central server knows, one behind them, and what it delegates to routers of each.
LAN, LAN1, LOWER = "2001:db8:77:1::/64", "2001:db8:77:2::/64", "2001:db8:99:1::/64"
BEHIND, BEHIND1, BEHIND_LOWER = "2001:db8:88::/48", "2001:db8:89::/48", "2001:db8:9a::/48"
GROUP = "ff05::1:3"
FORWARD, REPLY = 12, 13


class CentralKea(Kea):
    """Kea beyond the provider: it serves links that it hears of from relay agents only. {link: what it delegates there}"""

    def __init__(self, lab, links):
        super().__init__(lab, namespace=lab.net, interface="eth0", name="central")
        self.links = links

    def configuration(self):
        whole = super().configuration()
        whole["Dhcp6"]["interfaces-config"]["interfaces"] = ["eth0/" + SERVER]
        whole["Dhcp6"]["subnet6"] = []
        for link, pool in self.links.items():
            net, behind = ipaddress.IPv6Network(link), ipaddress.IPv6Network(pool)
            whole["Dhcp6"]["subnet6"].append({
                "subnet": link, "pools": [{"pool": "%s - %s" % (net[0x10000], net[0x1ffff])}],
                "pd-pools": [{"prefix": str(behind.network_address), "prefix-len": behind.prefixlen, "delegated-len": 56}]})
        return whole


class Relayed:
    """What relay agents and servers say to each other (RFC 9915 section 9)."""

    def __init__(self, packet):
        raw = packet.payload[8:]
        self.packet, self.type, self.hops = packet, raw[0], raw[1]
        self.link, self.peer = address(raw[2:18]), address(raw[18:34])
        self.options = dict(dhcp_options(raw[34:]))
        self.inner = self.options.get(9, b"")

    def __repr__(self):
        return "Relayed(%d from %s hops %d link %s peer %s %s)" % (
            self.type, self.packet.source, self.hops, self.link, self.peer, sorted(self.options))


def relayed(wire, kind, since=0.0):
    return [Relayed(one) for one in wire.packets(since) if one.proto == UDP and one.ports[1] == 547
            and len(one.payload) > 42 and one.payload[8] == kind]


def messages(wire, since=0.0):
    """Every DHCPv6 message on the wire of a LAN, as octets, with the packet it was in."""
    return {one.payload[8:]: one for one in wire.packets(since) if one.proto == UDP and set(one.ports) == {546, 547}}


def delegated(sixgated, lan="lan0"):
    """{prefix: status} of what is routed behind a LAN."""
    return {one["prefix"]: one for one in sixgated.lan(lan)["relay"]["delegations"]}


def route_to(namespace, prefix):
    return next((one for one in namespace.routes() if one["dst"] == prefix and one.get("gateway")), None)


def routed_home(lab, prefixes):
    """The provider routes to the house what the central server has for it."""
    for prefix in prefixes:
        lab.isp.ip("-6", "route", "add", prefix, "via", lab.cpe.link_local("wan0"), "dev", "isp0")


def relaying(prefix, servers, more=""):
    return 'prefix = ["%s"]\ndhcpv6_relay = %s\n%s' % (prefix, servers, more)


def use(host, prefix):
    """Gives the host an address in a prefix that it has, as a router gives one to its LAN."""
    own = str(ipaddress.IPv6Network(prefix)[1])
    host.ip("address", "add", own + "/128", "dev", "lo", "nodad")
    return own


@limit(200)
@proves("8415-R-01", "8415-R-02", "8415-R-03", "8415-R-06", "8415-R-10", "8415-R-11", "8415-R-13")
def test_a_server_beyond_the_uplink(lab):
    """Kea beyond the provider serves dhclient and dhcpcd through us; the prefixes it gives are reached, over kill -9
    too, until they are released."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    house = build(lab)
    routed_home(lab, (LAN, BEHIND))
    CentralKea(lab, {LAN: BEHIND}).start()
    house.sixgated = Sixgated(lab, config=toml(each={"lan0": relaying(LAN, '["%s"]' % SERVER)})).start()
    wait_delegated(lab)
    lab.h1.wait_default_route()
    dhclient = Dhclient(lab, lab.h1).start()
    DhcpcdHost(lab, lab.h2).start("ipv6only\nnoipv4\nslaac hwaddr\ninterface eth0\nia_na 1\nia_pd 2 -\n")
    lab.until("both have a prefix of the central server", lambda: len(delegated(house.sixgated)) == 2, 60)
    lab.until("dhclient has an address and a prefix", lambda: "iaaddr 2001:db8:77:1:" in dhclient.text()
              and "iaprefix 2001:db8:88:" in dhclient.text(), 20)
    lab.h2.wait_address(LAN)

    first = next(one for one in relayed(lab.wan, FORWARD) if one.peer == lab.h1.link_local("eth0"))
    lab.row("8415-R-01", first.hops == 0 and first.link == str(ipaddress.IPv6Network(LAN)[1])
            and first.packet.destination == SERVER and first.inner in messages(lab.lan0), first)
    lab.row("8415-R-02", first.options[18] == b"lan0", first)
    lab.row("8415-R-03", first.options[79] == b"\0\1" + bytes.fromhex(lab.h1.mac("eth0").replace(":", "")), first)
    # What the switch sends to the other host is not on this wire.
    replies = [one for one in relayed(lab.wan, REPLY) if one.peer == first.peer]
    heard = messages(lab.lan0)
    lab.row("8415-R-06", replies and all(one.inner in heard for one in replies) and all(
        (heard[one.inner].destination, heard[one.inner].ports) == (one.peer, (547, 546)) for one in replies), replies)

    mine = next(prefix for prefix, one in delegated(house.sixgated).items() if one["next_hop"] == lab.h1.link_local("eth0"))
    told = house.sixgated.cli_run("status").stdout
    lab.check("relayed to" in told and SERVER in told and mine in told, told)
    # Routes of one moment are put together.
    route = lab.until("there is a route", lambda: route_to(lab.cpe, mine), 5)
    lab.check(route["gateway"] == lab.h1.link_local("eth0") and route["dev"] == "lan0"
              and str(route["protocol"]) == "166", "route: %s" % route)
    own = use(lab.h1, mine)
    lab.net.wait_ping(own)
    # A source that nobody was given does not leave the house; the given one does.
    since = time.time()
    stranger = use(lab.h1, "2001:db8:88:ff00::/56")
    lab.h1.wait_ping(SERVER, source=own)
    lab.row("8415-R-13", not lab.h1.ping(SERVER, source=stranger) and not crossed(lab.beyond, source=stranger, since=since),
            "a source in no delegation crossed")

    # Nobody asked for what comes in the server's name: it is relayed, and nothing more.
    since, forged = time.time(), "2001:db8:88:ee00::/56"
    reply = b"\7\1\2\3" + option(1, b"\0\3\0\1forged") + option(25, b"\0\0\0\1" + bytes(8) + option(
        26, b"\0\0\x0e\x10" * 2 + b"\x38" + ipaddress.IPv6Network(forged).network_address.packed))
    outside = bytes([REPLY, 0]) + ipaddress.IPv6Network(LAN)[1].packed + ipaddress.IPv6Address(first.peer).packed + option(9, reply)
    target = lab.cpe.wait_address("2001:db8:0:1::/64", "wan0")
    inject(lab.isp, "isp0", ipv6(SERVER, target, UDP, udp(SERVER, target, 547, 547, outside)), lab.cpe.mac("wan0"))
    lab.until("the forged Reply is relayed", lambda: reply in messages(lab.lan0, since), 10)
    lab.holds("it is not routed", lambda: not route_to(lab.cpe, forged) and forged not in delegated(house.sixgated), 2)

    # Killed, with everything flushed that it had put into the kernel; no client says a word.
    house.sixgated.kill()
    since = time.time()
    lab.cpe.ip("-6", "route", "flush", "proto", "166")
    house.sixgated.start()
    lab.until("the route is back", lambda: route_to(lab.cpe, mine), 15)
    lab.net.wait_ping(own)
    lab.row("8415-R-11", not lab.lan0.dhcp(since=since), lab.lan0.dhcp(since=since))
    lab.h1.ip("link", "set", "eth0", "down")
    lab.holds("the route stays while the router is away", lambda: route_to(lab.cpe, mine), 2)
    lab.h1.ip("link", "set", "eth0", "up")
    lab.h1.link_local("eth0")

    dhclient.process.kill()
    released = time.time()
    lab.h1.run("dhclient", "-6", "-r", *dhclient.ask, "-cf", os.path.join(dhclient.directory, "conf"), "-lf", dhclient.leases,
               "-pf", os.path.join(dhclient.directory, "pid"), "-sf", os.path.join(dhclient.directory, "script"), "eth0",
               timeout=30)
    lab.until("the route ends with the Release", lambda: not route_to(lab.cpe, mine), 10)
    lab.row("8415-R-10", lab.lan0.dhcp("Release", released) and mine not in delegated(house.sixgated)
            and len(delegated(house.sixgated)) == 1, delegated(house.sixgated))
    check_not_malformed(lab)
    final_checks(lab)


@limit(120)
@proves("8415-R-05", "8415-R-07", "8415-R-08", "8415-R-09", "8415-R-12")
def test_the_group_of_servers(lab):
    """isc-dhcp-server on the uplink's link, asked as a group, answers; strangers do not, and one client has its share."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    pool = ipaddress.IPv6Network(BEHIND)
    net = ipaddress.IPv6Network(LAN)
    house = build(lab, server=Dhcpd, server_options={"more": "subnet6 %s {\n  range6 %s %s;\n  prefix6 %s %s /56;\n}\n" % (
        LAN, net[0x10000], net[0x1ffff], pool[0], ipaddress.IPv6Address(int(pool[-1]) >> 72 << 72))})
    routed_home(lab, (LAN, BEHIND))
    house.sixgated = Sixgated(lab, config=toml(each={"lan0": relaying(LAN, "true", "delegate_limit = 1\n")})).start()
    wait_delegated(lab)
    lab.h1.wait_default_route()
    dhclient = Dhclient(lab, lab.h1, ask=["-N", "-P", "-P"]).start()
    lab.until("dhclient has an address and two prefixes", lambda: "iaaddr 2001:db8:77:1:" in dhclient.text()
              and dhclient.text().count("iaprefix 2001:db8:88:") >= 2, 40)
    forwarded = relayed(lab.wan, FORWARD)
    lab.row("8415-R-05", forwarded and all(one.packet.destination == GROUP and one.packet.hop_limit == 8
                                           for one in forwarded), forwarded)
    counters = house.sixgated.lan("lan0")["counters"]
    lab.row("8415-R-12", len(delegated(house.sixgated)) == 1 and counters["relay_delegations_not_routed"] >= 1,
            "%s %s" % (delegated(house.sixgated), counters))

    # h2 says what no client says.
    since = time.time()
    source, group = lab.h2.link_local("eth0"), "ff02::1:2"

    def says(payload, destination=group, mac=multicast_mac(group)):
        inject(lab.h2, "eth0", ipv6(source, destination, UDP, udp(source, destination, 546, 547, payload)), mac)
    ours = lab.cpe.link_local("lan0")
    unknown = b"\xc8\1\2\3\xff\xff\0\2hi"
    for kind in (2, 7, 10):
        says(bytes([kind]) + b"\1\2\3")
    says(b"\5\1\2\3", ours, lab.cpe.mac("lan0"))
    inner = b"\7\4\5\6"
    says(bytes([13, 0]) + b"\0" * 16 + ipaddress.IPv6Address(lab.h1.link_local("eth0")).packed
         + b"\0\x12\0\4lan0" + b"\0\x09\0\4" + inner, ours, lab.cpe.mac("lan0"))
    says(unknown)
    lab.until("a message of an unknown type is relayed", lambda: any(
        one.inner == unknown for one in relayed(lab.wan, FORWARD, since)), 10)
    seen = relayed(lab.wan, FORWARD, since)
    lab.row("8415-R-07", [one.inner for one in seen if one.peer == source] == [unknown], seen)
    counters = house.sixgated.lan("lan0")["counters"]
    lab.row("8415-R-08", counters["relay_dropped_not-of-clients"] == 3 and counters["relay_dropped_unicast"] == 1, counters)
    # A Relay-reply from the LAN, and one from a stranger of the Internet.
    forged = bytes([13, 0]) + b"\0" * 16 + ipaddress.IPv6Address(lab.h1.link_local("eth0")).packed \
        + b"\0\x12\0\4lan0" + b"\0\x09\0\4" + inner
    target = lab.cpe.wait_address("2001:db8:0:1::/64", "wan0")
    inject(lab.isp, "isp0", ipv6(SERVER, target, UDP, udp(SERVER, target, 547, 547, forged)), lab.cpe.mac("wan0"))
    lab.pause(1)
    uplink = next(one for one in house.sixgated.status()["uplinks"] if one["name"] == "wan0")["counters"]
    lab.row("8415-R-09", counters["relay_dropped_not-upstream"] == 1 and inner not in messages(lab.lan0, since)
            and uplink["relay_dropped_not-upstream"] == 0 and uplink["relay_dropped_malformed"] == 0,
            "%s %s" % (counters, uplink))
    check_not_malformed(lab)
    final_checks(lab)


def chain(lab, start_lower):
    """A client behind a relay agent behind ours, with an address of its link and a prefix."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab)
    routed_home(lab, (LAN1, BEHIND1, BEHIND_LOWER))
    CentralKea(lab, {LAN1: BEHIND1, LOWER: BEHIND_LOWER}).start()
    house.sixgated = Sixgated(lab, config=toml(each={"lan1": relaying(LAN1, '["%s"]' % SERVER)})).start()
    wait_delegated(lab)
    lab.h3.wait_default_route()
    behind = lab.namespace("behind")
    lab.cable(lab.h3, "below0", behind, "eth0")
    wire = behind.wire("eth0")
    start_lower()
    behind.link_local("eth0")
    dhclient = Dhclient(lab, behind).start()
    lab.until("the client behind both has an address and a prefix", lambda: "iaaddr 2001:db8:99:1:" in dhclient.text()
              and "iaprefix 2001:db8:9a:" in dhclient.text(), 60)
    given = next(prefix for one in wire.dhcp("Reply") for prefix, _, valid in one.delegated() if valid)
    outer = [one for one in relayed(lab.wan, FORWARD) if one.inner[:1] == bytes([FORWARD])]
    lab.check(outer and all(one.hops == 1 and one.inner[1] == 0 and 79 not in one.options for one in outer), outer)
    lab.until("its prefix is routed to the relay agent below", lambda: given in delegated(house.sixgated, "lan1"), 10)
    below = delegated(house.sixgated, "lan1")[given]["next_hop"]
    lab.check(below in (lab.h3.link_local("eth0"), *(one["local"] for one in lab.h3.addresses("eth0"))), below)
    lab.until("the kernel has the route", lambda: (route_to(lab.cpe, given) or {}).get("gateway") == below, 10)
    return house, behind, wire, given


@limit(150)
@proves("8415-R-04")
def test_sixgate_relays_to_sixgate(lab):
    """Two of ours in a chain: the Internet reaches what the client behind both was delegated."""
    routers = []

    def lower():
        one = Sixgated(lab, namespace=lab.h3)
        directory = lab.fresh_directory("lower")
        one.state_dir, one.socket = (os.path.join(directory, name) for name in ("state", "socket"))
        one.config_path = lab.file("lower.toml", toml(lans=("below0",), wans=("eth0",), each={"below0": relaying(LOWER, "true")}))
        one.arguments = []
        routers.append(one.start())
    house, behind, wire, given = chain(lab, lower)
    sent = [one for one in relayed(lab.lan1, FORWARD) if one.link.startswith("2001:db8:99:1:")]
    lab.check(sent and all(one.packet.destination == GROUP and one.packet.hop_limit == 8 for one in sent), sent)
    upper = next(one for one in relayed(lab.wan, FORWARD) if one.inner[:1] == bytes([FORWARD]))
    lab.row("8415-R-04", upper.peer == lab.h3.link_local("eth0") and inside(upper.link, LAN1), upper)
    behind.wait_default_route()
    lab.net.wait_ping(use(behind, given), timeout=30)
    lab.until("the lower one has the route, too", lambda: given in delegated(routers[0], "below0"), 10)
    check_not_malformed(lab, [lab.wan, lab.lan1, wire])
    final_checks(lab)


def below_us(lab, relay):
    """A client behind a relay agent behind us is served."""
    def lower():
        lab.h3.ip("address", "add", "%s/64" % ipaddress.IPv6Network(LOWER)[1], "dev", "below0", "nodad")
        lab.h3.link_local("below0")
        relay(lab, lab.h3, "below0", "eth0")
    _, _, wire, _ = chain(lab, lower)
    check_not_malformed(lab, [lab.wan, lab.lan1, wire])
    final_checks(lab)


@limit(150)
def test_isc_dhcrelay_below_us(lab):
    """isc dhcrelay between a client and us."""
    below_us(lab, Dhcrelay)


@limit(150)
def test_dibbler_relay_below_us(lab):
    """dibbler-relay likewise."""
    below_us(lab, DibblerRelay)
