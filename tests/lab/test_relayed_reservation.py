# SPDX-License-Identifier: Apache-2.0
"""Reservations of clients that our DHCPv6 server hears of from a relay agent."""
import ipaddress
import socket

from lab import check_not_malformed, limit
from peers import Sixgated
from scenario import build, final_checks, toml, wait_delegated
from test_dhcp6_names import option
from wire import IdentityAssociation, dhcp_options, inside


@limit(60)
def test_a_reservation_by_mac_behind_a_relay_agent(lab):
    """A client whose DUID says nothing of its MAC address is known by what the relay agent says (RFC 6939)."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(top='[[reservation]]\nmac = "02:00:00:00:99:01"\nsuffix = "::77"\n',
                                               lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_default_route()
    own = lab.h1.link_local("eth0")

    def leased(number, options):
        """What h1, as a relay agent without an address on the link below, gets for a client of its own."""
        tag = number.to_bytes(3, "big")
        solicit = b"\1" + tag + option(1, b"\0\4" + bytes(13) + tag) + option(8, b"\0\0") + option(14, b"")
        solicit += option(3, b"\0\0\0\1" + bytes(8))
        peer = ipaddress.IPv6Address("fe80::%x" % number).packed
        message = b"\x0c\0" + bytes(16) + peer + option(18, b"below0") + options + option(9, solicit)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            index = socket.if_nametoindex("eth0")
            sock.bind((own, 547, 0, index))
            sock.settimeout(0.5)
            for _ in range(10):
                sock.sendto(message, ("ff02::1:2", 547, 0, index))
                try:
                    reply = sock.recv(4096)
                except TimeoutError:
                    continue
                outer = dict(dhcp_options(reply[34:]))
                if outer[9][:4] == b"\7" + tag:
                    return reply[0] == 13 and outer[18] == b"below0" and [
                        one[0] for code, body in dhcp_options(outer[9][4:]) if code == 3
                        for one in IdentityAssociation(code, body).addresses]
        return None
    said = option(79, b"\0\1" + bytes.fromhex("020000009901"))
    seen = {name: lab.h1.call(lambda number=number, options=options: leased(number, options)) for name, number, options in (
        ("known", 1, said), ("another", 2, said[:-1] + b"\2"), ("unsaid", 3, b""), ("no Ethernet", 4, said[:5] + b"\6" + said[6:]))}
    reserved = {name for name, addresses in seen.items()
                if any(one.endswith("::77") and inside(one, house.prefix) for one in addresses or [])}
    lab.check(all(seen.values()) and reserved == {"known"}, seen)
    check_not_malformed(lab)
    final_checks(lab)
