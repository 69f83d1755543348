# SPDX-License-Identifier: Apache-2.0
"""Links without link-layer addresses, as ppp and tun interfaces are."""
import fcntl
import os
import select
import struct
import threading
import time

from lab import ISP_ADDRESS, proves
from scenario import final_checks, online, slash64, wait_online

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000


class Tunnel:
    """A tun interface in each of two namespaces, and between them whoever carries packets from one to the other."""

    def __init__(self, lab, *ends):
        self.stop, self.fds = threading.Event(), []
        for namespace, name in ends:
            self.fds.append(namespace.call(self.open, name))
            namespace.ip("link", "set", name, "up", "mtu", "1400")
        self.threads = [threading.Thread(target=self.carry, args=pair, daemon=True)
                        for pair in (self.fds, self.fds[::-1])]
        for thread in self.threads:
            thread.start()
        lab.finishers.append(self.close)

    @staticmethod
    def open(name):
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        return fd

    def carry(self, source, destination):
        while not self.stop.is_set():
            if select.select([source], [], [], 0.2)[0]:
                try:
                    os.write(destination, os.read(source, 65536))
                except OSError:  # one end is down
                    continue

    def close(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(2)
        for fd in self.fds:
            os.close(fd)


def test_lan_without_link_layer_addresses(lab):
    """A host at the end of a tunnel has its prefix, default route and connection; the advertisement names no address of a
    layer that is not there (RFC 4861 section 4.2), and the MTU of the tunnel."""
    lab.house({"lan0": ["h1", "h2"]})
    h3 = lab.namespace("h3")
    Tunnel(lab, (lab.cpe, "tun0"), (h3, "eth0"))
    house = online(lab, sixgated={"lans": ["lan0", "tun0"]})
    said = h3.run("rdisc6", "-1", "-w", "6000", "eth0", check=False).stdout
    lab.check("Source link-layer" not in said and "1400" in said, said)
    lab.check(slash64(lab.lan0, house.prefix) not in said, "the tunnel has the /64 of lan0:\n" + said)
    lab.net.wait_ping(h3.wait_address(house.prefix))
    house.sixgated.kill()
    house.sixgated.start()
    wait_online(lab, house.prefix)
    final_checks(lab)


@proves("7084-S-3")
def test_uplink_without_link_layer_addresses(lab):
    """The ISP at the end of a tunnel: its RA, its lease, the DUID and IAID that no MAC address can give, and the firewall,
    which guards the house from what comes out of the tunnel as from anything else."""
    lab.house(wan=False)
    Tunnel(lab, (lab.isp, "isp0"), (lab.cpe, "wan0"))
    lab.isp.ip("address", "add", ISP_ADDRESS + "/64", "dev", "isp0", "nodad")
    lab.wan = lab.isp.wire("isp0")
    house = online(lab)
    request = lab.wan.wait_dhcp("Request")
    house.sixgated.terminate()
    since = time.time()
    house.sixgated.start()
    wait_online(lab, house.prefix)
    again = lab.wan.wait_dhcp("Rebind", since=since)
    lab.check(again.client == request.client and again.delegations[0].iaid == request.delegations[0].iaid,
              "%s, then %s" % (request, again))
    lab.check(not lab.wan.ras(match=lambda ra: not ra.packet.outgoing), "a Router Advertisement on the uplink")
    lab.h1.serve(tcp=(8080,), udp=(8080,))
    host = lab.h1.address_in(house.prefix)
    inside = (lab.h2.tcp(host, 8080), lab.h2.udp(host, 8080))
    outside = (lab.isp.tcp(host, 8080), lab.isp.udp(host, 8080), lab.isp.ping(host))
    lab.row("7084-S-3", inside == ("open", "open") and outside == ("silent", "unreachable", True),
            "from the LAN %s, out of the tunnel %s" % (inside, outside))
    final_checks(lab)


@proves("7084-G-2")
def test_a_packet_for_nobody_on_a_tunnelled_uplink(lab):
    """It has come to us over the only link that its destination could be on: it draws an error and does not go back
    (RFC 4443 section 3.1), or two routers would send it to and fro until its hops are used up."""
    lab.house(wan=False)
    Tunnel(lab, (lab.isp, "isp0"), (lab.cpe, "wan0"))
    lab.isp.ip("address", "add", ISP_ADDRESS + "/64", "dev", "isp0", "nodad")
    lab.wan = lab.isp.wire("isp0")
    online(lab)
    nobody, since = "2001:db8:0:1::dead", time.time()
    lab.isp.ping(nobody, source=ISP_ADDRESS)
    told = lab.wan.wait("an error about it", lambda one: not one.outgoing and one.icmp == 1, 5, since)
    back = lab.wan.packets(since, match=lambda one: not one.outgoing and one.destination == nobody)
    redirects = lab.wan.packets(since, match=lambda one: not one.outgoing and one.icmp == 137)
    lab.row("7084-G-2", told.payload[1] == 3 and not back and not redirects,
            "code %d, %d came back, %d Redirects" % (told.payload[1], len(back), len(redirects)))
    final_checks(lab)
