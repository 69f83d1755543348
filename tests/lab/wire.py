# SPDX-License-Identifier: Apache-2.0
"""What is on the wire, seen by eyes that are not sixgate's.

A Wire records one interface of one namespace: every frame goes to a pcap file and,
decoded by the small decoders below, to a list that a test can search while the scenario runs.
The decoders are written from the RFCs and share nothing with the daemon's own codecs.
"""
import ipaddress
import select
import socket
import struct
import threading
import time

ETH_P_ALL, ARPHRD_ETHER = 0x0003, 1
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33  # whatever rmem_max is
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, SOL_PACKET = 1, 1, 263
TCP, UDP, ICMP6, NO_NEXT_HEADER = 6, 17, 58, 59
EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options: same shape (RFC 8200 section 4.2)
FRAGMENT = 44


def address(raw):
    return str(ipaddress.IPv6Address(raw))


def network(raw, length):
    return str(ipaddress.IPv6Network((raw, length), strict=False))


def inside(addr, prefix):
    """True when the address (text) lies in the prefix (text)."""
    return ipaddress.IPv6Address(str(addr).split("%")[0]) in ipaddress.IPv6Network(prefix)


def checksum(source, destination, proto, payload):
    """RFC 8200 section 8.1."""
    data = (ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
            + struct.pack("!II", len(payload), proto) + payload)
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def nd_options(raw):
    options, at = [], 0
    while at + 2 <= len(raw):
        kind, size = raw[at], raw[at + 1] * 8
        if size == 0 or at + size > len(raw):
            break
        options.append((kind, raw[at:at + size]))
        at += size
    return options


def domain_names(raw):
    names, at = [], 0
    while at < len(raw) and raw[at]:
        labels = []
        while at < len(raw) and raw[at]:
            labels.append(raw[at + 1:at + 1 + raw[at]].decode("ascii", "replace"))
            at += 1 + raw[at]
        at += 1
        names.append(".".join(labels))
    return names


class PrefixInformation:
    """RFC 4861 section 4.6.2."""

    def __init__(self, raw):
        self.length, self.flags = raw[2], raw[3]
        self.on_link, self.autonomous = bool(raw[3] & 0x80), bool(raw[3] & 0x40)
        self.valid, self.preferred = struct.unpack_from("!II", raw, 4)
        self.prefix = network(raw[16:32], raw[2])

    def __repr__(self):
        return "%s flags 0x%02x preferred %d valid %d" % (
            self.prefix, self.flags, self.preferred, self.valid)


class RouteInformation:
    """RFC 4191 section 2.3."""

    def __init__(self, raw):
        self.length = raw[2]
        self.preference = (raw[3] >> 3) & 3
        self.lifetime, = struct.unpack_from("!I", raw, 4)
        self.prefix = network((raw[8:] + bytes(16))[:16], raw[2])

    def __repr__(self):
        return "%s lifetime %d" % (self.prefix, self.lifetime)


class RouterAdvertisement:
    """RFC 4861 section 4.2, RFC 4191 section 2.2, RFC 8106 section 5."""

    def __init__(self, packet):
        body = packet.payload
        self.packet, self.time = packet, packet.time
        self.source, self.destination, self.hop_limit = packet.source, packet.destination, packet.hop_limit
        self.code = body[1]
        self.cur_hop_limit, self.flags, self.lifetime, self.reachable, self.retrans = struct.unpack_from(
            "!BBHII", body, 4)
        self.managed, self.other = bool(self.flags & 0x80), bool(self.flags & 0x40)
        self.preference = (self.flags >> 3) & 3
        self.options = nd_options(body[16:])
        self.prefixes = [PrefixInformation(raw) for kind, raw in self.options if kind == 3 and len(raw) == 32]
        self.routes = [RouteInformation(raw) for kind, raw in self.options if kind == 24]
        self.mtu = next((struct.unpack_from("!I", raw, 4)[0] for kind, raw in self.options if kind == 5), None)
        self.link_layer = next((raw[2:8].hex(":") for kind, raw in self.options if kind == 1), None)
        self.rdnss = [(address(raw[at:at + 16]), struct.unpack_from("!I", raw, 4)[0])
                      for kind, raw in self.options if kind == 25 for at in range(8, len(raw) - 15, 16)]
        self.dnssl = [(name, struct.unpack_from("!I", raw, 4)[0])
                      for kind, raw in self.options if kind == 31 for name in domain_names(raw[8:])]

    def prefix(self, prefix):
        """The prefix information of exactly this prefix, or None."""
        return next((one for one in self.prefixes if one.prefix == prefix), None)

    def inside(self, prefix):
        """The prefix informations that lie in the prefix."""
        return [one for one in self.prefixes if inside(one.prefix.split("/")[0], prefix)]

    def route(self, prefix):
        return next((one for one in self.routes if one.prefix == prefix), None)

    def __repr__(self):
        return "RA(%s -> %s lifetime %d flags 0x%02x prefixes %s routes %s rdnss %s mtu %s)" % (
            self.source, self.destination, self.lifetime, self.flags, self.prefixes, self.routes, self.rdnss,
            self.mtu)


