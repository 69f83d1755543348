# SPDX-License-Identifier: Apache-2.0
"""The DHCPv6 server and clients nobody here wrote; and sixgate behind sixgate."""
import ipaddress
import json
import os
import time

from dhcp_clients import Dhclient, Dhcrelay, DibblerClient, DibblerRelay, WideClient, perfdhcp
from lab import OTHER_POOL, SERVER, check_not_malformed, limit, proves
from network_manager import AUTO, SHARED, NetworkManager
from peers import DhcpcdHost, Networkd, Sixgated
from scenario import build, by_itself, final_checks, online, toml, wait_delegated
from wire import UDP, inject, inside, ipv6, udp

# The provider's renewal, when a renumbering shows.
SHORT = {"renew": 20, "rebind": 25, "preferred": 600, "valid": 1200}
NETWORKD = {"eth0.network": "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=yes\nLinkLocalAddressing=ipv6\n"
                            "[IPv6AcceptRA]\nDHCPv6Client=always\n[DHCPv6]\nPrefixDelegationHint=::/64\n"}


def leases(sixgated):
    done = sixgated.cli_run("leases", "--json")
    return json.loads(done.stdout)["leases"] if done.returncode == 0 else []


def held(sixgated, kind, within):
    """{DUID: lease} of one kind inside a prefix."""
    return {one["duid"]: lease for one in leases(sixgated) if one["type"] == kind
            for lease in one["leases"] if inside(lease.split("/")[0], within)}


def heard(wire, host):
    """The DHCPv6 messages between us and a host, in order."""
    return wire.dhcp(match=lambda one: host.mac("eth0") in (one.packet.ether_source, one.packet.ether_destination))


def leased(reply, code):
    """The addresses (3) or prefixes (25) that a Reply gives."""
    return [lease[0] for ia in reply.addresses + reply.delegations if ia.code == code
            for lease in ia.addresses + ia.prefixes if lease[2]]


