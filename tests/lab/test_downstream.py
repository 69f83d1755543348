# SPDX-License-Identifier: Apache-2.0
"""Who guards what routers behind the LANs were delegated: the LAN's zone, sixgate whatever the zone, or those routers."""
import re

from dhcp_clients import Dhclient
from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, inside, online, toml
from test_firewall_life import UdpFlow
from test_flow_pickup import Transfer
from test_relay import use


class RouterBehind:
    """A host that asks for a prefix and has an address of it, as a host of its own LAN would."""

    def __init__(self, lab, host, within):
        client = Dhclient(lab, host, ask=["-P"]).start()

        def delegated():
            return next((one for one in re.findall(r"iaprefix ([0-9a-f:/]+) \{", client.text())
                         if inside(one.split("/")[0], within)), None)
        prefix = lab.until("%s has a prefix" % host, delegated, 30)
        self.host, self.address = host, use(host, prefix)
        host.serve(tcp=[8080], udp=[8081], address=self.address)


def downstream(lab, backend, private=None):
    require_tools("conntrack", "nft" if backend == "nft" else "ip6tables-restore")

    def config(word):
        return toml(top='[firewall]\nbackend = "%s"\n' % backend, lan='downstream = "%s"\n' % word,
                    each={"lan1": 'zone = "exposed"'})
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3", "h4"]})
    house = online(lab, config=config("zone"), sixgated={"private": private}, hosts=("h1", "h2", "h3", "h4"))
    lab.net.serve(udp=[8091])
    guarded, exposed = (RouterBehind(lab, host, house.prefix) for host in (lab.h1, lab.h3))
    for host in (lab.h2, lab.h4):
        host.serve(tcp=[8080])

    def tcp(host, address, wanted):
        """Asked again where it is to be open: what was asked before the rules came is no answer."""
        return (host.tcp(address, 8080, timeout=1) == "open") == wanted

    def look(word, open_behind_guarded, open_behind_exposed):
        """The Internet's view of all four, and what is none of the Internet's business."""
        for router, is_open in ((guarded, open_behind_guarded), (exposed, open_behind_exposed)):
            lab.until('"%s": %s is %s' % (word, router.address, "open" if is_open else "guarded"),
                      lambda: tcp(lab.net, router.address, is_open), 15)
            lab.check((lab.net.udp(router.address, 8081) == "open") == is_open, "%s: UDP to %s" % (word, router.address))
            lab.check(lab.net.ping(router.address), "%s: no ping to %s" % (word, router.address))
            lab.check(UdpFlow(lab, router.host, SERVER, 8091).answers(), "%s: %s has no Internet" % (word, router.host))
        lab.check(tcp(lab.net, lab.h2.address_in(house.prefix), False), "%s: a protected host is open" % word)
        lab.check(tcp(lab.net, lab.h4.address_in(house.prefix), True), "%s: an exposed host is guarded" % word)
        lab.check(tcp(lab.h2, exposed.address, True), "%s: who is protected does not reach behind the other LAN" % word)
        lab.check(tcp(lab.h4, guarded.address, False), "%s: who is exposed reaches behind the other LAN" % word)

    look("zone", False, True)
    begun = Transfer(lab, exposed.host, lab.net, exposed.address, 8095)
    lab.until("the transfer is under way", lambda: begun.octets > 1 << 20, 10)
    flows = {}
    for word, open_behind_guarded, open_behind_exposed in (
            ("exposed", True, True), ("filtered", False, False), ("exposed", True, True), ("zone", False, True)):
        house.sixgated.write(config(word))
        house.sixgated.reload()
        look(word, open_behind_guarded, open_behind_exposed)
        # What had begun ends where it could not begin any more, and nowhere else.
        for router, is_open in ((guarded, open_behind_guarded), (exposed, open_behind_exposed)):
            if router in flows:
                lab.until("%s: a flow to %s %s" % (word, router.address, "goes on" if is_open else "is over"),
                          lambda: flows[router].answers() == is_open, 15)
            flows.pop(router, None)
            if is_open:
                flows[router] = UdpFlow(lab, lab.net, router.address, 8081)
                lab.check(all(flows[router].answers() for _ in range(2)), "no flow to %s begins" % router.address)
    lab.check(begun.error is not None, "the TCP transfer out of what was guarded meanwhile went on from its middle")
    # What is left to a router behind a guarded LAN goes on from its middle, though something was shut.
    house.sixgated.write(config("exposed"))
    house.sixgated.reload()
    look("exposed", True, True)
    kept = Transfer(lab, guarded.host, lab.net, guarded.address, 8096)
    lab.until("the transfer is under way", lambda: kept.octets > 1 << 20, 10)
    lab.cpe.run("conntrack", "-F", "-f", "ipv6", check=False)
    lab.check(kept.goes_on(lab), "%d octets, %s" % (kept.octets, kept.error))
    begun.ended = kept.ended = True
    final_checks(lab)


@limit(200)
def test_downstream_with_nft(lab):
    """nft: zone, exposed, filtered; by the Internet, other LANs, and with flows that were open."""
    downstream(lab, "nft")


@limit(200)
def test_downstream_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    downstream(lab, "ip6tables")


@limit(200)
def test_downstream_with_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    downstream(lab, "ip6tables", LEGACY)
