# SPDX-License-Identifier: Apache-2.0
"""To whom our Router Advertisements go, in how many pieces, and byte for byte what radvd says of the same settings."""
import os
import time

from lab import OTHER_POOL, proves, require_tools
from scenario import final_checks, online, quiet, slash64, toml, wait_delegated
from wire import inject, multicast_mac, router_solicitation


def solicit(host, wire):
    """A solicitation with the host's addresses; returns the answer."""
    since, mac = time.time(), host.mac("eth0")
    inject(host, "eth0", router_solicitation(host.link_local("eth0"), link_layer=mac), multicast_mac("ff02::2"), mac)
    return wire.wait_ra("an answer", timeout=10, since=since)


@proves("7772-01")
def test_ra_to_one_or_to_all(lab):
    """RFC 7772 section 4: a host's solicitation is answered to it alone, unless that is switched off. Where there is no
    multicast, those who have solicited are told of a change one by one."""
    house = online(lab, config=toml(each={"lan0": "ra_unicast = true", "lan1": "ra_unicast = false"}),
                   server_options={"renew": 20, "rebind": 30})
    quiet(lab, lab.lan0)
    quiet(lab, lab.lan1)
    one, all_of_them = solicit(lab.h1, lab.lan0), solicit(lab.h3, lab.lan1)
    lab.row("7772-01", one.destination == lab.h1.link_local("eth0") and all_of_them.destination == "ff02::1",
            "%s, %s" % (one.destination, all_of_them.destination))

    house.sixgated.write(toml(each={"lan1": "ra_unicast_only = true"}))
    since = time.time()
    house.sixgated.reload()
    house.sixgated.process.wait_log("configuration changed")
    since = time.time()
    answer = solicit(lab.h3, lab.lan1)
    lab.check(answer.destination == lab.h3.link_local("eth0"), "%s" % answer)
    house.server.renumber(OTHER_POOL, house.snooper)
    wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    lab.until("h3 was told, by itself, of the new prefix", lambda: slash64(lab.lan1, OTHER_POOL, since), 20)
    lab.h3.wait_address(OTHER_POOL)
    loud = [ra for ra in lab.lan1.ras(since) if ra.destination == "ff02::1"]
    lab.check(not loud, "%d multicasts where there is no multicast" % len(loud))
    final_checks(lab)


@proves("4861-R-23")
def test_ra_larger_than_the_link(lab):
    """Fifty static prefixes on a link of 1280 octets: several advertisements, none too large, and together all of them."""
    prefixes = ["2001:db8:77:%x::/64" % number for number in range(1, 51)]
    lab.house()
    lab.cpe.ip("link", "set", "lan1", "mtu", "1280")
    house = online(lab, config=toml(each={"lan1": 'ra_prefix = ["static slaac=no"]\nprefix = [%s]'
                                      % ", ".join('"%s"' % one for one in prefixes)}))
    since = time.time()
    solicit(lab.h3, lab.lan1)

    def heard():
        ras = lab.lan1.ras(since)
        return ras if {pio.prefix for ra in ras for pio in ra.prefixes} >= set(prefixes) else None
    ras = lab.until("all prefixes are advertised", heard, 10)
    large = [ra for ra in ras if len(ra.packet.raw) > 14 + 1280 or ra.packet.fragment or ra.packet.headers]
    lab.row("4861-R-23", len(ras) > 1 and not large and all(ra.lifetime == ras[0].lifetime for ra in ras), ras)
    lab.check(any(ra.prefix(slash64(lab.lan1, house.prefix)) for ra in ras), "the delegated prefix is not among them")
    final_checks(lab)