@limit(240)
@proves("8415-S-01", "9096-L-13g", "9663-05", "9818-LPD-X1")
def test_clients_of_debian(lab):
    """dhclient, dhcpcd, the WIDE client, systemd-networkd and NetworkManager get addresses and prefixes, and keep them over
    kill -9."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3", "h4", "h5"]})
    wires = [lab.cpe.wire("lan0"), lab.cpe.wire("lan1")]
    config = toml(lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')
    house = build(lab)
    house.sixgated = Sixgated(lab, config=config).start()
    house.prefix = wait_delegated(lab)
    dhclient = Dhclient(lab, lab.h1)
    dhcpcd = DhcpcdHost(lab, lab.h2)
    lab.h1.wait_default_route()
    dhclient.start()
    dhcpcd.start("ipv6only\nnoipv4\nslaac hwaddr\ninterface eth0\nia_na 1\nia_pd 2 -\n")
    Networkd(lab, lab.h3, NETWORKD).start()
    WideClient(lab, lab.h4).start()
    # It asks for a prefix when it has somebody to share it with.
    lab.cable(lab.h5, "shared0", lab.namespace("shared"), "eth0")
    by_itself(lab.h5, NetworkManager(lab, lab.h5, {"eth0": AUTO, "shared0": SHARED}))
    lab.until("five clients have an address", lambda: len(held(house.sixgated, "address", house.prefix)) == 5, 40)
    lab.until("five clients have a prefix", lambda: len(held(house.sixgated, "prefix", house.prefix)) == 5, 20)
    lab.until("dhclient has them in its lease file", lambda: "iaaddr" in dhclient.text() and "iaprefix" in
              dhclient.text(), 20)
    addresses, prefixes = (held(house.sixgated, kind, house.prefix) for kind in ("address", "prefix"))
    given = [ipaddress.IPv6Network(one) for one in prefixes.values()]
    lab.check(len(set(given)) == 5 and all(one.prefixlen == 64 for one in given), "prefixes: %s" % prefixes)
    replies = [one for wire in wires for one in wire.dhcp("Reply")]
    lab.row("8415-S-01", replies and all(
        inside(one.source, "fe80::/10") and inside(one.destination, "fe80::/10")
        and one.packet.ports == (547, 546) for one in replies), replies)
    # Killed, and everything flushed that it had put into the kernel.
    house.sixgated.kill()
    since = time.time()
    for one in lab.cpe.routes():
        if one.get("gateway") and one["dst"] in prefixes.values():
            lab.cpe.ip("-6", "route", "del", one["dst"], "dev", one["dev"])
    house.sixgated.start()
    lab.until("the routes to the prefixes are back", lambda: set(prefixes.values()) <= {
        one["dst"] for one in lab.cpe.routes() if one.get("gateway")}, 15)
    renewals = [one for wire in wires for one in wire.dhcp("Renew", since)]
    lab.row("9818-LPD-X1", not renewals, "only after a Renew: %s" % renewals)

    def renewed():
        return {one.client.hex() for wire in wires for one in wire.dhcp("Reply", since)
                if any(valid for ia in one.addresses for _, _, valid in ia.addresses)}
    lab.until("every client renewed", lambda: renewed() >= set(addresses), 60)
    lost = [one for wire in wires for one in wire.dhcp("Reply", since)
            if any(ia.status for ia in one.addresses + one.delegations)]
    lab.row("9096-L-13g", not lost and held(house.sixgated, "address", house.prefix) == addresses, lost)
    lab.row("9663-05", held(house.sixgated, "prefix", house.prefix) == prefixes,
            "%s was %s" % (held(house.sixgated, "prefix", house.prefix), prefixes))
    check_not_malformed(lab, wires)
    final_checks(lab)


@limit(200)
@proves("9818-LPD-1", "9818-LPD-5a", "9818-LPD-6", "9818-LPD-X2")
def test_sixgate_behind_sixgate(lab):
    """A router of ours behind ours has a prefix that the Internet reaches; a renumbering upstream is its at once."""
    house = online(lab, hosts=("h1",), server_options=SHORT)
    # h3 becomes a router.
    inner = lab.namespace("inner")
    lab.cable(lab.h3, "inner0", inner, "eth0")
    behind = Sixgated(lab, arguments=["--wan", "eth0", "--lan", "inner0"], namespace=lab.h3)
    behind.state_dir, behind.socket = (os.path.join(lab.fresh_directory("behind"), one) for one in ("state", "socket"))
    behind.start()

    def reached(prefix):
        inner = [one for one in behind.delegations() if inside(one.split("/")[0], prefix)]
        address = lab.h3.address_in(inner[0], "inner0") if inner else None
        return address and lab.net.ping(address)
    lab.until("the Internet reaches the LAN behind the LAN", lambda: reached(house.prefix), 40)
    lab.row("9818-LPD-1", True)
    lab.row("9818-LPD-5a", True)
    # Hosts behind it open connections; what the router behind us was never given is no source there.
    given = next(one for one in behind.delegations() if inside(one.split("/")[0], house.prefix))
    mine = lab.until("a host behind it has an address", lambda: inner.address_in(given, "eth0"), 20)
    lab.net.serve(tcp=[8099])
    opened = inner.tcp(SERVER, 8099, source=mine)
    stranger = str(ipaddress.IPv6Network(house.prefix)[-2])
    asked = time.time()
    for source in (stranger, lab.h3.address_in(house.prefix, "eth0")):
        inject(lab.h3, "eth0", ipv6(source, SERVER, UDP, udp(source, SERVER, 5000, 5001, b"probe")), lab.cpe.mac("lan1"))

    def probes():
        return {one.source for one in lab.wan.packets(asked) if one.ports == (5000, 5001)}
    lab.until("the probe with its own source is on the WAN", probes, 10)
    lab.row("9818-LPD-6", opened == "open" and stranger not in probes(), "%s, %s" % (opened, probes()))
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    handed = time.time()
    # By our order, or because the advertisements of its link have changed: whichever it hears first.
    lab.until("the LAN behind the LAN is reached by the new prefix", lambda: reached(new), 30)
    reply = lab.lan1.wait_dhcp("Reply", lambda one: any(inside(prefix.split("/")[0], new)
                                                        for prefix, _, _ in one.delegated()), 10, since)
    lab.row("9818-LPD-X2", any(valid == 0 and inside(prefix.split("/")[0], house.prefix)
                               for prefix, _, valid in reply.delegated()), reply)
    print("new prefix behind the LAN %.1f s after the Reply upstream" % (reply.time - handed))
    check_not_malformed(lab, [lab.lan1])
    final_checks(lab)


@limit(120)
def test_two_messages_or_four(lab):
    """Rapid commit: what dhclient, dhcpcd, the WIDE client and systemd-networkd ask in one message is given in one; without
    the option, and where the LAN does not want it, they take four."""
    lab.house({"lan0": ["h1", "h2", "h3", "h4", "h5"], "lan1": ["h6"]})
    wires = {"lan0": lab.cpe.wire("lan0"), "lan1": lab.cpe.wire("lan1")}
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\n', each={
        "lan1": "dhcpv6_rapid_commit = false\n"})).start()
    house.prefix = wait_delegated(lab)
    for host in (lab.h1, lab.h2, lab.h4, lab.h5):
        host.wait_default_route()
    Dhclient(lab, lab.h1, ask=["-N"], conf="send dhcp6.rapid-commit;\n").start()
    DhcpcdHost(lab, lab.h2).start("ipv6only\nnoipv4\nslaac hwaddr\noption dhcp6_rapid_commit\ninterface eth0\nia_na 1\n")
    Networkd(lab, lab.h3, NETWORKD).start()
    WideClient(lab, lab.h4, rapid_commit=True).start()
    WideClient(lab, lab.h5).start()
    Networkd(lab, lab.h6, NETWORKD).start()
    for host, lan, count in ((lab.h1, "lan0", 2), (lab.h2, "lan0", 2), (lab.h3, "lan0", 2), (lab.h4, "lan0", 2),
                             (lab.h5, "lan0", 4), (lab.h6, "lan1", 4)):
        reply = wires[lan].wait_dhcp("Reply", lambda one: one.packet.ether_destination == host.mac("eth0") and leased(one, 3))
        address = next(one for one in leased(reply, 3) if inside(one, house.prefix))
        lab.until("%s has %s" % (host, address), lambda: address in {one["local"] for one in host.addresses("eth0")}, 15)
        messages = heard(wires[lan], host)[-count:]
        lab.check([one.name for one in messages] == ["Solicit", "Advertise", "Request", "Reply"][::3 // (count - 1)],
                  "%s: %s" % (host, messages))
        said = [one.option(14) is not None for one in messages]
        lab.check(said == [host is not lab.h5] + [count == 2] * (count - 1), "%s: %s" % (host, said))
        lab.check(any(address in one["leases"] for one in leases(house.sixgated)), leases(house.sixgated))
    check_not_malformed(lab)
    final_checks(lab)


@limit(120)
def test_an_address_or_a_prefix_alone(lab):
    """dhcpcd, the WIDE client and systemd-networkd ask for one of both, and have that one."""
    lab.house({"lan0": ["h1", "h2", "h3", "h4", "h5", "h6"]})
    wire = lab.cpe.wire("lan0")
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lans=["lan0"], lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    for host in (lab.h2, lab.h5):
        host.wait_default_route()
    usual = "ipv6only\nnoipv4\nslaac hwaddr\ninterface eth0\n"
    DhcpcdHost(lab, lab.h1).start(usual + "ia_na 1\n")
    WideClient(lab, lab.h2, ask=["na"]).start()
    unlike = NETWORKD["eth0.network"] + "DUIDType=link-layer\n"
    Networkd(lab, lab.h3, {"eth0.network": unlike.replace("PrefixDelegationHint=::/64", "UseDelegatedPrefix=no")}).start()
    DhcpcdHost(lab, lab.h4).start(usual + "ia_pd 1 -\n")
    WideClient(lab, lab.h5, ask=["pd"]).start()
    Networkd(lab, lab.h6, {"eth0.network": unlike + "UseAddress=no\n"}).start()
    hosts = (lab.h1, lab.h2, lab.h3, lab.h4, lab.h5, lab.h6)
    for host, code, other in zip(hosts, (3, 3, 3, 25, 25, 25), (25, 25, 25, 3, 3, 3)):
        reply = wire.wait_dhcp("Reply", lambda one: one.packet.ether_destination == host.mac("eth0") and leased(one, code))
        lab.check(not any(one.option(other) for one in heard(wire, host)), "%s: %s" % (host, heard(wire, host)))
        lab.check(any(inside(one.split("/")[0], house.prefix) for one in leased(reply, code)), reply)
        known = [one for one in leases(house.sixgated) if one["duid"] == reply.client.hex()]
        lab.check([one["type"] for one in known] == [{3: "address", 25: "prefix"}[code]], "%s: %s" % (host, known))
    mine = set(held(house.sixgated, "address", house.prefix).values())
    for host in hosts[:3]:
        lab.until("%s has what it was given" % host, lambda: {one["local"] for one in host.addresses("eth0")} & mine, 15)
    check_not_malformed(lab)
    final_checks(lab)


@limit(120)
@proves("7084-L-8", "7084-L-10", "8415-S-23")
def test_settings_alone(lab):
    """Stateless: dhclient, the WIDE client, systemd-networkd and NetworkManager learn the resolver, and nothing is
    remembered of them."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3", "h4"]})
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+stateless"\ndns = ["2001:db8:53::53"]\nsearch = ["home.arpa"]\n')).start()
    wait_delegated(lab)
    for host in (lab.h1, lab.h2, lab.h3):
        host.wait_default_route()
    dhclient = Dhclient(lab, lab.h1, ask=["-S"]).start()
    wide = WideClient(lab, lab.h2, ask=()).start()
    networkd = Networkd(lab, lab.h3, {"eth0.network": "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=yes\n"
                                      "LinkLocalAddressing=ipv6\n[IPv6AcceptRA]\nUseDNS=no\nDHCPv6Client=yes\n"}).start()
    manager = by_itself(lab.h4, NetworkManager(lab, lab.h4))
    lab.until("NetworkManager was told both by DHCPv6", lambda: (
        manager.dhcp6().get("dhcp6_name_servers"), manager.dhcp6().get("dhcp6_domain_search"))
              == ("2001:db8:53::53", "home.arpa"), 20)
    lab.until("NetworkManager's resolv.conf", lambda: all(
        line in manager.resolv_conf().splitlines() for line in ("nameserver 2001:db8:53::53", "search home.arpa")), 15)
    lab.until("dhclient knows resolver and search domain", lambda: dhclient.settings().get("new_dhcp6_name_servers")
              == "2001:db8:53::53" and "home.arpa" in dhclient.settings().get("new_dhcp6_domain_search", ""), 30)
    networkd.process.wait_log("information-request -> stopped")
    wide.process.wait_log("got an expected reply")
    replies = [wire.wait_dhcp("Reply") for wire in (lab.lan0, lab.lan1)]
    lab.row("7084-L-8", all(one.server for one in replies), replies)
    lab.row("7084-L-10", all(one.option(23) for one in replies), replies)
    lab.row("8415-S-23", not any(one.addresses or one.delegations for one in replies), replies)
    lab.check(leases(house.sixgated) == [], "remembered: %s" % leases(house.sixgated))
    check_not_malformed(lab)
    final_checks(lab)


