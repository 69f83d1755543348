# SPDX-License-Identifier: Apache-2.0
"""A single /64 for several LANs that asked for less than one each: without SLAAC, with addresses by DHCPv6."""
import ipaddress
import time

from dhcp_clients import Dhclient
from lab import SERVER, check_not_malformed, limit
from peers import DhcpcdHost, Networkd, Sixgated
from scenario import build, final_checks, objects, toml, wait_delegated
from wire import UDP, inject, inside, ipv6, udp

ONLY = "2001:db8:1000:1234::/64"
PART = 'ip6assign = 72\naddressing = "dhcpv6"\n'
NETWORKD = {"eth0.network": "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=yes\nLinkLocalAddressing=ipv6\n"}
DHCPCD = "ipv6only\nnoipv4\nslaac hwaddr\ninterface eth0\nia_na 1\n"


def parts(house):
    """What each LAN has of the delegation."""
    return {lan["interface"]: [one["prefix"] for one in lan["prefixes"] if inside(one["prefix"].split("/")[0], house.prefix)]
            for lan in house.sixgated.status()["lans"]}


def split(lab, config):
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"]})
    # All that there is: whoever asks for two gets one.
    house = build(lab, server_options={"length": 64, "pool": ONLY})
    house.wires = {name: lab.cpe.wire(name) for name in ("lan0", "lan1")}
    house.sixgated = Sixgated(lab, config=config).start()
    house.prefix = wait_delegated(lab)
    return house


@limit(150)
def test_one_slash64_for_two_lans(lab):
    """Kea delegates one /64; dhcpcd, dhclient and networkd have addresses in the parts of two LANs and reach the Internet."""
    house = split(lab, toml(lan=PART))
    lab.check(house.prefix == ONLY, "delegated: %s" % house.prefix)
    clients = [DhcpcdHost(lab, lab.h1), Dhclient(lab, lab.h2, ask=["-N"]), Networkd(lab, lab.h3, NETWORKD)]
    clients[0].start(DHCPCD)
    lab.h2.wait_default_route()
    clients[1].start()
    clients[2].start()
    lab.until("both LANs have a part", lambda: all(len(one) == 1 for one in parts(house).values()), 10)
    lans = {name: one[0] for name, one in parts(house).items()}
    networks = {name: ipaddress.IPv6Network(one) for name, one in lans.items()}
    lab.check(all(one.prefixlen == 72 and one.subnet_of(ipaddress.IPv6Network(house.prefix)) for one in networks.values())
              and not networks["lan0"].overlaps(networks["lan1"]), "parts: %s" % lans)
    # What hosts are told: on link, no addresses of their own, and a DHCPv6 server.
    for name in lans:
        ra = house.wires[name].wait_ra(match=lambda one, name=name: one.prefix(lans[name]))
        said = ra.prefix(lans[name])
        lab.check(said.flags == 0x80 and ra.managed,
                  "on %s: %s" % (name, ra))
    where = {lab.h1: "lan0", lab.h2: "lan0", lab.h3: "lan1"}
    for host, name in where.items():
        host.wait_address(lans[name])
        host.wait_default_route()
    own = {host: host.address_in(lans[name]) for host, name in where.items()}
    for host, address in own.items():
        everywhere = {one["local"] for one in host.addresses() if inside(one["local"], house.prefix)}
        lab.check(everywhere == {address}, "%s has %s" % (host, everywhere))
        host.wait_ping(SERVER, source=address)
        lab.check(lab.net.ping(address, wait=2), "the Internet cannot ping %s" % address)
    lab.h1.wait_ping(own[lab.h2], source=own[lab.h1])  # on the same link
    lab.h1.wait_ping(own[lab.h3], source=own[lab.h1])  # by way of the router
    # The kernel has the real lengths, and what is given to nobody is unreachable.
    routes = {one["dst"]: one for one in lab.cpe.routes()}
    for name, prefix in lans.items():
        lab.check(routes.get(prefix, {}).get("dev") == name, "no route to %s on %s" % (prefix, name))
        ours = [one for one in lab.cpe.addresses(name) if inside(one["local"], prefix)]
        lab.check([(one["prefixlen"], ipaddress.IPv6Address(one["local"])) for one in ours] == [(72, networks[name][1])],
                  "on %s: %s" % (name, ours))
    lab.check(routes.get(house.prefix, {}).get("type") == "unreachable", "the /64: %s" % routes.get(house.prefix))
    # So has the firewall: a source of the other LAN's part, or of nobody's, goes nowhere from here.
    nobody = str(ipaddress.IPv6Network(house.prefix)[-2])
    since = time.time()
    for source in (own[lab.h3], nobody, own[lab.h1]):
        inject(lab.h1, "eth0", ipv6(source, SERVER, UDP, udp(source, SERVER, 5000, 5001, b"probe")), lab.cpe.mac("lan0"))

    def probes():
        return {one.source for one in lab.wan.packets(since) if one.ports == (5000, 5001)}
    lab.until("the probe with its own source is on the WAN", lambda: own[lab.h1] in probes(), 10)
    lab.check(probes() == {own[lab.h1]}, "on the WAN: %s" % probes())
    for name in lans:
        lab.check("splits a /64" in house.sixgated.lan(name).get("no_slaac_reason", ""), house.sixgated.lan(name))
    text = house.sixgated.cli_run("status").stdout
    lab.check("no SLAAC" in text and "addresses come from DHCPv6" in text, text)
    # The order of the file, and a LAN that is there no more, move nobody; killed and back, nothing is different.
    before = objects(lab)
    house.sixgated.write(toml(lans=("lan1", "lan0"), lan=PART))
    house.sixgated.reload()
    house.sixgated.process.wait_log("configuration changed")
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the parts are there again", lambda: {name: one for name, one in parts(house).items()} == {
        name: [one] for name, one in lans.items()}, 15)
    lab.until("nothing is different", lambda: objects(lab) == before, 15)
    for host, address in own.items():
        host.wait_ping(SERVER, source=address)
    check_not_malformed(lab, list(house.wires.values()))
    final_checks(lab)


@limit(90)
def test_priority_between_a_whole_slash64_and_a_part(lab):
    """With one /64 a LAN that needs all of it and one that needs a part cannot both be served: priority decides, and
    the status says who lost."""
    house = split(lab, toml(each={"lan0": "priority = 1\n", "lan1": PART}))
    lab.until("the first has all of it", lambda: parts(house) == {"lan0": [house.prefix], "lan1": []}, 10)
    problems = house.sixgated.status()["problems"]
    lab.check(any("LAN lan1 gets no prefix" in one and "priority" in one for one in problems), problems)
    house.sixgated.write(toml(each={"lan0": "priority = -1\n", "lan1": PART}))
    house.sixgated.reload()
    part = house.prefix.replace("/64", "/72")
    lab.until("the other has its part", lambda: parts(house).get("lan1") == [part], 10)
    lab.check(any("LAN lan0 gets no prefix" in one for one in house.sixgated.status()["problems"]),
              house.sixgated.status()["problems"])
    final_checks(lab)
