# SPDX-License-Identifier: Apache-2.0
"""What TCP's ends say of their segments fits the uplink, whoever begins: nobody has to hear a Packet Too Big."""
import struct
import time

from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml

PORT, SYN, ACK = 8097, 2, 16


def segment_size(wire, source, flags, since):
    """The MSS option (RFC 9293 section 3.7.1) of the first segment with these flags and from there."""
    packet = wire.wait("a segment with flags %d" % flags, lambda one: one.ports and PORT in one.ports
                       and one.source == source and one.payload[13] & (SYN | ACK) == flags, 5, since)
    options = packet.payload[20:(packet.payload[12] >> 4) * 4]
    while options and options[0]:
        if options[0] == 2:
            return struct.unpack_from("!H", options, 2)[0]
        options = options[1 if options[0] == 1 else options[1]:]
    return None


def clamped(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    lab.cpe.ip("link", "set", "wan0", "mtu", "1400")
    # Hosts are not told of it, for what they say is to be too much.
    config = toml(top='[firewall]\nbackend = "%s"\n' % backend, lan='ra_mtu = "link"\n', each={"lan1": 'zone = "exposed"\n'})
    house = online(lab, config=config, hosts=("h1", "h3"), sixgated={"private": private})
    lab.net.serve(tcp=[PORT])
    lab.h3.serve(tcp=[PORT])

    def sizes(namespace, target, host, wire, inside, outside):
        """What host and server say, and what the other one hears."""
        since, address = time.time(), host.address_in(house.prefix)
        end = namespace.tcp(target, PORT)
        lab.check(end == "open", "%s connects: %s" % (namespace, end))
        return {"host": [segment_size(one, address, inside, since) for one in (wire, lab.beyond)],
                "server": [segment_size(one, SERVER, outside, since) for one in (lab.beyond, wire)]}

    def both():
        return (sizes(lab.h1, SERVER, lab.h1, lab.lan0, SYN, SYN | ACK),
                sizes(lab.net, lab.h3.address_in(house.prefix), lab.h3, lab.lan1, SYN | ACK, SYN))
    found = both()
    lab.check(found == ({"host": [1440, 1340], "server": [1440, 1340]},) * 2, found)
    lab.cpe.ip("link", "set", "wan0", "mtu", "1500")
    found = both()
    lab.check(found == ({"host": [1440, 1440], "server": [1440, 1440]},) * 2, "with 1500 octets: %s, %s" % found)
    final_checks(lab)


@limit(60)
def test_mss_nft(lab):
    """nft: over an uplink of 1400 octets, and one of 1500, where nothing is changed."""
    clamped(lab, "nft")


@limit(60)
def test_mss_ip6tables(lab):
    """ip6tables: the same."""
    clamped(lab, "ip6tables")


@limit(60)
def test_mss_ip6tables_legacy(lab):
    """The legacy ip6tables: the same."""
    clamped(lab, "ip6tables", LEGACY)
