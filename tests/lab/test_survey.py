# SPDX-License-Identifier: Apache-2.0
"""The largest delegation, from servers that would rather give another one."""
from peers import Dhcpd, Kea, Sixgated
from scenario import build, final_checks


def lives(lab, house, servers):
    """What a daemon without memory has, against each of these servers, which remember nothing either."""
    had = []
    for server in servers:
        if house.sixgated:
            house.sixgated.terminate()
            house.sixgated.forget()
        else:
            house.sixgated = Sixgated(lab)
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