@limit(200)
@proves("9096-L-13e", "9096-L-13f", "8415-S-28", "8415-S-29", "9818-LPD-5b")
def test_renumbering_reaches_clients(lab):
    """The provider gives another prefix: dibbler-client is told so at once and renews; all get the old at 0 beside the new."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    house = build(lab, server_options=SHORT)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\n')).start()
    old = wait_delegated(lab)
    for host in (lab.h1, lab.h2):
        host.wait_default_route()
    DibblerClient(lab, lab.h1).start()
    dhclient = Dhclient(lab, lab.h2).start()
    lab.until("both have an address and a prefix", lambda: len(held(house.sixgated, "address", old)) == 2
              and len(held(house.sixgated, "prefix", old)) == 2, 60)
    before = held(house.sixgated, "prefix", old)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    handed = time.time()
    order = lab.lan0.wait_dhcp("Reconfigure", timeout=10, since=since)
    lab.row("8415-S-28", len(order.option(11)) == 28 and order.transaction == "000000", order)
    lab.row("9096-L-13f", order.time - handed < 5, order)
    # RFC 9915 section 20.4.1: protocol 3, algorithm 1, RDM 0, a counter that only rises.
    replay = int.from_bytes(order.option(11)[3:11], "big")
    keyed = [one for one in lab.lan0.dhcp("Reply") if one.client == order.client and one.option(11)]
    lab.row("8415-S-29", order.option(11)[:3] == b"\3\1\0" and keyed and
            all(int.from_bytes(one.option(11)[3:11], "big") < replay for one in keyed if one.time < order.time), order)
    reply = lab.lan0.wait_dhcp("Reply", lambda one: one.client == order.client and any(
        valid and inside(prefix.split("/")[0], new) for prefix, _, valid in one.delegated()), 15, since)
    addresses = [one for ia in reply.addresses for one in ia.addresses]
    lab.row("9096-L-13e", any(not valid and inside(one, old) for one, _, valid in addresses)
            and any(valid and inside(one, new) for one, _, valid in addresses)
            and any(not valid and inside(prefix.split("/")[0], old) for prefix, _, valid in reply.delegated()), reply)
    lab.check(reply.time - handed < 10, "%.1f s after the Reply upstream" % (reply.time - handed))
    print("dibbler-client has the new prefix %.1f s after the Reply upstream" % (reply.time - handed))
    mine = before[order.client.hex()]
    lab.until("no route to what was taken back", lambda: mine not in {one["dst"] for one in lab.cpe.routes()
                                                                      if one.get("gateway")}, 10)
    # dhclient does not take orders: it hears the same when it renews, which it is made to do by its restart.
    dhclient.process.kill()
    dhclient.start()
    lab.until("dhclient has the new prefix, too", lambda: len(held(house.sixgated, "prefix", new)) == 2, 40)
    lab.until("no route to what either had", lambda: not {one["dst"] for one in lab.cpe.routes() if one.get("gateway")}
              & set(before.values()), 10)
    lab.row("9818-LPD-5b", not held(house.sixgated, "prefix", old), held(house.sixgated, "prefix", old))
    check_not_malformed(lab)
    final_checks(lab)


@limit(120)
def test_dhcpcd_takes_orders(lab):
    """With `option dhcp6_reconfigure_accept` dhcpcd asks at once when the provider renumbers, and again when a person ends
    its leases: it checks our key and counter, and has what the Reply gives."""
    lab.house({"lan0": ["h1"]})
    house = build(lab, server_options=SHORT)
    house.sixgated = Sixgated(lab, config=toml(lans=["lan0"], lan='addressing = "slaac+dhcpv6"\n')).start()
    old = wait_delegated(lab)
    DhcpcdHost(lab, lab.h1).start("ipv6only\nnoipv4\nslaac hwaddr\noption dhcp6_reconfigure_accept\n"
                                  "interface eth0\nia_na 1\nia_pd 2 -\n")
    reply = lab.lan0.wait_dhcp("Reply", lambda one: leased(one, 3) and leased(one, 25))
    lab.until("it has its address", lambda: set(leased(reply, 3)) <= {one["local"] for one in lab.h1.addresses("eth0")}, 15)

    def obeys(since, within):
        """What it is given for the Renew that follows our order."""
        order = lab.lan0.wait_dhcp("Reconfigure", timeout=10, since=since)
        asked = lab.lan0.wait_dhcp("Renew", timeout=5, since=order.time)
        answer = lab.lan0.wait_dhcp("Reply", lambda one: one.transaction == asked.transaction, 5, order.time)
        lab.check(asked.time - order.time < 5, "asked %.1f s after the order" % (asked.time - order.time))
        new = [one for one in leased(answer, 3) if inside(one, within)]
        lab.until("it has its new address", lambda: new[0] in {one["local"] for one in lab.h1.addresses("eth0")}, 10)
        lab.check(any(inside(one.split("/")[0], within) for one in leased(answer, 25)), answer)
        return answer
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    reply = obeys(since, new)
    lab.until("it gave up the old", lambda: not [one for one in lab.h1.addresses("eth0") if one["prefixlen"] == 128
                                                 and inside(one["local"], old)], 10)
    since = time.time()
    done = house.sixgated.cli_run("lease", "release", reply.client.hex())
    lab.check(done.returncode == 0, done.stderr)
    again = obeys(since, new)
    lab.check(not set(leased(again, 3) + leased(again, 25)) & set(leased(reply, 3) + leased(reply, 25)), "%s was %s" % (again, reply))
    check_not_malformed(lab)
    final_checks(lab)


@limit(200)
def test_three_generations(lab):
    """sixgate behind sixgate behind sixgate: the Internet reaches the innermost LAN. When the provider renumbers each hears of it
    from the one above at once, and the Internet reaches the innermost LAN by the new prefix."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab, server_options=SHORT)
    house.sixgated = Sixgated(lab, config=toml(lan="delegate_length = 60\n")).start()
    house.prefix = wait_delegated(lab)
    inner = lab.namespace("inner")
    lab.cable(lab.h3, "lan2", inner, "wan2")
    innermost = lab.namespace("innermost")
    lab.cable(inner, "lan3", innermost, "eth0")
    wire, routers = innermost.wire("eth0"), []
    for namespace, wan, lan in ((lab.h3, "eth0", "lan2"), (inner, "wan2", "lan3")):
        one = Sixgated(lab, arguments=["--wan", wan, "--lan", lan], namespace=namespace)
        directory = lab.fresh_directory("generation")
        one.state_dir, one.socket = (os.path.join(directory, name) for name in ("state", "socket"))
        routers.append(one.start())

    def reached():
        given = [one for one in routers[1].delegations() if inside(one.split("/")[0], house.prefix)]
        address = given and inner.address_in(given[0], "lan3")
        return address and lab.net.ping(address)
    lab.until("the Internet reaches the innermost LAN", reached, 60)
    middle = [one for one in routers[0].delegations() if inside(one.split("/")[0], house.prefix)]
    lab.check(middle and middle[0].endswith("/60"), "the router in the middle has %s" % middle)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    handed = time.time()
    told = wire.wait_ra("an RA of the new prefix", lambda one: any(prefix.valid for prefix in one.inside(house.prefix)), 10, since)
    print("the innermost LAN is told of the new prefix %.2f s after the Reply upstream" % (told.time - handed))
    lab.until("the Internet reaches it there", reached, 20)
    check_not_malformed(lab)
    final_checks(lab)


