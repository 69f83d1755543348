# SPDX-License-Identifier: Apache-2.0
"""The largest delegation, from servers that would rather give another one."""
from lab import OTHER_POOL, POOL, limit
from peers import Dhcpd, Dibbler, Kea, Sixgated
from scenario import build, final_checks, online, toml
from servers import ModalDhcpd, PooledWide
from wire import inside


def lives(lab, house, servers, config=None):
    """What a daemon without memory has, against each of these servers, which remember nothing either."""
    had = []
    for server in servers:
        if house.sixgated:
            house.sixgated.terminate()
            house.sixgated.forget()
        else:
            house.sixgated = Sixgated(lab, config=config)
        if house.server and house.server.process:
            house.server.stop()
        house.snooper.forget()
        house.server = server.start()
        house.sixgated.start()
        lab.until("a delegation is live", house.sixgated.delegations, 30)
        had.append([one.split("/")[1] for one in house.sixgated.delegations()])
    return had


def test_kea_with_a_slash64_pool_before_a_slash56(lab):
    """Kea ignores the length and begins with the pool of the lowest address: known clients stay with a /64 for ever.
    sixgate has the /56, five times of five."""
    house = build(lab, start_server=False)
    had = lives(lab, house, [Kea(lab, name="kea%d" % number, pool="2001:db8:3000::/61", length=64,
                                 more_pools=[("2001:db8:4000::/48", 56)]) for number in range(5)])
    lab.check(had == [["56"]] * 5, "delegated %s" % had)
    requests = lab.wan.dhcp("Request")
    lab.check(all(len(one.delegations) == 1 for one in requests), "more than one delegation asked for")
    stable = {one.delegations[0].iaid for one in requests}
    scratch = {ia.iaid for one in lab.wan.dhcp("Solicit") for ia in one.delegations}
    lab.check(len(stable) == 1 and not stable & scratch, "IAIDs: requested %s, solicited %s" % (stable, scratch))
    final_checks(lab)


def test_a_pool_for_each_length_and_another_server(lab):
    """Kea with a pool for each length, isc-dhcp-server in its default mode: the shortest prefix of each."""
    house = build(lab, start_server=False)
    had = lives(lab, house, [
        Kea(lab, name="kea-all", pool="2001:db8:3000::/63", length=64,
            more_pools=[("2001:db8:3100::/59", 60), ("2001:db8:3200::/55", 56), ("2001:db8:3300::/51", 52)]),
        Dhcpd(lab, length=60)])
    lab.check(had == [["52"], ["60"]], "delegated %s" % had)
    final_checks(lab)


def test_a_list_of_lengths(lab):
    """The largest of those that were asked for: of pools of /64s and of /56s, given to whom asks for exactly that."""
    house = build(lab, start_server=False)
    had = lives(lab, house, [ModalDhcpd(lab, "exact")], toml(uplink="request_prefix = [56, 60, 64]"))
    lab.check(had == [["56"]], "delegated %s" % had)
    hints = {prefix for one in lab.wan.dhcp("Solicit") for ia in one.delegations for prefix, _, _ in ia.prefixes}
    lab.check(hints == {"::/56", "::/60", "::/64"}, "asked for %s" % hints)
    final_checks(lab)


def test_that_very_prefix(lab):
    """One that the server has to give, and would not have begun with."""
    house = online(lab, config=toml(uplink='request_prefix = "2001:db8:6000:4200::/56"'), hosts=("h1",),
                   server_options={"pool": "2001:db8:6000::/48"})
    lab.check(house.sixgated.delegations() == ["2001:db8:6000:4200::/56"], str(house.sixgated.delegations()))
    final_checks(lab)


def test_an_uplink_with_nothing(lab):
    """mode = "none": nothing is asked for there, and the hosts have their ULA and no default router."""
    house = build(lab, start_server=False)
    house.sixgated = Sixgated(lab, config=toml(uplink='mode = "none"')).start()
    ra = lab.lan0.wait_ra("a prefix", lambda one: one.prefixes, 20)
    lab.check(not ra.lifetime and all(inside(pio.prefix.split("/")[0], "fc00::/7") for pio in ra.prefixes), str(ra))
    lab.h1.wait_address(ra.prefixes[0].prefix)
    lab.check(not lab.wan.dhcp(), "asked: %s" % lab.wan.dhcp())
    final_checks(lab)


@limit(240)
def test_dhcpd_in_each_of_its_modes(lab):
    """Pools of /64s and, behind it, of /56s: the /56 in every mode that gives one to anybody. In the mode `ignore`
    there are /64s alone."""
    house = build(lab, start_server=False)
    had = lives(lab, house, [ModalDhcpd(lab, mode) for mode in ("ignore", "prefer", "exact", "minimum", "maximum")])
    lab.check(set(had[0]) == {"64"} and had[1:] == [["56"]] * 4, "delegated %s" % had)
    final_checks(lab)


def test_dibbler_and_wide(lab):
    """dibbler, which answers a few of many IAs and forgets a binding over a Solicit; wide, which knows its clients."""
    house = build(lab, start_server=False)
    duid = "0003000102005e100001"
    had = lives(lab, house, [Dibbler(lab, length=60), PooledWide(lab, duid)], config=toml(top='duid = "%s"' % duid))
    lab.check(had == [["60"], ["48"]], "delegated %s" % had)
    final_checks(lab)


def test_two_servers_that_disagree(lab):
    """One with preference 255 and a /64, one with preference 0 and a /60: the /60, though 255 bids a client to wait
    for nobody else (RFC 9915 section 18.2.9 lets it choose; odhcpd#42)."""
    lab.house()
    # The second server stands on the same link.
    isp2 = lab.namespace("isp2")
    lab.isp.ip("link", "add", "isp2", "link", "isp0", "netns", isp2.name, "type", "macvlan", "mode", "bridge")
    lab.no_dad(isp2, "isp2")
    isp2.ip("link", "set", "isp2", "up")
    loud = Kea(lab, isp2, "isp2", pool=OTHER_POOL, length=64, preference=255, name="kea-loud").start()
    house = online(lab, server_options={"length": 60, "preference": 0})
    lab.check(house.prefix.endswith("/60") and inside(house.prefix.split("/")[0], POOL), house.prefix)
    advertised = [one for one in lab.wan.dhcp("Advertise") if one.option(7) == b"\xff"]
    lab.check(advertised, "nobody advertised with preference 255")
    asked = {one.server for one in lab.wan.dhcp("Request")}
    lab.check(advertised[0].server not in asked, "the /64 was asked for too")
    # Nor is it lost to the loud one over a restart.
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the same prefix is live", lambda: house.sixgated.delegations() == [house.prefix])
    loud.stop()
    final_checks(lab)