def dhcp_options(raw):
    options, at = [], 0
    while at + 4 <= len(raw):
        code, size = struct.unpack_from("!HH", raw, at)
        options.append((code, raw[at + 4:at + 4 + size]))
        at += 4 + size
    return options


class IdentityAssociation:
    """RFC 9915 sections 21.4 (IA_NA) and 21.21 (IA_PD)."""

    def __init__(self, code, raw):
        self.code = code
        self.iaid, self.t1, self.t2 = struct.unpack_from("!III", raw)
        self.addresses, self.prefixes, self.status = [], [], None
        for option, body in dhcp_options(raw[12:]):
            if option == 5:
                self.addresses.append((address(body[:16]), *struct.unpack_from("!II", body, 16)))
            elif option == 26:
                preferred, valid, length = struct.unpack_from("!IIB", body)
                self.prefixes.append((network(body[9:25], length), preferred, valid))
            elif option == 13:
                self.status = struct.unpack_from("!H", body)[0]

    def __repr__(self):
        return "IA%d(%d t1 %d t2 %d %s%s status %s)" % (
            self.code, self.iaid, self.t1, self.t2, self.addresses, self.prefixes, self.status)


DHCP_NAMES = {1: "Solicit", 2: "Advertise", 3: "Request", 4: "Confirm", 5: "Renew", 6: "Rebind", 7: "Reply",
              8: "Release", 9: "Decline", 10: "Reconfigure", 11: "Information-request"}


