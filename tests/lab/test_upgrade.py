# SPDX-License-Identifier: Apache-2.0
"""A provider that has more to give by now, and one that gives nothing wider than a /64."""
import time

from lab import SERVER
from peers import Sixgated
from scenario import build, final_checks, online, toml, wait_online


def live(house):
    return sorted(house.sixgated.delegations())


def test_a_wider_prefix_is_there_before_the_old_one_goes(lab):
    """Kea gets a pool of /52 beside its /60: found under scratch IAIDs, requested in an IA_PD of its own, both in use,
    the old one deprecated and released last. No host is without a working address at any time."""
    house = online(lab, config=toml(uplink="probe_interval = 30\nretire_after = 15"),
                   server_options={"pool": "2001:db8:3000::/59", "length": 60})
    old = house.prefix
    bound = lab.wan.dhcp("Request")[-1].delegations[0].iaid
    since = time.time()
    house.server.stop()
    house.server.more_pools = [("2001:db8:4000::/48", 52)]
    house.server.start(fresh=False)
    lab.until("a /52 is live", lambda: [one for one in live(house) if one.endswith("/52")], 60)
    wide = next(one for one in live(house) if one.endswith("/52"))
    lab.check(live(house) == [wide], "live: %s" % live(house))
    lab.check(house.sixgated.delegations("deprecated") == [old],
              "the old one: %s" % house.sixgated.delegations("deprecated"))
    lab.check(not lab.wan.dhcp("Release"), "released before the hosts have moved")
    host = lab.h1
    kept = host.address_in(old, preferred=False)
    lab.check(kept, "it is gone")
    wait_online(lab, wide)
    lab.check(host.ping(SERVER, source=kept), "the old address does not work any more")
    release = lab.wan.wait_dhcp("Release", timeout=40, since=since)
    lab.check([ia.iaid for ia in release.delegations] == [bound], "released: %s" % release)
    solicited = {ia.iaid for one in lab.wan.dhcp("Solicit", since=since) for ia in one.delegations}
    requested = {ia.iaid for one in lab.wan.dhcp("Request", since=since) for ia in one.delegations}
    lab.check(bound not in solicited | requested and len(requested) == 1 and not requested & solicited,
              "IAIDs: bound %s, solicited %s, requested %s" % (bound, solicited, requested))
    lab.lan0.wait_ra("the old prefix with lifetime 0",
                     lambda ra: [pio for pio in ra.inside(old) if not pio.valid], 10, since)
    lab.until("the old one is gone", lambda: not house.sixgated.delegations("deprecated"), 10)
    wait_online(lab, wide)
    lab.check(live(house) == [wide], "live in the end: %s" % live(house))
    final_checks(lab, releases=1)


def test_a_slash64_for_each_lan(lab):
    """Only /64s are to be had: one IA_PD per LAN, the same after a restart."""
    house = online(lab, hosts=(), server_options={"pool": "2001:db8:3000::/60", "length": 64})
    lab.until("each LAN has a /64", lambda: len(live(house)) == 2, 20)
    request = lab.wan.dhcp("Request")[-1]
    lab.check(len(lab.wan.dhcp("Request")) == 1 and len({ia.iaid for ia in request.delegations}) == 2,
              "requested: %s" % request)
    had = live(house)
    served = {}
    for role, wire in (("h1", lab.lan0), ("h3", lab.lan1)):
        ra = wire.wait_ra("a prefix", lambda ra: [pio for one in had for pio in ra.inside(one) if pio.valid], 20)
        served[role] = [one for one in had if ra.inside(one)]
        lab.roles[role].wait_address(served[role][0], timeout=20)
        lab.roles[role].wait_ping(SERVER, source=lab.roles[role].address_in(served[role][0]))
    lab.check(sorted(sum(served.values(), [])) == had, "served %s of %s" % (served, had))
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("both again", lambda: live(house) == had, 20)
    lab.check(len(lab.wan.dhcp("Request")) == 1, "requested anew")
    final_checks(lab)


def test_one_slash64_in_all(lab):
    """It goes to the LAN of the higher priority; the status says who lost and what can be done."""
    house = build(lab, server_options={"pool": "2001:db8:3000::/64", "length": 64})
    house.sixgated = Sixgated(lab, config=toml(each={"lan1": "priority = 5"})).start()
    lab.until("a /64", lambda: len(live(house)) == 1, 30)
    prefix = live(house)[0]
    lab.h3.wait_address(prefix, timeout=20)
    lab.check(not lab.h1.address_in(prefix), "both LANs have it")
    problems = house.sixgated.status()["problems"]
    lab.check([one for one in problems if "lan0" in one and "/64" in one], "problems: %s" % problems)
    final_checks(lab)
