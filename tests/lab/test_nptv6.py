# SPDX-License-Identifier: Apache-2.0
"""NPTv6 (RFC 6296): hosts keep the house's own prefix, each provider knows them by one of its own."""
import ipaddress
import time

from firewall_house import tcp_octets
from lab import OTHER_POOL, SERVER, limit, require_tools
from other_firewalls import variant
from peers import Sixgated
from scenario import HOSTS, build, crossed, final_checks, toml, wait_delegated, wait_online
from test_firewall_life import UdpFlow
from test_pcp import SUCCESS, Announcements, ask, request
from test_refusals import refusals
from test_uplinks import SECOND_POOL, second_isp
from wire import TCP, UDP, icmp6, inject, inside, ipv6

ULA = "fd00::/8"
NPTV6 = "nptv6 = true\n"
NOBODY = "2001:db8:77::7"
PORTS = {"lan0": "pcp = true\n"}
# What came in by the second provider goes back by it, by somebody's policy routing.
BACK = """table ip6 others {
    chain back {
        type filter hook prerouting priority mangle
        iifname wan1 ct state new ct mark set 7
        iifname lan0 meta mark set ct mark
    }
}
"""


def outside(wire, prefix, since):
    """The sources inside the prefix that left by that wire."""
    network = ipaddress.IPv6Network(prefix)
    return {str(one.source) for one in wire.packets(since) if ipaddress.IPv6Address(str(one.source)) in network}


def lower_half(address):
    return int(ipaddress.IPv6Address(address)) & (2 ** 64 - 1)


def translated_house(lab, backend):
    backend, private = variant(backend)
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = build(lab)
    text = '\n[firewall]\nbackend = "%s"\n' % backend
    house.plain = toml(each=PORTS) + text
    house.sixgated = Sixgated(lab, config=toml(uplink=NPTV6, each=PORTS) + text, private=private).start()
    house.prefix = wait_delegated(lab)
    for role in HOSTS:
        lab.roles[role].wait_address(ULA)
        lab.roles[role].wait_default_route()
        lab.roles[role].wait_ping(SERVER)
    return house


