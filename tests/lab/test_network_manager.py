# SPDX-License-Identifier: Apache-2.0
"""NetworkManager as DHCPv6 client and as the router of a shared connection, through a renumbering and its own crash."""
import time

from lab import OTHER_POOL, SERVER, check_not_malformed, limit
from network_manager import AUTO, SHARED, NetworkManager
from peers import Sixgated
from scenario import build, by_itself, final_checks, toml, wait_delegated
from test_dhcp6_server import SHORT, held
from wire import inside


@limit(240)
def test_network_manager_renumbered(lab):
    """What it leases moves with the provider's prefix at its next renewal, the link that it shares too; a crash of its own
    costs it nothing."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab, server_options=SHORT)
    # Renewed after a quarter.
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')).start()
    old = wait_delegated(lab)
    shared = lab.namespace("shared")
    lab.cable(lab.h1, "shared0", shared, "eth0")
    manager = by_itself(lab.h1, NetworkManager(lab, lab.h1, {"eth0": AUTO, "shared0": SHARED}))

    def leased(within):
        """(address, prefix) that the server holds for it, and that it has."""
        address, prefix = ([*held(house.sixgated, kind, within).values()] for kind in ("address", "prefix"))
        if not address or not prefix or address[0] not in [one["local"] for one in lab.h1.addresses("eth0")]:
            return None
        return lab.h1.address_in(prefix[0], "shared0") and (address[0], prefix[0])

    def reached(prefix):
        """From outside, and it reaches the Internet."""
        own = shared.wait_address(prefix, "eth0")
        shared.wait_ping(SERVER, source=own)
        lab.net.wait_ping(own)
    address, prefix = lab.until("it has an address and a prefix", lambda: leased(old), 30)
    reached(prefix)

    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    moved, other = lab.until("it has those of the new prefix", lambda: leased(new), 50)
    reply = next(one for one in lab.lan0.dhcp("Reply", since) if any(
        valid and inside(one.split("/")[0], new) for one, _, valid in one.delegated()))
    told = {one: valid for ia in reply.addresses for one, _, valid in ia.addresses} | {
        one: valid for one, _, valid in reply.delegated()}
    lab.check(told.get(address) == 0 and told.get(prefix) == 0 and told.get(moved) and told.get(other), reply)
    lab.check(reply.packet.ports == (547, 546) and lab.lan0.dhcp("Renew", since), "without a Renew: %s" % reply)
    lab.until("it has nothing of what it leased before", lambda: not lab.h1.address_in(
        prefix, "shared0", preferred=False) and address not in [one["local"] for one in lab.h1.addresses("eth0")], 10)
    lab.check(not held(house.sixgated, "address", old) and not held(house.sixgated, "prefix", old), "leases of %s" % old)
    # Its own advertisements are minutes apart, whatever has changed; who asks is answered.
    shared.ip("link", "set", "eth0", "down")
    shared.ip("link", "set", "eth0", "up")
    reached(other)

    manager.process.kill()
    since = time.time()
    manager.start()
    lab.lan0.wait_dhcp("Reply", lambda one: one.delegated(), 20, since)
    lab.until("it has the same again", lambda: leased(new) == (moved, other), 15)
    reached(other)
    check_not_malformed(lab)
    final_checks(lab)