def relayed_house(lab, relay):
    """(house, namespace, wire) of a link behind a relay agent, which says that it is lan1."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h3.wait_default_route()
    behind = lab.namespace("behind")
    lab.cable(lab.h3, "below0", behind, "eth0")
    wire = behind.wire("eth0")
    # Its link has an address of lan1's /64: so the relay agent says which LAN is meant.
    own = ipaddress.IPv6Address(lab.h3.wait_address(house.prefix))
    lab.h3.ip("address", "add", "%s/128" % ipaddress.IPv6Address((int(own) >> 64 << 64) + 0xabcd), "dev", "below0", "nodad")
    behind.link_local("eth0")
    relay(lab, lab.h3, "below0", "eth0")
    return house, behind, wire


def served_behind(lab, relay):
    """A client behind a relay agent has an address and a prefix of the LAN that the relay agent speaks of, and renews
    them. Returns what it was told first."""
    house, behind, wire = relayed_house(lab, relay)
    Dhclient(lab, behind).start()
    reply = wire.wait_dhcp("Reply", lambda one: leased(one, 3) and leased(one, 25), 30)
    lab.until("the prefix is routed to the relay agent", lambda: any(
        one["dst"] in leased(reply, 25) and one.get("gateway") for one in lab.cpe.routes()), 5)
    again = wire.wait_dhcp("Renew", timeout=60)
    answer = wire.wait_dhcp("Reply", lambda one: one.transaction == again.transaction, 5)
    lab.check(all(leased(answer, code) == leased(reply, code) for code in (3, 25)), "%s was %s" % (answer, reply))
    known = {(one["lan"], lease) for one in leases(house.sixgated) for lease in one["leases"]}
    lab.check(known == {("lan1", one) for one in leased(reply, 3) + leased(reply, 25)}, "%s: %s" % (reply, known))
    check_not_malformed(lab)
    final_checks(lab)
    return reply


@limit(120)
@proves("8415-S-32", "8415-S-27")
def test_behind_a_relay_agent(lab):
    """isc dhcrelay between a client and us."""
    reply = served_behind(lab, Dhcrelay)
    lab.row("8415-S-32", reply.packet.ports == (547, 546), reply)
    lab.row("8415-S-27", True)


@limit(120)
def test_behind_dibbler_relay(lab):
    """dibbler-relay likewise."""
    served_behind(lab, DibblerRelay)


def orders_behind(lab, relay):
    """A client behind a relay agent is told to renew when a person ends its leases, by who was killed since it asked, too."""
    house, behind, wire = relayed_house(lab, relay)
    DibblerClient(lab, behind).start()
    reply = wire.wait_dhcp("Reply", lambda one: leased(one, 3) and leased(one, 25), 30)
    lab.check(reply.option(20) is not None and reply.option(11), "no key: %s" % reply)
    for restart in (False, True):
        if restart:
            house.sixgated.kill()
            house.sixgated.start()
            lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
        had = leased(reply, 3) + leased(reply, 25)
        since = time.time()
        done = house.sixgated.cli_run("lease", "release", reply.client.hex())
        lab.check(done.returncode == 0, done.stderr)
        order = wire.wait_dhcp("Reconfigure", timeout=10, since=since)
        lab.row("8415-S-28", order.packet.ports[1] == 546 and len(order.option(11)) == 28, order)
        asked = wire.wait_dhcp("Renew", timeout=10, since=order.time)
        reply = wire.wait_dhcp("Reply", lambda one: one.transaction == asked.transaction, 5, order.time)
        lab.check(leased(reply, 3) and leased(reply, 25) and not set(leased(reply, 3) + leased(reply, 25)) & set(had),
                  "%s, had %s" % (reply, had))
    check_not_malformed(lab)
    final_checks(lab)


@limit(120)
@proves("8415-S-28")
def test_orders_behind_a_relay_agent(lab):
    """isc dhcrelay takes a Reconfigure to dibbler-client."""
    orders_behind(lab, Dhcrelay)


@limit(120)
@proves("8415-S-28")
def test_orders_behind_dibbler_relay(lab):
    """dibbler-relay likewise."""
    orders_behind(lab, DibblerRelay)


@limit(200)
@proves("8415-S-03")
def test_perfdhcp(lab):
    """Four-way exchanges of five hundred clients, for addresses and for prefixes: none is lost, over kill -9 neither."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    lab.h1.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # perfdhcp speaks from the first address that there is
    lab.h1.link_local("eth0")
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    for kind, clients, rate in (("address-only", 500, 50), ("prefix-only", 100, 10)):
        seen = perfdhcp(lab.h1, "-r", str(rate), "-R", str(clients), "-n", str(clients), "-W", "15000000", "-d", "15", "-e", kind, "-s", "7")
        print("%s: %s" % (kind, seen))
        for exchange, (sent, received) in seen.items():
            lab.check(sent == received == clients, "%s %s: %d sent, %d received" % (kind, exchange, sent, received))
    before = {(one["duid"], one["type"]): one["leases"] for one in leases(house.sixgated)}
    lab.check(len(before) == 600, "%d leases" % len(before))
    server = lab.lan0.dhcp("Reply")[-1].server
    since = time.time()
    house.sixgated.kill()
    house.sixgated.start()
    after = {(one["duid"], one["type"]): one["leases"] for one in leases(house.sixgated)}
    lab.check(after == before, "%d leases after kill -9 were %d" % (len(after), len(before)))
    perfdhcp(lab.h1, "-r", "50", "-n", "5", "-W", "1000000", "-b", "duid=000300010200005e1099")
    lab.row("8415-S-03", {one.server for one in lab.lan0.dhcp("Reply", since)} == {server}, server.hex())
    final_checks(lab)
