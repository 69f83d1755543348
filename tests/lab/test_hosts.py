# SPDX-License-Identifier: Apache-2.0
"""Hosts of four kinds (the kernel, dhcpcd, systemd-networkd, NetworkManager) through a renumbering, a crash, a flap, a
rogue router and a stop: they have what the advertisements say, and nothing else."""
import ipaddress
import time

from lab import OTHER_POOL, SERVER, limit
from network_manager import NetworkManager
from peers import DhcpcdHost, Networkd, Radvd
from scenario import by_itself, final_checks, hear_routes, online, toml, wait_delegated, wait_online

FIRST_DNS, SECOND_DNS = "2001:db8:ffff::53", "2001:db8:ffff::54"
SEARCH = "lan.example.org"
ROGUE, ROGUE_DNS = "2001:db8:bad::/64", "2001:db8:bad::53"
HOSTS = ("h1", "h2", "h3", "h4")


def programs(lab):
    """{role: program}; h1's kernel needs none."""
    hear_routes(lab)
    return {"h2": by_itself(lab.h2, DhcpcdHost(lab, lab.h2)), "h3": by_itself(lab.h3, Networkd(lab, lab.h3)),
            "h4": by_itself(lab.h4, NetworkManager(lab, lab.h4))}


def slash64s(addresses):
    return {str(ipaddress.IPv6Network((one, 64), strict=False)) for one in addresses}


def differs(lab, role, program, ra, more=False):
    """What the host has that is not as the advertisement says, as text, empty when all is. `more`: it may have other
    things beside it."""
    host, found = lab.roles[role], []

    def compare(what, has, told):
        if not told <= has if more else told != has:
            found.append("%s %s, told %s" % (what, sorted(has), sorted(told)))
    compare("prefers addresses in", slash64s(
        one["local"] for one in host.addresses("eth0") if not one.get("deprecated") and not one.get("tentative")
        and one.get("preferred_life_time")), {one.prefix for one in ra.prefixes if one.preferred and one.flags & 0x40})
    # The kernel goes by no route that has run out, and sweeps them away twice a minute.
    routes = [one for one in host.routes() if one.get("type", "unicast") == "unicast" and one.get("expires", 1) > 0]
    gateways = {hop.get("gateway") for one in routes if one["dst"] == "default" for hop in one.get("nexthops", [one])}
    compare("default routers", gateways, {ra.source} if ra.lifetime else set())
    if role != "h2":  # dhcpcd 9 knows no Route Information
        compare("routes by the router", {one["dst"] for one in routes if one.get("gateway") == ra.source
                                         and one["dst"] != "default"}, {one.prefix for one in ra.routes if one.lifetime})
    if program:
        compare("resolvers", set(program.dns()), {one for one, lifetime in ra.rdnss if lifetime})
        compare("search domains", set(program.search()), {one for one, lifetime in ra.dnssl if lifetime})
    return "; ".join(found)


def as_told(lab, running, when, more=False, timeout=20):
    """Waits until every host is as our last advertisement on its LAN says."""
    wires = {"lan0": lab.lan0, "lan1": getattr(lab, "lan1", None)}
    for role in HOSTS:
        lan = "lan1" if role == "h3" and wires["lan1"] else "lan0"
        router, end = lab.cpe.link_local(lan), time.monotonic() + timeout
        while True:
            # Everything is in each of ours but for what was taken back, and that is soon said no more.
            last = wires[lan].ras(match=lambda ra, own=router: ra.source == own)[-1]
            wrong = differs(lab, role, running.get(role), last, more)
            if not wrong:
                break
            lab.check(time.monotonic() < end, "%s: %s %s; %s" % (when, role, wrong, last))
            lab.pause(0.2)


