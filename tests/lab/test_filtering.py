# SPDX-License-Identifier: Apache-2.0
"""Endpoint-independent filtering (RFC 6092 REC-11, REC-17, REC-33): whom a host has sent something from is not asked who
answers; and without it, or of another port, nobody else does."""
import re

from firewall_house import H1, H2, MOBILITY, NET, PEER, FirewallHouse, Rules, raw, tcp_to, udp_to
from lab import SERVER, limit, proves, require_tools
from scenario import final_checks, online, toml

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


class Memory:
    """Where hosts have sent something from, as the kernel remembers it."""

    def __init__(self, house):
        self.house, self.cpe, self.nft = house, house.lab.cpe, house.backend == "nft"

    def listed(self):
        if self.nft:
            return self.cpe.run("nft", "list", "set", "ip6", "sixgate", "endpoints").stdout
        return self.cpe.run("ipset", "list", "sixgate-endpoints").stdout

    def minutes(self, host, protocol, port):
        """For how long from its last packet on; 0: it is not there."""
        pattern = r"%s \. %s \. %d timeout (\d+)m" if self.nft else "%s,%s:%d timeout ([0-9]+)"
        what = (protocol, host, port) if self.nft else (host, protocol, port)
        found = re.search(pattern % what, self.listed())
        # An ipset says what is left, a moment ago it was all.
        return 0 if found is None else int(found[1]) if self.nft else round(int(found[1]) / 60)

    def forget(self):
        """As when their time is over."""
        if self.nft:
            for name in ("endpoints", "endpoints_without_port"):
                self.cpe.run("nft", "flush", "set", "ip6", "sixgate", name)
        else:
            self.cpe.run("ipset", "flush", "sixgate-endpoints")
        self.cpe.run("conntrack", "-F", check=False)

    def let_in(self):
        """How many flows, as the rules have counted them."""
        if self.nft:
            text = self.cpe.run("nft", "list", "counter", "ip6", "sixgate", "endpoints").stdout
            return int(re.search("packets ([0-9]+)", text)[1])
        program = self.house.backend + "-save"
        text = self.cpe.run(program, "-c", "-t", "filter").stdout
        return int(re.search(r"\[(\d+):\d+\] -A sixgate-endpoints ", text)[1])


def check_endpoint_independent(lab, backend):
    require_tools("nft" if backend == "nft" else "ipset")
    house = FirewallHouse(lab, backend)
    talk, rules, memory = Talk(lab, house), Rules(), Memory(house)
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
    known = [memory.minutes(H1, "udp", 41000), memory.minutes(H1, "tcp", 41001), memory.minutes(H1, "udp", 7000)]
    lab.check(known == [5, 4, 0], "%s of %s" % (known, memory.listed()))
    lab.check(memory.let_in() == 3, "%d were let in" % memory.let_in())
    memory.forget()
    answer(talk, 41000, False)
    # TCP that goes on though nobody has seen it begin opens nothing.
    talk.out("tcp from its middle", tcp_to(6102, 16, 42050), destination=NET)
    talk.go()
    lab.check(memory.minutes(H1, "tcp", 42050) == 0, memory.listed())
    begin(talk, 42000)
    # What is remembered outlives a change of the rules.
    rules.text = rules.text.replace("provisioned", "pinhole lan0 %s 6 7001 7001 ::/0\nprovisioned" % H1)
    house.apply(rules)
    answer(talk, 42000, True)
    begin(talk, 43000)
    rules.text = plain
    house.apply(rules)
    answer(talk, 43000, False)


@limit(120)
def test_filtering_endpoint_independent_nft(lab):
    """nft: anybody may answer, to that address, protocol and port, for as long as the set remembers it."""
    check_endpoint_independent(lab, "nft")


@limit(120)
def test_filtering_endpoint_independent_ip6tables(lab):
    """ip6tables: the same, by an ipset."""
    check_endpoint_independent(lab, "ip6tables")


@limit(120)
def test_filtering_endpoint_independent_ip6tables_legacy(lab):
    """The same with the legacy variant."""
    check_endpoint_independent(lab, "ip6tables-legacy")


@limit(120)
def test_filtering_without_a_set(lab):
    """ip6tables where the kernel has no such set, for somebody's has the name: all else is as it should be, and status
    says what is not; a reload once the name is free brings it."""
    require_tools("ipset", "ip6tables-restore")
    lab.house()
    lab.cpe.run("ipset", "create", "sixgate-endpoints", "hash:net", "family", "inet6")
    text = toml(top='[firewall]\nbackend = "ip6tables"\n', each={"lan0": 'filtering = "endpoint-independent"\n'})
    house = online(lab, config=text)
    said = house.sixgated.cli_run("status").stdout
    lab.check("endpoint-independent" in said and "ipset" in said, said)
    lab.check(lab.h1.ping(SERVER) and lab.net.udp(lab.h1.address_in(house.prefix), 5000, timeout=0.2) != "open", "shut, or open")
    lab.cpe.run("ipset", "destroy", "sixgate-endpoints")
    house.sixgated.write(text.replace("endpoint-independent", "address-and-port-dependent"))
    house.sixgated.reload()
    lab.until("it is not wanted", lambda: "endpoint-independent" not in house.sixgated.cli_run("status").stdout, 10)
    house.sixgated.write(text)
    house.sixgated.reload()
    lab.until("the set is there", lambda: "hash:ip,port" in lab.cpe.run("ipset", "list", "sixgate-endpoints", check=False).stdout, 10)
    lab.until("its rules are", lambda: "sixgate-endpoints dst,dst" in lab.cpe.run("ip6tables", "-S").stdout, 10)
    lab.check("endpoint-independent" not in house.sixgated.cli_run("status").stdout, "status complains still")
    final_checks(lab)


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
