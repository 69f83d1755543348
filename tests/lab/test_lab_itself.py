# SPDX-License-Identifier: Apache-2.0
"""The lab proves itself with a router that is not ours: a scenario that fails here says nothing about sixgate."""
import time

from lab import CORE, POOL, SERVER, check_not_malformed
from peers import Kea, Networkd, DhcpcdHost, Radvd, RouteSnooper, networkd_router, nmap, rdisc6
from wire import inside


def test_lab_itself_with_networkd_as_router(lab):
    """Kea delegates to systemd-networkd in the cpe; kernel, dhcpcd and networkd hosts configure; pings pass."""
    lab.house()
    RouteSnooper(lab, lab.isp, "isp0", lab.wan)
    Radvd(lab).start()
    Kea(lab).start()
    networkd_router(lab).start()
    reply = lab.wan.wait_dhcp("Reply", lambda one: one.delegated())
    prefix = reply.delegated()[0][0]
    lab.check(inside(prefix.split("/")[0], POOL), "%s is not in the pool" % prefix)
    for role in ("h1", "h2", "h3"):
        host = lab.roles[role]
        host.wait_address(prefix)
        host.wait_default_route()
        host.wait_ping(SERVER)
        lab.check(lab.net.ping(host.address_in(prefix)), "the server does not reach %s" % role)
    first, second = lab.lan0.wait_ra(match=lambda ra: ra.prefixes), lab.lan1.wait_ra(match=lambda ra: ra.prefixes)
    lab.check(first.prefixes[0].prefix != second.prefixes[0].prefix, "both LANs have one prefix")
    lab.check("Prefix" in rdisc6(lab.h1), "rdisc6 saw no prefix")
    dhcpcd = DhcpcdHost(lab, lab.h2).start()
    lab.until("dhcpcd heard the Router Advertisement", lambda: dhcpcd.environment().get("nd1_from"))
    networkd = Networkd(lab, lab.h3).start()
    lab.until("networkd is configured", lambda: networkd.state().get("ADMIN_STATE") == "configured")
    lab.h3.serve(tcp=[8080], udp=[8080])
    target = lab.h3.wait_address(prefix)
    lab.check(lab.net.tcp(target, 8080) == "open", "TCP does not pass the lab")
    lab.check(lab.net.udp(target, 8080) == "open", "UDP does not pass the lab")
    states = nmap(lab.net, target, [22, 8080])
    lab.check(states == {22: "closed", 8080: "open"}, "nmap sees %s" % states)
    lab.check(lab.net.ping(CORE), "the server cannot ping its own router")
    check_not_malformed(lab)


def test_lab_itself_sees_what_was_answered(lab):
    """A packet whose answer came is in the capture, also where the recording thread never had its turn."""
    lab.house(lans={}, record=False)
    wire = lab.isp.wire("core0")
    wire.stop_recording()
    since = time.time()
    lab.check(lab.net.ping(CORE), "no answer")
    lab.check([one.icmp for one in wire.packets(since) if one.icmp in (128, 129)] == [128, 129], wire.packets(since))
