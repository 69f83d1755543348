# SPDX-License-Identifier: Apache-2.0
"""Pinholes by each word that can say whose they are: an interface identifier, a name that the host says itself or by
registering its address, a DUID, and a name that is reserved for a MAC address or a DUID."""
import time
from concurrent.futures import ThreadPoolExecutor

from dhcp_clients import Dhclient
from lab import OTHER_POOL, limit, require_tools
from other_firewalls import LEGACY
from peers import DhcpcdHost, Sixgated
from scenario import build, crossed, final_checks, toml, wait_delegated
from test_dhcp6_names import register
from wire import TCP, inside

LANS = {"lan0": ["h1", "h2", "h3", "h4", "h5"], "lan1": ["h6"]}
# These say nothing of a MAC address (RFC 9915 section 11.5).
DUIDS = {"h3": "0004" + "53" * 16, "h5": "0004" + "55" * 16}
# Whose it is, in the words of `host`, and the port that is its own.
WAYS = {"h1": ("::abcd", 8101), "h2": ("printer", 8102), "h3": ("duid:" + DUIDS["h3"], 8103), "h4": ("nas", 8104),
        "h5": ("desk", 8105), "h6": ("camera", 8106)}
ITSELF = "h4 by itself"  # the address that h4 made: what is reserved for a MAC address is open there too
WANTED = {(role, port) for role, (_, port) in WAYS.items()} | {(ITSELF, WAYS["h4"][1])}
DHCPCD = "ipv6only\nnoipv4\nslaac hwaddr\noption dhcp6_reconfigure_accept\n%s\ninterface eth0\nia_na 1\n"


def config(lab, backend):
    reserved = ('[[reservation]]\nmac = "%s"\nsuffix = "::77"\nname = "nas"\n' % lab.h4.mac("eth0")
                + '[[reservation]]\nduid = "%s"\nsuffix = "::78"\nname = "desk"\n' % DUIDS["h5"])
    pinholes = "".join('[[pinhole]]\nhost = "%s"\nports = %d\n%s' % (
        host, port, 'lan = "%s"\n' % ("lan1" if role == "h6" else "lan0") if role != "h3" else "")
        for role, (host, port) in WAYS.items())
    return toml(top='[firewall]\nbackend = "%s"\n%s%s' % (backend, reserved, pinholes), lan='addressing = "slaac+dhcpv6"\n')


def leased(host, prefix):
    """The address that its DHCPv6 client has put there: without a prefix of its own."""
    return next((one["local"] for one in host.addresses("eth0") if one["prefixlen"] == 128 and inside(one["local"], prefix)
                 and not one.get("tentative")), None)


def where(lab, prefix):
    """{who: address} in this prefix, waited for."""
    found = {"h1": lab.h1.wait_address(prefix), ITSELF: lab.h4.wait_address(prefix), "h6": lab.h6.wait_address(prefix)}
    found[ITSELF] = next(one["local"] for one in lab.h4.addresses("eth0")
                         if one["prefixlen"] == 64 and inside(one["local"], prefix))
    for role in ("h2", "h3", "h4", "h5"):
        found[role] = lab.until("%s has leased an address in %s" % (role, prefix),
                                lambda: leased(lab.roles[role], prefix), 40)
    # Who goes by a name registers what it made, and of whom nobody has heard nothing is known.
    register(lab.h6, found["h6"], "camera", 600)
    lab.h4.wait_ping(lab.cpe.wait_address(prefix, "lan0"), source=found[ITSELF])
    return found


def seen_open(lab, addresses):
    """{(who, port)} of all ports at all addresses that the Internet can open."""
    asked = [(who, address, port) for who, address in addresses.items() for _, port in WAYS.values()]
    with ThreadPoolExecutor(len(asked)) as pool:
        states = pool.map(lambda one: lab.net.tcp(one[1], one[2], timeout=1), asked)
        return {(who, port) for (who, _, port), state in zip(asked, states) if state == "open"}


def came_to(wires, addresses, since):
    """{(address, port)} that the router has carried to its LANs."""
    return {(one.destination, one.ports[1]) for wire in wires for one in crossed(wire, since=since)
            if one.outgoing and one.proto == TCP and one.destination in addresses.values()}


