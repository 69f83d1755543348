# SPDX-License-Identifier: Apache-2.0
"""`reaches`: which LANs the hosts of a LAN may open connections to, where that is not as its zone has it."""
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online
from test_firewall_life import UdpFlow

LANS = {"lan0": ["h1"], "lan1": ["h3"], "guest0": ["h5"]}
# The LANs have other names than their interfaces. Those of family reach nobody, those of guests the printers.
CONFIG = """[firewall]
backend = "%s"

[uplink.wan]
interface = "wan0"

[lan.family]
interface = "lan0"
%s

[lan.printers]
interface = "lan1"

[lan.guests]
interface = "guest0"
zone = "isolated"
%s
"""
# Who may open to whom: family is h1, printers h3, guests h5.
FIRST = {("h3", "h1"), ("h3", "h5"), ("h5", "h3")}
SECOND = {("h3", "h1"), ("h3", "h5"), ("h1", "h5")}


def differs(lab, prefix, wanted):
    """What is not as wanted, as text: TCP over the provider's addresses and over the house's own, UDP, and ping."""
    def ask(pair):
        host, other = (lab.roles[one] for one in pair)
        wrong = []
        for within in (prefix, "fd00::/8"):
            target = other.address_in(within)
            # A refusal that comes while connect() still sends is overlooked; the one of the second SYN is not.
            found = {"tcp": host.tcp(target, 8080, timeout=3), "udp": host.udp(target, 8081), "ping": host.ping(target)}
            closed = {"tcp": "unreachable", "udp": "unreachable", "ping": False}
            opened = {"tcp": "open", "udp": "open", "ping": True}
            if found != (opened if pair in wanted else closed):
                wrong.append("%s to %s at %s: %s" % (*pair, target, found))
        return wrong
    pairs = list(permutations(("h1", "h3", "h5"), 2))
    with ThreadPoolExecutor(len(pairs)) as pool:
        return "; ".join(one for wrong in pool.map(ask, pairs) for one in wrong)


def as_wanted(lab, house, wanted):
    wrong = differs(lab, house.prefix, wanted)
    lab.check(not wrong, wrong)
    for role in ("h1", "h3", "h5"):
        lab.check(lab.roles[role].tcp(SERVER, 8090) == "open", "%s has no Internet" % role)
        seen = lab.net.tcp(lab.roles[role].address_in(house.prefix), 8080, timeout=1)
        lab.check(seen == "silent", "for the Internet %s is %s" % (role, seen))


def reaches(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house(LANS)
    house = online(lab, config=CONFIG % (backend, "reaches = []", 'reaches = ["printers"]'),
                   sixgated={"private": private}, hosts=("h1", "h3", "h5"))
    lab.cpe.sysctl("net.ipv6.icmp.ratelimit", 0)  # each attempt is to be told, and there are many
    for role in ("h1", "h3", "h5"):
        lab.roles[role].serve(tcp=[8080], udp=[8081])
        lab.roles[role].wait_address("fd00::/8")
    lab.net.serve(tcp=[8090], udp=[8091])
    lab.cpe.serve(tcp=[22])
    as_wanted(lab, house, FIRST)
    # Who reaches no LAN is at home all the same: the router serves it.
    lab.check(lab.h1.tcp(lab.cpe.wait_address(house.prefix, "lan0"), 22) == "open", "family does not reach the router")
    lab.check(lab.h5.tcp(lab.cpe.wait_address(house.prefix, "guest0"), 22, 3) == "unreachable", "guests manage the router")

    at = {role: lab.roles[role].address_in(house.prefix) for role in ("h1", "h3", "h5")}
    ended = UdpFlow(lab, lab.h5, at["h3"], 8081)
    kept = [UdpFlow(lab, lab.h3, at["h5"], 8081), UdpFlow(lab, lab.h3, at["h1"], 8081),
            UdpFlow(lab, lab.h5, SERVER, 8091)]
    lab.check(all(flow.answers() for _ in range(2) for flow in (ended, *kept)), "a flow does not begin")
    # Taken from the guests, and given to the family.
    house.sixgated.write(CONFIG % (backend, 'reaches = ["guests"]', ""))
    house.sixgated.reload()
    lab.until("the flow of the guests is over", lambda: not ended.answers(), 20)
    lab.check(not ended.answers(), "it came back")
    lab.check(all(flow.answers() for flow in kept), "another flow ended with it")
    as_wanted(lab, house, SECOND)
    # The same socket, so that nothing but the rules was in its way.
    house.sixgated.write(CONFIG % (backend, "reaches = []", 'reaches = ["printers"]'))
    house.sixgated.reload()
    lab.until("the guests' socket is answered again", ended.answers, 20)
    as_wanted(lab, house, FIRST)
    final_checks(lab)


@limit(120)
def test_reaches_with_nft(lab):
    """nft: who opens to whom is as `reaches` says, and what was open ends when it is taken away."""
    reaches(lab, "nft")


@limit(120)
def test_reaches_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    reaches(lab, "ip6tables")


@limit(120)
def test_reaches_with_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    reaches(lab, "ip6tables", LEGACY)