@limit(300)
def test_hosts_follow(lab):
    """Addresses, routes and resolvers are those that the advertisements say, whatever happens to the house."""
    house = online(lab, hosts=("h1", "h2", "h3"), lans={"lan0": ["h1", "h2", "h4"], "lan1": ["h3"]},
                   config=toml(lan='search = ["%s"]\n' % SEARCH),
                   server_options={"renew": 8, "rebind": 14, "preferred": 300, "valid": 600, "dns": FIRST_DNS})
    running = programs(lab)
    wait_online(lab, house.prefix, HOSTS)
    as_told(lab, running, "at first")
    lab.check(all(one.dns() == [FIRST_DNS] and one.search() == [SEARCH] for one in running.values()),
              "resolvers: %s" % [(one.dns(), one.search()) for one in running.values()])

    old, since = house.prefix, time.time()
    house.server.dns = SECOND_DNS
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, new, HOSTS)
    for role in HOSTS:
        lab.until("%s prefers nothing of %s" % (role, old), lambda one=lab.roles[role]: one.address_in(old) is None, 15)
        lab.roles[role].wait_ping(SERVER)
    for role, program in running.items():
        lab.until("%s has changed the resolver" % role, lambda one=program: one.dns() == [SECOND_DNS], 15)
    as_told(lab, running, "renumbered")

    held = {role: lab.roles[role].address_in(new) for role in HOSTS}
    house.sixgated.kill()
    house.sixgated.start()
    # The cable of h3 is the LAN's, those of the others lead to a bridge. NetworkManager waits 6 s before it believes it.
    lab.h3.ip("link", "set", "eth0", "down")
    for role in ("h1", "h2", "h4"):
        lab.cpe.ip("link", "set", "lan0." + role, "down")
    lab.pause(2)
    lab.h3.ip("link", "set", "eth0", "up")
    lab.pause(6)
    for role in ("h1", "h2", "h4"):
        lab.cpe.ip("link", "set", "lan0." + role, "up")
    lab.until("the prefix is live again", lambda: new in house.sixgated.delegations())
    wait_online(lab, new, HOSTS)
    lab.check(held == {role: lab.roles[role].address_in(new) for role in HOSTS}, "addresses changed: %s" % held)
    as_told(lab, running, "after kill -9 and a flap")

    lab.check(house.sixgated.terminate() == 0, "no orderly stop")
    for role in HOSTS:
        lab.until("%s has no default router" % role, lambda one=lab.roles[role]: not one.default_routes(), 10)
    final_checks(lab)


@limit(200)
def test_hosts_beside_a_rogue_router(lab):
    """Another router is heard by every kind of host: sixgated names it, ours stays with them, and when it is gone they
    have ours alone."""
    house = online(lab, hosts=("h1", "h2", "h3", "h4"), lans={"lan0": ["h1", "h2", "h3", "h4", "h5"]},
                   config=toml(lans=("lan0",), lan='search = ["%s"]\ndns = ["%s"]\n' % (SEARCH, FIRST_DNS)))
    running = programs(lab)
    wait_online(lab, house.prefix, HOSTS)
    as_told(lab, running, "alone")
    rogue = Radvd(lab, namespace=lab.h5, interface="eth0", prefix=ROGUE, managed=False, other=False, autonomous=True,
                  lifetime=8, preferred=6, valid=12, interval=4, rdnss=ROGUE_DNS, rdnss_lifetime=8, name="rogue")
    lab.h5.sysctl("net.ipv6.conf.eth0.forwarding", 1)
    rogue.start()
    for role in HOSTS:
        lab.roles[role].wait_address(ROGUE)
    for role, program in running.items():
        lab.until("%s heard the rogue's resolver" % role, lambda one=program: ROGUE_DNS in one.dns(), 10)
    as_told(lab, running, "beside the rogue", more=True)
    named = lab.until("status names it", lambda: house.sixgated.lan("lan0")["foreign_routers"], 10)[0]
    lab.check(named["address"] == lab.h5.link_local("eth0") and ROGUE in named["says"], named)
    text = house.sixgated.cli_run("status").stdout
    lab.check("another router" in text, text)
    rogue.kill()  # without a good-bye: its lifetimes run out
    as_told(lab, running, "after the rogue", timeout=30)
    for role in HOSTS:
        lab.roles[role].wait_ping(SERVER)
    final_checks(lab)
