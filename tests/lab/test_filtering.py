# SPDX-License-Identifier: Apache-2.0
"""Endpoint-independent filtering (RFC 6092 REC-11, REC-17, REC-33): whom a host has sent something from is not asked who
answers; and without it, or of another port, nobody else does."""
from firewall_house import H1, H2, MOBILITY, NET, PEER, FirewallHouse, Rules, raw, tcp_to, udp_to
from lab import limit, proves

OTHER = "2001:db8:ffff::77"  # sent nothing, and nothing was sent to it


class Talk:
    def __init__(self, lab, house):
        self.lab, self.house = lab, house

    def out(self, name, content, destination=PEER, source=H1):
        self.house.probe(name, "h1", source, destination, content, "isp", True)

    def into(self, name, content, expected, source=OTHER, destination=H1):
        self.house.probe(name, "isp", source, destination, content, "h1" if destination == H1 else "h2", expected)

    def go(self):
        found = self.house.shoot()
        wrong = ["%s %s" % (one.name, "did not arrive" if one.expected else "arrived")
                 for one in self.house.probes if found[one.name] != one.expected]
        self.house.probes.clear()
        self.lab.check(not wrong, "; ".join(wrong))


def begin(talk, first):
    talk.out("udp", udp_to(5000, first))
    talk.out("tcp", tcp_to(5000, 2, first + 1))
    talk.out("protocol 253", raw(253))
    talk.go()


def answer(talk, first, expected):
    """By somebody who was not asked."""
    talk.into("udp of another", udp_to(first, 6000), expected)
    talk.into("tcp of another", tcp_to(first + 1, 2, 6001), expected)
    talk.into("protocol 253 of another", raw(253), expected)
    # Never these.
    talk.into("udp for another port", udp_to(first + 3, 6003), False)
    talk.into("tcp for the port of udp", tcp_to(first, 2, 6004), False)
    talk.into("udp for the port of tcp", udp_to(first + 1, 6005), False)
    talk.into("tcp from its middle", tcp_to(first + 1, 16, 6006), False)
    talk.into("udp for another host", udp_to(first, 6007), False, destination=H2)
    talk.into("protocol 254", raw(254), False)
    talk.go()


@limit(120)
def test_filtering_endpoint_independent(lab):
    """nft: anybody may answer, to that address, protocol and port, for as long as the set remembers it."""
    house = FirewallHouse(lab, "nft")
    talk, rules = Talk(lab, house), Rules()
    plain = rules.text
    house.apply(rules)
    begin(talk, 40000)
    answer(talk, 40000, False)
    rules.text = plain.replace("lan lan1", "any_endpoint lan0\nlan lan1").replace(
        "provisioned", "pinhole lan0 %s 17 7000 7000 %s/128\nprovisioned" % (H1, NET))
    house.apply(rules)
    answer(talk, 41000, False)
    begin(talk, 41000)
    answer(talk, 41000, True)
    # What a host says to those that a pinhole lets in opens it to nobody else.
    talk.into("through the pinhole", udp_to(7000, 6100), True, source=NET)
    talk.go()
    talk.out("the answer", udp_to(6100, 7000), destination=NET)
    talk.go()
    talk.into("beside the pinhole", udp_to(7000, 6101), False)
    talk.go()
    listed = lab.cpe.run("nft", "list", "set", "ip6", "sixgate", "endpoints").stdout
    lab.check("%s . 41000 timeout 5m" % H1 in listed and "%s . 41001 timeout 4m" % H1 in listed and ". 7000 " not in listed, listed)
    counted = lab.cpe.run("nft", "list", "counter", "ip6", "sixgate", "endpoints").stdout
    lab.check("packets 3 " in counted, counted)
    # As when their time is over.
    for name in ("endpoints", "endpoints_without_port"):
        lab.cpe.run("nft", "flush", "set", "ip6", "sixgate", name)
    lab.cpe.run("conntrack", "-F", check=False)
    answer(talk, 41000, False)
    begin(talk, 42000)
    rules.text = plain
    house.apply(rules)
    answer(talk, 42000, False)


@limit(120)
@proves("6092-REC-29")
def test_filtering_tunnels_of_mobile_ipv6(lab):
    """nft: between the two ends of a Mobility Header flow that passed, tunnels pass both ways, whoever begins; no others."""
    house = FirewallHouse(lab, "nft")
    talk = Talk(lab, house)
    house.apply(Rules())
    tunnels = (("IPv6 tunnel", 41), ("IPv4 tunnel", 4))
    for name, protocol in tunnels:
        talk.into(name + " of a stranger", raw(protocol), False, source=PEER)
    talk.go()
    talk.out("binding", raw(135, MOBILITY))
    talk.go()
    for name, protocol in tunnels:
        talk.into(name, raw(protocol), True, source=PEER)
        talk.into(name + " of another", raw(protocol), False)
        talk.into(name + " for another host", raw(protocol), False, source=PEER, destination=H2)
    talk.into("another protocol", raw(253), False, source=PEER)
    talk.go()
    for name, protocol in tunnels:
        talk.out(name + " out", raw(protocol))
    talk.go()
    lab.row("6092-REC-29", True)