RADVD = """interface eth0 {
  AdvSendAdvert on; MinRtrAdvInterval 200; MaxRtrAdvInterval 600; AdvDefaultLifetime 2700;
  AdvDefaultPreference high; AdvCurHopLimit 61; AdvReachableTime 30000; AdvRetransTimer 1500;
  AdvHomeAgentFlag on; AdvIntervalOpt on; AdvLinkMTU 1400; AdvManagedFlag off; AdvOtherConfigFlag off;
  prefix 2001:db8:77:1::/64 { AdvOnLink on; AdvAutonomous on; AdvPreferredLifetime 600; AdvValidLifetime 1200; };
  prefix 2001:db8:77:2::/64 { AdvOnLink off; AdvAutonomous on; AdvPreferredLifetime 0; AdvValidLifetime 1200; };
  prefix 2001:db8:77:3::/64 { AdvOnLink on; AdvAutonomous off; AdvPreferredLifetime 300; AdvValidLifetime 300; };
  route 2001:db8:5::/48 { AdvRoutePreference high; AdvRouteLifetime 1800; };
  route 2001:db8:6::/64 { AdvRoutePreference low; AdvRouteLifetime 600; };
  RDNSS 2001:db8::53 2001:db8::54 { AdvRDNSSLifetime 5400; };
  DNSSL lan.example.org example.org { AdvDNSSLLifetime 5400; };
};
"""
OURS = """
ra_default = 2
ra_lifetime = 2700
ra_preference = "high"
ra_hop_limit = 61
ra_reachable_time = 30000
ra_retrans_timer = 1500
ra_home_agent = true
ra_interval_option = true
ra_mtu = 1400
prefix = ["2001:db8:77:1::/64 preferred=600 valid=1200", "2001:db8:77:2::/64 onlink=no preferred=0 valid=1200",
          "2001:db8:77:3::/64 slaac=no preferred=300 valid=300"]
ra_prefix = ["ula hidden"]
ra_route = ["2001:db8:5::/48 high 1800", "2001:db8:6::/64 low 600"]
dns = ["2001:db8::53", "2001:db8::54"]
search = ["lan.example.org", "example.org"]
"""


def spoken(kind, raw):
    """An option as comparable octets. The source link-layer address is each one's own; a route may have its prefix cut
    after the last octet of eight that says something (RFC 4191 section 2.3), which radvd does not do."""
    if kind == 1:
        return (1, raw[:2])
    return (24, raw[2:] + bytes(24 - len(raw))) if kind == 24 else (kind, raw)


def test_ra_beside_radvd(lab):
    """The same settings given to radvd and to sixgate: the same fields, and each of radvd's options byte for byte."""
    require_tools("radvd")
    lab.house()
    theirs = lab.namespace("theirs")
    listener = lab.namespace("listener")
    lab.cable(theirs, "eth0", listener, "eth0")
    theirs.sysctl("net.ipv6.conf.all.forwarding", 1)
    wire = listener.wire("eth0")
    theirs.link_local("eth0")
    path = lab.file("golden.conf", RADVD)
    theirs.start("golden-radvd", ["radvd", "-C", path, "-p", os.path.join(lab.short, "golden.pid"), "-m", "stderr", "-n",
                                  "-u", "root"])
    house = online(lab, config=toml(each={"lan0": OURS}), hosts=("h3",))
    golden = wire.wait_ra("radvd's", lambda ra: ra.lifetime)
    ours = lab.lan0.wait_ra("ours", lambda ra: ra.lifetime and ra.prefix("2001:db8:77:1::/64") and ra.inside(house.prefix))

    def header(ra):
        return ra.packet.payload[4:16].hex()
    lab.check(header(golden) == header(ours), "radvd %s, ours %s" % (header(golden), header(ours)))
    # The source link-layer address is each one's own.
    said = {spoken(*one) for one in ours.options}
    missing = {spoken(*one) for one in golden.options} - said
    lab.check(not missing, "radvd says %s, we %s" % (missing, said))
    lab.check(ours.link_layer == lab.cpe.mac("lan0") and golden.link_layer == theirs.mac("eth0"), "whose address?")
    # What is ours alone is the delegated prefix, and routes to the house's prefixes.
    more = {one[0] for one in said - {spoken(*one) for one in golden.options}}
    lab.check(more <= {3, 24}, "options of ours that radvd does not have: %s" % more)
    final_checks(lab)
