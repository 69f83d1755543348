# SPDX-License-Identifier: Apache-2.0
"""Hosts of three kinds (the kernel, dhcpcd, systemd-networkd) through a renumbering, a crash, a flap and a stop."""
import time

from lab import OTHER_POOL, SERVER, limit
from peers import DhcpcdHost, Networkd
from scenario import HOSTS, final_checks, online, wait_delegated, wait_online

FIRST_DNS, SECOND_DNS = "2001:db8:ffff::53", "2001:db8:ffff::54"


def by_itself(host, program):
    """A host whose kernel leaves Router Advertisements to the program."""
    host.sysctl("net.ipv6.conf.eth0.accept_ra", 0)
    host.ip("-6", "address", "flush", "dev", "eth0", "scope", "global")
    host.ip("-6", "route", "flush", "default", check=False)
    return program.start()


@limit(300)
def test_hosts_follow(lab):
    """Addresses, default routes and resolvers are those that the advertisements say, whatever happens to the house."""
    house = online(lab, server_options={"renew": 8, "rebind": 14, "preferred": 300, "valid": 600, "dns": FIRST_DNS})
    dhcpcd = by_itself(lab.h2, DhcpcdHost(lab, lab.h2))
    networkd = by_itself(lab.h3, Networkd(lab, lab.h3))
    wait_online(lab, house.prefix)
    for name, program in (("dhcpcd", dhcpcd), ("networkd", networkd)):
        lab.until("%s knows the resolver" % name, lambda one=program: one.dns() == [FIRST_DNS])

    old, since = house.prefix, time.time()
    house.server.dns = SECOND_DNS
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, new)
    for role in HOSTS:
        lab.until("%s prefers nothing of %s" % (role, old), lambda one=lab.roles[role]: one.address_in(old) is None, 15)
        lab.roles[role].wait_ping(SERVER)
    for name, program in (("dhcpcd", dhcpcd), ("networkd", networkd)):
        lab.until("%s has changed the resolver" % name, lambda one=program: one.dns() == [SECOND_DNS], 15)

    held = {role: lab.roles[role].address_in(new) for role in HOSTS}
    house.sixgated.kill()
    house.sixgated.start()
    lab.h3.ip("link", "set", "eth0", "down")
    lab.pause(2)
    lab.h3.ip("link", "set", "eth0", "up")
    lab.until("the prefix is live again", lambda: new in house.sixgated.delegations())
    wait_online(lab, new)
    lab.check(held == {role: lab.roles[role].address_in(new) for role in HOSTS}, "addresses changed: %s" % held)
    lab.check(dhcpcd.dns() == [SECOND_DNS], "dhcpcd: %s" % dhcpcd.dns())
    lab.until("networkd knows the resolver again", lambda: networkd.dns() == [SECOND_DNS], 15)

    lab.check(house.sixgated.terminate() == 0, "no orderly stop")
    for role in HOSTS:
        lab.until("%s has no default router" % role, lambda one=lab.roles[role]: not one.default_routes(), 10)
    final_checks(lab)