def told(sixgated, prefix):
    """Where it says that the pinhole of each host is, by what `host` says."""
    return {one["host"]: {address for address in one["addresses"] if inside(address, prefix)}
            for one in sixgated.status()["firewall"]["pinholes"]}


def each_at_its_host(lab, sixgated, prefix):
    """Every port is open at its own host and nowhere else, from the first moment on, and status says so."""
    addresses = where(lab, prefix)

    def as_wanted():
        seen = seen_open(lab, addresses)
        lab.check(seen <= WANTED, "open, and nobody said so: %s at %s" % (seen - WANTED, addresses))
        return seen == WANTED
    lab.until("each pinhole is open at its host: %s" % addresses, as_wanted, 30)
    wanted = {host: {addresses[who] for who, opened in WANTED if opened == port} for host, port in WAYS.values()}
    lab.check(told(sixgated, prefix) == wanted, "told: %s" % told(sixgated, prefix))
    return addresses


def pinhole_hosts(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house(LANS)
    lab.h1.ip("token", "set", "::abcd", "dev", "eth0")
    for role in WAYS:
        lab.roles[role].serve(tcp=[port for _, port in WAYS.values()])
    wires = [lab.cpe.wire("lan0"), lab.cpe.wire("lan1")]
    house = build(lab, server_options={"renew": 6, "rebind": 9, "preferred": 600, "valid": 1200})
    house.sixgated = Sixgated(lab, config=config(lab, backend), private=private).start()
    old = wait_delegated(lab)
    for role in WAYS:
        lab.roles[role].wait_default_route()
    DhcpcdHost(lab, lab.h2).start(DHCPCD % "hostname printer\nfqdn both")
    for role in ("h3", "h5"):
        DhcpcdHost(lab, lab.roles[role]).start(DHCPCD % ("duid " + bytes.fromhex(DUIDS[role]).hex(":")))
    dhclient = Dhclient(lab, lab.h4, conf='send fqdn.fqdn "laptop";\n').start()
    since = time.time()
    before = each_at_its_host(lab, house.sixgated, old)
    doors = {(before[who], port) for who, port in WANTED}
    lab.check(came_to(wires, before, since) == doors, came_to(wires, before, since))
    lab.check(before["h1"].endswith(":abcd") and before["h4"].endswith("::77") and before["h5"].endswith("::78"), before)

    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    lab.until("the new prefix is in use", lambda: new in house.sixgated.delegations(), 10)
    # It takes no orders of ours, and asks when it is started.
    dhclient.process.kill()
    dhclient.start()
    each_at_its_host(lab, house.sixgated, new)
    # Who keeps the old address has no door there, though the provider still sends what is for it.
    lab.isp.ip("-6", "route", "replace", old, "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    for who, address in before.items():
        lab.roles[who.split()[0]].ip("address", "replace", address + "/128", "dev", "eth0", "nodad")
    since = time.time()
    seen = seen_open(lab, before)
    lab.check(not seen, "open at addresses of %s: %s" % (old, seen))
    lab.check(not any(told(house.sixgated, old).values()), "told: %s" % told(house.sixgated, old))
    asked = {one.destination for one in crossed(lab.wan, since=since) if one.outgoing}
    lab.check(asked >= set(before.values()), "the router was not asked for %s" % (set(before.values()) - asked))
    lab.check(not came_to(wires, before, since), "carried all the same: %s" % came_to(wires, before, since))
    # Debian's tshark does not know RFC 9686, and allows no name in messages it does not know.
    lab.injected.update(one.raw for one in lab.lan1.packets() if one.ports == (546, 547) and one.payload[8] == 36)
    final_checks(lab)


@limit(200)
def test_pinhole_hosts_nft(lab):
    """nft: each pinhole is open at its host alone, and after a renumbering at its new address alone."""
    pinhole_hosts(lab, "nft")


@limit(200)
def test_pinhole_hosts_ip6tables(lab):
    """ip6tables-restore: the same."""
    pinhole_hosts(lab, "ip6tables")


@limit(200)
def test_pinhole_hosts_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    pinhole_hosts(lab, "ip6tables", LEGACY)