def check_translation(lab, backend):
    house = translated_house(lab, backend)
    own = {role: lab.roles[role].address_in(ULA) for role in HOSTS}
    lab.check(not any(lab.roles[role].address_in(house.prefix) for role in HOSTS), "a host has the provider's prefix")
    # Out: the interface identifier stays, and each LAN is another /64 of the delegation.
    since = time.time()
    lab.net.serve(tcp=[80], udp=[7777])
    for role in HOSTS:
        lab.check(lab.roles[role].tcp(SERVER, 80) == "open", "tcp of %s" % role)
        lab.check(lab.roles[role].udp(SERVER, 7777) == "open", "udp of %s" % role)
    lab.check("exceeded" in lab.h1.run("ping", "-6", "-n", "-c", "1", "-W", "2", "-t", "2", SERVER, check=False).stdout,
              "an error about a translated packet does not come back")
    known = {}
    for address in outside(lab.wan, house.prefix, since):
        for role, inside in own.items():
            if lower_half(address) == lower_half(inside):
                known[role] = address
    lab.check(sorted(known) == sorted(own), "known outside: %s of %s" % (known, own))
    # What is no part of any flow (an answer to nothing) is not translated, and does not leave as it is.
    inject(lab.h1, "eth0", ipv6(own["h1"], SERVER, TCP, tcp_octets(own["h1"], SERVER, 80, 40000, 0x12)), lab.cpe.mac("lan0"))
    lab.h1.wait_ping(SERVER)
    lab.check(not outside(lab.wan, "fc00::/7", 0), "a ULA left the house")
    told = {one["internal"]: one["external"] for one in house.sixgated.lan("lan0")["translations"]}
    slash64 = [str(ipaddress.IPv6Network((one, 64), strict=False)) for one in (own["h1"], known["h1"])]
    lab.check(told == dict([slash64]), "status: %s, and not %s" % (told, slash64))
    # In: nothing that nobody asked for; what a host opened by PCP, at the address that it is told of.
    lab.h1.serve(tcp=[8080, 8081])
    lab.check(lab.net.tcp(known["h1"], 8080, timeout=1) == "silent", "open before anybody asked")
    answer = ask(lab.h1, own["h1"], request(own["h1"], 8080, 600))
    lab.check(answer and answer.code == SUCCESS and answer.address == known["h1"], "a door: %s" % answer)
    lab.check(lab.net.tcp(known["h1"], 8080) == "open", "the door is shut")
    since = time.time()
    lab.check(lab.net.tcp(known["h1"], 8081, timeout=1) == "silent", "another port is open")
    lab.until("the stranger hears that it is shut (RFC 6092 REC-34)", lambda: refusals(lab, since), 10)
    # Who lives on the provider's link and knows the inner address does not come in by it.
    lab.isp.ip("-6", "route", "add", ULA, "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    lab.check(lab.isp.tcp(own["h1"], 8080, timeout=1) == "silent", "the door is open by its inner address")
    lab.check(not lab.isp.ping(own["h1"]), "a host is reached by its inner address")
    # Nor does what is of no flow, an answer to nobody's ping.
    since = time.time()
    inject(lab.isp, "isp0", ipv6(NOBODY, own["h1"], 58, icmp6(NOBODY, own["h1"], 129, 0, bytes(8))), lab.cpe.mac("wan0"))
    lab.check(lab.net.ping(known["h1"]), "a host cannot be pinged from outside")
    lab.check(not crossed(lab.lan0, source=NOBODY, since=since), "an answer to nothing comes in by the inner address")
    # RFC 6296 section 4.3: inside, by the outer address.
    lab.check(lab.h2.tcp(known["h1"], 8080) == "open", "hairpin on one LAN")
    lab.check(lab.h3.tcp(known["h1"], 8080) == "open", "hairpin between LANs")
    # Killed and started again nothing changes, and nobody's flow ends.
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the next run is up", lambda: house.sixgated.status()["uplinks"][0]["delegations"], 20)
    lab.check(lab.h1.tcp(SERVER, 80) == "open" and lab.net.tcp(known["h1"], 8080) == "open", "after a crash")
    # What the next run is not to translate any more is not.
    house.sixgated.kill()
    house.sixgated.write(house.plain)
    house.sixgated.start()
    wait_online(lab, house.prefix)
    gua = lab.h1.address_in(house.prefix)
    lab.check(lab.net.ping(gua), "an address of its own is not reached: it is translated still")
    since = time.time()
    lab.h1.ping(SERVER, source=own["h1"])
    lab.check(not crossed(lab.wan, destination=SERVER, since=since), "a ULA is translated still")
    final_checks(lab)


@limit(240)
def test_nptv6_nft(lab):
    """nft: out, in by PCP, errors, hairpin; not by the inner address; over crashes; and not when it is switched off."""
    check_translation(lab, "nft")


@limit(240)
def test_nptv6_ip6tables(lab):
    """ip6tables: the same."""
    check_translation(lab, "ip6tables")


@limit(240)
def test_nptv6_ip6tables_legacy(lab):
    """The same with the legacy variant."""
    check_translation(lab, "ip6tables-legacy")


def routers_own(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = build(lab, start_server=False)
    lab.net.serve(udp=[8091])
    Sixgated(lab, config=toml(uplink=NPTV6) + '\n[firewall]\nbackend = "%s"\n' % backend).start()
    own = lab.cpe.wait_address(ULA)
    lab.cpe.wait_default_route()
    flow = UdpFlow(lab, lab.cpe, SERVER, 8091, (own, 4444))
    lab.check(not flow.answers() and not flow.answers(), "answered, and not by way of a provider's prefix")
    lab.check(not outside(lab.wan, "fc00::/7", 0), "a ULA of the router left the house")
    house.server.start()
    house.prefix = wait_delegated(lab)
    since = time.time()
    lab.until("it is translated when there is something to translate it to", flow.answers, 30)
    lab.check(any(lower_half(one) == lower_half(own) for one in outside(lab.wan, house.prefix, since)), "not translated")
    lab.check(not outside(lab.wan, "fc00::/7", 0), "a ULA of the router left the house later")
    final_checks(lab)


@limit(120)
def test_nptv6_of_the_router_nft(lab):
    """nft: what the router itself sends from its own prefix waits for the provider's, and is translated then."""
    routers_own(lab, "nft")


@limit(120)
def test_nptv6_of_the_router_ip6tables(lab):
    """ip6tables-restore: the same."""
    routers_own(lab, "ip6tables")


def door_outside(lab, own, prefix):
    """A door of h1's is open where it is told that it is, which is within this prefix."""
    answer = ask(lab.h1, own, request(own, 8080, 600))
    lab.check(answer and answer.code == SUCCESS and inside(answer.address, prefix), "a door: %s" % answer)
    lab.check(lab.net.tcp(answer.address, 8080) == "open", "the door is not open at %s" % answer.address)


def by_the_better(lab, backend):
    lab.house()
    lab.net.sysctl("net.ipv6.conf.all.forwarding", 1)
    second_isp(lab)
    house = build(lab)
    # The one whose name comes first is the worse one.
    house.sixgated = Sixgated(lab, config=toml(wans=(), each=PORTS) + '\n[firewall]\nbackend = "%s"\n' % backend + "".join(
        '[uplink.%s]\ninterface = "%s"\nmetric = %d\n%s' % (name, interface, metric, NPTV6)
        for name, interface, metric in (("cable", "wan0", 600), ("fibre", "wan1", 512)))).start()
    wait_delegated(lab)
    own = lab.h1.wait_address(ULA)
    lab.h1.wait_ping(SERVER)
    lab.until("both delegate", lambda: all(one["delegations"] for one in house.sixgated.status()["uplinks"]), 30)
    lab.h1.serve(tcp=[8080])
    door_outside(lab, own, SECOND_POOL)
    final_checks(lab)


@limit(120)
def test_nptv6_doors_of_the_better_uplink_nft(lab):
    """nft: a program is told the external address by which the answers of its host leave (RFC 6887 section 11.3)."""
    by_the_better(lab, "nft")


@limit(120)
def test_nptv6_doors_of_the_better_uplink_ip6tables(lab):
    """ip6tables-restore: the same."""
    by_the_better(lab, "ip6tables")


def house_of_two_providers(lab, backend, **options):
    """The house, the wire to the second provider, and h1's address."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house()
    lab.net.sysctl("net.ipv6.conf.all.forwarding", 1)
    wire = second_isp(lab)
    house = build(lab, **options)
    house.sixgated = Sixgated(lab, config=toml(wans=("wan0", "wan1"), uplink=NPTV6, each=PORTS)
                              + '\n[firewall]\nbackend = "%s"\n' % backend).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_address(ULA)
    lab.h1.wait_ping(SERVER)
    lab.until("both delegate", lambda: all(one["delegations"] for one in house.sixgated.status()["uplinks"]), 30)
    return house, wire, lab.h1.address_in(ULA)


def first_carries_again(lab, house):
    lab.isp.ip("link", "set", "isp0", "up")
    for prefix, via in list(house.snooper.routes.items()):
        lab.isp.ip("-6", "route", "replace", prefix, "via", via, "dev", "isp0")


def two_providers(lab, backend):
    house, wire, own = house_of_two_providers(lab, backend)
    lab.h1.serve(tcp=[8080])
    door_outside(lab, own, house.prefix)
    # Its start is announced, too, over eight seconds.
    lab.until("its start is over", lambda: ask(lab.h1, own, request(own, 8080, 600)).epoch >= 9, 20, every=1)
    hears = Announcements(lab, lab.h1)
    lab.isp.ip("link", "set", "isp0", "down")
    lab.h1.wait_ping(SERVER)
    said = []
    lab.until("programs hear that they have another address", lambda: said.extend(hears.heard()) or said, 15)
    lab.check(all(one.epoch < 9 for one, _ in said), said)
    door_outside(lab, own, SECOND_POOL)
    since = time.time()
    lab.check(lab.h1.ping(SERVER), "the second provider does not carry it")
    lab.check(outside(wire, SECOND_POOL, since), "not by the second provider's prefix")
    lab.check(lab.h1.address_in(ULA) == own, "h1 has another address")
    first_carries_again(lab, house)
    lab.until("the first carries it again", lambda: lab.h1.ping(SERVER)
              and outside(lab.wan, house.prefix, time.time() - 1), 30)
    door_outside(lab, own, house.prefix)
    for one in (lab.wan, wire):
        lab.check(not outside(one, "fc00::/7", 0), "a ULA left the house")
    lab.check(not outside(wire, house.prefix, 0) and not outside(lab.wan, SECOND_POOL, 0),
              "one provider's address left by the other")
    final_checks(lab)


@limit(240)
def test_nptv6_two_providers_nft(lab):
    """nft: two providers, both translated: one dies, and no host has another address; each is told its own prefixes alone."""
    two_providers(lab, "nft")


@limit(240)
def test_nptv6_two_providers_ip6tables(lab):
    """ip6tables-restore: the same."""
    two_providers(lab, "ip6tables")


def flows_find_their_new_address(lab, backend):
    house, wire, own = house_of_two_providers(
        lab, backend, server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.net.serve(udp=[8091], address=SERVER)
    lab.h1.serve(udp=[8081])
    old = ask(lab.h1, own, request(own, 8081, 600, protocol=UDP)).address
    # Their ports stay, and connection tracking knows them as long as they go on.
    flows = {"h1's": UdpFlow(lab, lab.h1, SERVER, 8091, (own, 4444)),
             "the router's": UdpFlow(lab, lab.cpe, SERVER, 8091, (lab.cpe.wait_address(ULA), 4445))}
    inbound = UdpFlow(lab, lab.net, old, 8081)
    lab.cpe.run("nft", "-f", "-", stdin=BACK)
    lab.cpe.ip("-6", "rule", "add", "fwmark", "7", "lookup", "77")
    lab.cpe.ip("-6", "route", "add", "default", "via", lab.isp2.link_local("isp1"), "dev", "wan1", "table", "77")
    external = next(one["external"] for one in house.sixgated.lan("lan0")["translations"] if one["uplink"] == "wan1")
    marked = str(ipaddress.IPv6Network(external)[lower_half(own)])
    back = UdpFlow(lab, lab.net, marked, 8081)
    lab.check(all(one.answers() for _ in range(2) for one in (*flows.values(), inbound, back)), "a flow does not begin")

    def tracked(address):
        """What the table of connections calls the flows to this address."""
        listed = lab.cpe.run("conntrack", "-L", "-f", "ipv6", "-p", "udp", "-o", "id").stdout.splitlines()
        return [one.split("id=")[1].split()[0] for one in listed if "dst=%s " % address in one]
    going_back = tracked(marked)
    lab.check(len(tracked(old)) == 2 and len(going_back) == 1, (tracked(old), going_back))  # inbound, and h1's

    def go_on(pool, by):
        for whose, flow in flows.items():
            lab.until("%s flow goes on" % whose, flow.answers, 40)
        since = time.time()
        lab.check(all(flow.answers() for flow in flows.values()) and outside(by, pool, since), "not by %s" % pool)
    house.server.renumber(OTHER_POOL, house.snooper)

    def are_over():
        for flow in flows.values():
            flow.answers()  # as long as somebody uses it, an entry stays
        return not tracked(old)
    lab.until("nothing has an address of the old prefix", are_over, 40)
    go_on(OTHER_POOL, lab.wan)
    lab.check(back.answers() and tracked(marked) == going_back, "a flow that the rules allow ended: %s" % tracked(marked))
    lab.isp.ip("link", "set", "isp0", "down")
    go_on(SECOND_POOL, wire)
    first_carries_again(lab, house)
    lab.until("the first carries them again", lambda: all(flow.answers() for flow in flows.values())
              and outside(lab.wan, OTHER_POOL, time.time() - 1), 40)
    go_on(OTHER_POOL, lab.wan)
    lab.check(not outside(wire, house.prefix, 0) and not outside(wire, OTHER_POOL, 0) and not outside(lab.wan, SECOND_POOL, 0),
              "one provider's address left by the other")
    final_checks(lab)


@limit(240)
def test_nptv6_flows_that_go_on_nft(lab):
    """nft: flows that never pause, h1's and the router's own, have their new external address after a flash renumbering, after a
    failover and after the way back; one from outside to the old prefix is over."""
    flows_find_their_new_address(lab, "nft")


@limit(240)
def test_nptv6_flows_that_go_on_ip6tables(lab):
    """ip6tables-restore: the same."""
    flows_find_their_new_address(lab, "ip6tables")