class DhcpMessage:
    """RFC 9915 section 8 (client and server messages only)."""

    def __init__(self, packet):
        raw = packet.payload[8:]
        self.packet, self.time, self.source, self.destination = packet, packet.time, packet.source, packet.destination
        self.type, self.transaction = raw[0], raw[1:4].hex()
        self.name = DHCP_NAMES.get(raw[0], str(raw[0]))
        self.options = dhcp_options(raw[4:])
        self.client = self.option(1)
        self.server = self.option(2)
        requested = self.option(6) or b""
        self.requested = list(struct.unpack("!%dH" % (len(requested) // 2), requested[:len(requested) // 2 * 2]))
        self.addresses = [IdentityAssociation(code, body) for code, body in self.options if code == 3]
        self.delegations = [IdentityAssociation(code, body) for code, body in self.options if code == 25]

    def option(self, code):
        return next((body for one, body in self.options if one == code), None)

    def delegated(self):
        """Every (prefix, preferred, valid) of every IA_PD."""
        return [prefix for one in self.delegations for prefix in one.prefixes]

    def __repr__(self):
        return "%s(%s %s %s)" % (self.name, self.transaction, self.addresses, self.delegations)


class Packet:
    """One frame. `proto` and `payload` are those behind the extension headers."""

    def __init__(self, when, raw, outgoing):
        self.time, self.raw, self.outgoing = when, raw, outgoing
        self.ether_destination, self.ether_source = raw[0:6].hex(":"), raw[6:12].hex(":")
        self.source = self.destination = None
        self.proto, self.payload, self.hop_limit, self.headers, self.fragment = None, b"", None, [], False
        if len(raw) < 54 or raw[12:14] != b"\x86\xdd":
            return
        length, proto, self.hop_limit = struct.unpack_from("!HBB", raw, 18)
        self.source, self.destination = address(raw[22:38]), address(raw[38:54])
        body = raw[54:54 + length] if length else raw[54:]
        while len(body) >= 8:
            if proto in EXTENSIONS:
                self.headers.append(proto)
                proto, size = body[0], (body[1] + 1) * 8
            elif proto == FRAGMENT:
                self.headers.append(proto)
                self.fragment = True
                proto, size = body[0], 8
            else:
                break
            body = body[size:]
        self.proto, self.payload = proto, body
        self._dhcp = self._ra = False

    @property
    def icmp(self):
        """The ICMPv6 type, or None."""
        return self.payload[0] if self.proto == ICMP6 and self.payload and not self.fragment else None

    @property
    def ports(self):
        if self.proto in (TCP, UDP) and len(self.payload) >= 4:
            return struct.unpack_from("!HH", self.payload)
        return None

    @property
    def ra(self):
        if self.source is None:
            return None
        if self._ra is False:
            self._ra = RouterAdvertisement(self) if self.icmp == 134 and len(self.payload) >= 16 else None
        return self._ra

    @property
    def dhcp(self):
        if self.source is None:
            return None
        if self._dhcp is False:
            self._dhcp = None
            if self.proto == UDP and self.ports and (self.ports[0] in (546, 547) or self.ports[1] in (546, 547)):
                if len(self.payload) >= 12 and self.payload[8] not in (12, 13):
                    try:
                        self._dhcp = DhcpMessage(self)
                    except (struct.error, ValueError, IndexError):
                        self._dhcp = None
        return self._dhcp

    @property
    def checksum_good(self):
        """Of an ICMPv6 message (the kernel always sends those with a finished checksum)."""
        return checksum(self.source, self.destination, self.proto, self.payload) == 0

    def __repr__(self):
        if self.source is None:
            return "Packet(not IPv6)"
        what = self.ra or self.dhcp or ("icmp %s" % self.icmp if self.icmp is not None else
                                        "proto %s ports %s" % (self.proto, self.ports))
        return "%s -> %s %s" % (self.source, self.destination, what)


PCAP_HEADER = struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1)  # nanoseconds, Ethernet


def pcap_record(seconds, nanoseconds, raw):
    return struct.pack("<IIII", seconds, nanoseconds, len(raw), len(raw)) + raw


class Wire:
    """Records an interface from its start to `close`, over link flaps too."""

    def __init__(self, lab, namespace, interface, path):
        self.lab, self.namespace, self.interface, self.path = lab, namespace, interface, path
        self._packets, self._stop, self._reading = [], threading.Event(), threading.Lock()
        self._socket = namespace.call(self._open)
        self._file = open(path, "wb")
        self._file.write(PCAP_HEADER)
        self._thread = threading.Thread(target=self._record, daemon=True, name="wire " + interface)
        self._thread.start()

    def _open(self):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        sock.bind((self.interface, ETH_P_ALL))
        index = socket.if_nametoindex(self.interface)
        # A tunnel's packets have no Ethernet header: they are given an empty one.
        self._head = b"" if sock.getsockname()[3] == ARPHRD_ETHER else bytes(12) + b"\x86\xdd"
        sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", index, PACKET_MR_PROMISC, 0, b""))
        sock.setblocking(False)
        return sock

    def _record(self):
        while not self._stop.is_set():
            if select.select([self._socket], [], [], 0.2)[0]:
                self._drain()

    def _drain(self):
        """Takes what the kernel has queued, but nothing younger than the call: a flood must not hold the caller."""
        asked = time.time()
        with self._reading:
            while not self._packets or self._packets[-1].time < asked:
                try:
                    raw, ancillary, _, origin = self._socket.recvmsg(65536, 128)
                    raw = self._head + raw
                except OSError:  # nothing more, or the link went down: it may come back
                    return
                stamp = None
                for level, kind, data in ancillary:
                    if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                        stamp = struct.unpack_from("qq", data)
                if stamp is None:
                    now = time.time()
                    stamp = (int(now), int(now % 1 * 1e9))
                self._file.write(pcap_record(*stamp, raw))
                self._file.flush()
                self._packets.append(Packet(stamp[0] + stamp[1] / 1e9, raw, origin[2] == 4))

    def stop_recording(self):
        self._stop.set()
        self._thread.join(2)

    def close(self):
        if not self._file.closed:
            self.stop_recording()
            self._socket.close()
            self._file.close()

    def copy(self, file, choose):
        """Appends the chosen frames to a capture file, and tells how many they are."""
        chosen = [one for one in list(self._packets) if choose(one.raw)]
        for one in chosen:
            file.write(pcap_record(int(one.time), int(one.time % 1 * 1e9), one.raw))
        return len(chosen)

    def packets(self, since=0.0, until=float("inf"), match=lambda packet: True):
        """What went over the wire until now. The kernel has queued a packet before its answer is seen elsewhere, but
        on a busy machine the recording thread may come to it later than the one that asks."""
        self._drain()
        return [one for one in list(self._packets)
                if since <= one.time <= until and one.source is not None and match(one)]

    def ras(self, since=0.0, until=float("inf"), match=lambda ra: True):
        return [one.ra for one in self.packets(since, until) if one.ra and match(one.ra)]

    def dhcp(self, name=None, since=0.0, until=float("inf"), match=lambda message: True):
        return [one.dhcp for one in self.packets(since, until)
                if one.dhcp and (name is None or one.dhcp.name == name) and match(one.dhcp)]

    def wait(self, what, match, timeout=30.0, since=0.0):
        """Waits for a packet for which match(packet) is true and returns that packet."""
        seen = 0

        def find():
            nonlocal seen
            packets = self._packets
            while seen < len(packets):
                one = packets[seen]
                seen += 1
                if one.source is not None and one.time >= since and match(one):
                    return one
            return None
        return self.lab.until("%s on %s" % (what, self), find, timeout, every=0.02)

    def wait_ra(self, what="a Router Advertisement", match=lambda ra: True, timeout=30.0, since=0.0):
        return self.wait(what, lambda one: one.ra is not None and match(one.ra), timeout, since).ra

    def wait_dhcp(self, name, match=lambda message: True, timeout=30.0, since=0.0):
        return self.wait("DHCPv6 " + name, lambda one: one.dhcp is not None and one.dhcp.name == name
                         and match(one.dhcp), timeout, since).dhcp

    def __str__(self):
        return "%s/%s" % (self.namespace.role, self.interface)


# ---- making packets ---------------------------------------------------------------------------

def ipv6(source, destination, proto, payload, hop_limit=64):
    return (struct.pack("!IHBB", 6 << 28, len(payload), proto, hop_limit)
            + ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed + payload)


def icmp6(source, destination, kind, code, body, bad_checksum=0):
    message = struct.pack("!BBH", kind, code, 0) + body
    value = (checksum(source, destination, ICMP6, message) + bad_checksum) & 0xffff
    return message[:2] + struct.pack("!H", value) + message[4:]


def udp(source, destination, source_port, destination_port, payload):
    datagram = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload
    value = checksum(source, destination, UDP, datagram) or 0xffff
    return datagram[:6] + struct.pack("!H", value) + datagram[8:]


def tcp_syn(source, destination, source_port, destination_port):
    segment = struct.pack("!HHIIBBHHH", source_port, destination_port, 1, 0, 5 << 4, 2, 64240, 0, 0)
    value = checksum(source, destination, TCP, segment)
    return segment[:16] + struct.pack("!H", value) + segment[18:]


def multicast_mac(destination):
    """RFC 2464 section 7."""
    return "33:33:" + ipaddress.IPv6Address(destination).packed[12:].hex(":")


def router_solicitation(source, destination="ff02::2", link_layer=None, hop_limit=255, code=0, bad_checksum=0,
                        reserved=0, options=b""):
    body = struct.pack("!I", reserved)
    if link_layer:
        body += b"\x01\x01" + bytes.fromhex(link_layer.replace(":", ""))
    message = icmp6(source, destination, 133, code, body + options, bad_checksum)
    return ipv6(source, destination, ICMP6, message, hop_limit)


def router_advertisement(source, lifetime, destination="ff02::1", flags=0, options=b"", hop_limit=255, code=0,
                         bad_checksum=0):
    body = struct.pack("!BBHII", 64, flags, lifetime, 0, 0) + options
    return ipv6(source, destination, ICMP6, icmp6(source, destination, 134, code, body, bad_checksum), hop_limit)


def prefix_information(prefix, preferred, valid, flags=0xc0):
    net = ipaddress.IPv6Network(prefix)
    return struct.pack("!BBBBIII", 3, 4, net.prefixlen, flags, valid, preferred, 0) + net.network_address.packed


def inject(namespace, interface, packet, destination_mac, source_mac=None, times=1):
    """Sends one IPv6 packet, as it is, out of an interface; many times as fast as it goes."""
    mac = source_mac or namespace.mac(interface)
    frame = bytes.fromhex(destination_mac.replace(":", "")) + bytes.fromhex(mac.replace(":", "")) + b"\x86\xdd"

    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((interface, 0))
            for _ in range(times):
                sock.send(frame + packet)
    namespace.lab.injected.add(frame + packet)
    namespace.call(send)
