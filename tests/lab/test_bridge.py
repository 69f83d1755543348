# SPDX-License-Identifier: Apache-2.0
"""Hosts of one LAN joined by a bridge of the router whose packets pass its rules (br_netfilter, as Docker has it)."""
from lab import limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml


def duplicate(lab, backend, private=None):
    """The second host to take an address finds that it is taken: what it asks comes from no address (RFC 4862 section 5.4.2)."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(top='[firewall]\nbackend = "%s"\n' % backend), sixgated={"private": private})
    lab.check(lab.cpe.sysctl("net.bridge.bridge-nf-call-ip6tables") == "1", "the bridge's packets pass no rules here")
    wire, taken = lab.h2.wire("eth0"), house.prefix.split("::")[0] + "::dad"

    def held(host):
        return next(one for one in host.addresses("eth0") if one["local"] == taken)
    lab.h2.ip("address", "add", taken + "/64", "dev", "eth0")
    lab.until("h2 has it", lambda: not held(lab.h2).get("tentative"), 10)
    lab.h1.ip("address", "add", taken + "/64", "dev", "eth0")
    lab.until("h1 has tried it", lambda: held(lab.h1).get("dadfailed") or not held(lab.h1).get("tentative"), 10)
    asked = wire.packets(match=lambda one: one.icmp == 135 and one.source == "::" and not one.outgoing
                         and one.ether_source == lab.h1.mac("eth0"))
    lab.check(held(lab.h1).get("dadfailed") and asked, "h1 has %s, h2 heard %s; %s" % (
        held(lab.h1), asked, house.sixgated.cli_run("firewall", "counters").stdout))
    final_checks(lab)


@limit(60)
def test_duplicate_on_a_bridge_nft(lab):
    """nft: Duplicate Address Detection crosses the bridge."""
    duplicate(lab, "nft")


@limit(60)
def test_duplicate_on_a_bridge_ip6tables(lab):
    """ip6tables-restore: the same."""
    duplicate(lab, "ip6tables")


@limit(60)
def test_duplicate_on_a_bridge_legacy_ip6tables(lab):
    """ip6tables-legacy-restore: the same."""
    duplicate(lab, "ip6tables", LEGACY)
