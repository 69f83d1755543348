# SPDX-License-Identifier: Apache-2.0
"""The DHCPv6 server and clients nobody here wrote; and sixgate behind sixgate."""
import ipaddress
import json
import os
import time

from dhcp_clients import Dhclient, WideClient
from lab import OTHER_POOL, check_not_malformed, limit, proves
from peers import DhcpcdHost, Networkd, Sixgated
from scenario import build, final_checks, online, toml, wait_delegated
from wire import inside

NETWORKD = {"eth0.network": "[Match]\nName=eth0\n[Network]\nIPv6AcceptRA=yes\nLinkLocalAddressing=ipv6\n"
                            "[IPv6AcceptRA]\nDHCPv6Client=always\n[DHCPv6]\nPrefixDelegationHint=::/64\n"}


def leases(sixgated):
    done = sixgated.cli_run("leases", "--json")
    return json.loads(done.stdout)["leases"] if done.returncode == 0 else []


def held(sixgated, kind, within):
    """{DUID: lease} of one kind inside a prefix."""
    return {one["duid"]: lease for one in leases(sixgated) if one["type"] == kind
            for lease in one["leases"] if inside(lease.split("/")[0], within)}


@limit(200)
@proves("8415-S-01", "9096-L-13g", "9663-05", "9818-LPD-X1")
def test_clients_of_debian(lab):
    """dhclient, dhcpcd, the WIDE client and systemd-networkd get addresses and prefixes, and keep them over kill -9."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3", "h4"]})
    wires = [lab.cpe.wire("lan0"), lab.cpe.wire("lan1")]
    config = toml(lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')
    house = build(lab)
    house.sixgated = Sixgated(lab, config=config).start()
    house.prefix = wait_delegated(lab)
    dhclient = Dhclient(lab, lab.h1)
    dhcpcd = DhcpcdHost(lab, lab.h2)
    lab.h1.wait_default_route()
    dhclient.start()
    dhcpcd.start("ipv6only\nnoipv4\nslaac hwaddr\ninterface eth0\nia_na 1\nia_pd 2 -\n")
    Networkd(lab, lab.h3, NETWORKD).start()
    WideClient(lab, lab.h4).start()
    lab.until("four clients have an address", lambda: len(held(house.sixgated, "address", house.prefix)) == 4, 40)
    lab.until("four clients have a prefix", lambda: len(held(house.sixgated, "prefix", house.prefix)) == 4, 20)
    lab.until("dhclient has them in its lease file", lambda: "iaaddr" in dhclient.text() and "iaprefix" in
              dhclient.text(), 20)
    addresses, prefixes = (held(house.sixgated, kind, house.prefix) for kind in ("address", "prefix"))
    given = [ipaddress.IPv6Network(one) for one in prefixes.values()]
    lab.check(len(set(given)) == 4 and all(one.prefixlen == 64 for one in given), "prefixes: %s" % prefixes)
    replies = [one for wire in wires for one in wire.dhcp("Reply")]
    lab.row("8415-S-01", replies and all(
        inside(one.source, "fe80::/10") and inside(one.destination, "fe80::/10")
        and one.packet.ports == (547, 546) for one in replies), replies)
    # Killed, and everything flushed that it had put into the kernel.
    house.sixgated.kill()
    since = time.time()
    for one in lab.cpe.routes():
        if one.get("gateway") and one["dst"] in prefixes.values():
            lab.cpe.ip("-6", "route", "del", one["dst"], "dev", one["dev"])
    house.sixgated.start()
    lab.until("the routes to the prefixes are back", lambda: set(prefixes.values()) <= {
        one["dst"] for one in lab.cpe.routes() if one.get("gateway")}, 15)
    renewals = [one for wire in wires for one in wire.dhcp("Renew", since)]
    lab.row("9818-LPD-X1", not renewals, "only after a Renew: %s" % renewals)

    def renewed():
        return {one.client.hex() for wire in wires for one in wire.dhcp("Reply", since)
                if any(valid for ia in one.addresses for _, _, valid in ia.addresses)}
    lab.until("every client renewed", lambda: renewed() >= set(addresses), 60)
    lost = [one for wire in wires for one in wire.dhcp("Reply", since)
            if any(ia.status for ia in one.addresses + one.delegations)]
    lab.row("9096-L-13g", not lost and held(house.sixgated, "address", house.prefix) == addresses, lost)
    lab.row("9663-05", held(house.sixgated, "prefix", house.prefix) == prefixes,
            "%s was %s" % (held(house.sixgated, "prefix", house.prefix), prefixes))
    check_not_malformed(lab, wires)
    final_checks(lab)


@limit(200)
@proves("9818-LPD-1", "9818-LPD-5a", "9818-LPD-X2", "9096-L-13f", "8415-S-28")
def test_sixgate_behind_sixgate(lab):
    """A router of ours behind ours has a prefix that the Internet reaches; a renumbering upstream is its at once."""
    house = online(lab, hosts=("h1",))
    # h3 becomes a router: its LAN is a dummy interface.
    lab.h3.ip("link", "add", "inner0", "type", "dummy")
    lab.h3.ip("link", "set", "inner0", "up")
    behind = Sixgated(lab, arguments=["--wan", "eth0", "--lan", "inner0"], namespace=lab.h3)
    behind.state_dir, behind.socket = (os.path.join(lab.fresh_directory("behind"), one) for one in ("state", "socket"))
    behind.start()

    def reached(prefix):
        inner = [one for one in behind.delegations() if inside(one.split("/")[0], prefix)]
        address = lab.h3.address_in(inner[0], "inner0") if inner else None
        return address and lab.net.ping(address)
    lab.until("the Internet reaches the LAN behind the LAN", lambda: reached(house.prefix), 40)
    lab.row("9818-LPD-1", True)
    lab.row("9818-LPD-5a", True)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    handed = time.time()
    lab.until("the LAN behind the LAN is reached by the new prefix", lambda: reached(new), 30)
    orders = lab.lan1.dhcp("Reconfigure", since)
    lab.row("8415-S-28", orders and len(orders[0].option(11)) == 28 and orders[0].transaction == "000000", orders)
    lab.row("9096-L-13f", orders and orders[0].time - handed < 5, orders)
    reply = lab.lan1.wait_dhcp("Reply", lambda one: any(inside(prefix.split("/")[0], new)
                                                        for prefix, _, _ in one.delegated()), 10, since)
    lab.row("9818-LPD-X2", any(valid == 0 and inside(prefix.split("/")[0], house.prefix)
                               for prefix, _, valid in reply.delegated()), reply)
    print("new prefix behind the LAN %.1f s after the Reply upstream" % (reply.time - handed))
    check_not_malformed(lab, [lab.lan1])
    final_checks(lab)
