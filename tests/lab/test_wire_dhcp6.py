# SPDX-License-Identifier: Apache-2.0
"""The DHCPv6 codec against tshark, without any house: what it makes of our messages, and we of other programs'."""
import os
import struct
import subprocess

from lab import require_tools, run

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.join(os.path.dirname(HERE), "data", "dhcp6")
FIELDS = ["dhcpv6.msgtype", "dhcpv6.xid", "dhcpv6.option.type", "dhcpv6.iaid", "dhcpv6.iaid.t1", "dhcpv6.iaid.t2",
          "dhcpv6.iaaddr.ip", "dhcpv6.iaaddr.pref_lifetime", "dhcpv6.iaaddr.valid_lifetime",
          "dhcpv6.iaprefix.pref_addr", "dhcpv6.iaprefix.pref_len", "dhcpv6.iaprefix.pref_lifetime",
          "dhcpv6.iaprefix.valid_lifetime", "dhcpv6.dns_server", "dhcpv6.status_code"]
RELAY_OPTIONS = ("9", "18", "79")  # Relay Message, Interface-Id, Client Link-Layer Address


def tool(lab, verb, text=""):
    program = os.path.join(os.path.dirname(lab.programs), "tools", "dhcp6_tool")
    lab.check(os.access(program, os.X_OK), "%s is not built" % program)
    return run(program, verb, stdin=text).stdout.splitlines()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return (~total & 0xffff) or 0xffff


def write_capture(path, messages):
    """Messages (octets) as UDP datagrams in a capture file of bare IPv6 packets."""
    addresses = bytes.fromhex("fe80" + "00" * 13 + "01" + "fe80" + "00" * 13 + "02")
    with open(path, "wb") as file:
        file.write(struct.pack("!IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 229))  # LINKTYPE_IPV6
        for message in messages:
            ports = (547, 547) if message[0] in (12, 13) else (546, 547)
            length = 8 + len(message)
            datagram = struct.pack("!HHHH", *ports, length, 0) + message
            pseudo = addresses + struct.pack("!II", length, 17)
            datagram = datagram[:6] + struct.pack("!H", checksum(pseudo + datagram)) + message
            packet = struct.pack("!IHBB", 6 << 28, length, 17, 64) + addresses + datagram
            file.write(struct.pack("!IIII", 0, 0, len(packet), len(packet)) + packet)


def tshark(path, *arguments):
    return subprocess.run(["tshark", "-n", "-r", path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True, timeout=60).stdout


def words(line):
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def numbers(text):
    return [int(one, 0) for one in text.split(",") if one]


def test_wire_dhcp6_tshark_reads_what_we_write(lab):
    """Every option and every message type of ours is well formed to somebody else's eyes."""
    require_tools("tshark")
    lines = tool(lab, "emit")
    messages = [bytes.fromhex(line) for line in lines]
    lab.check(len(messages) > 40, "only %d messages" % len(messages))
    path = os.path.join(lab.directory, "ours.pcap")
    write_capture(path, messages)
    wrong = tshark(path, "-Y", "_ws.malformed")
    lab.check(not wrong, "tshark calls malformed:\n" + wrong)
    foreign = tshark(path, "-Y", "!dhcpv6")
    lab.check(not foreign, "tshark sees no DHCPv6 in:\n" + foreign)
    kinds = set(numbers(tshark(path, "-T", "fields", "-e", "dhcpv6.msgtype").replace("\n", ",")))
    lab.check(kinds == set(range(1, 14)), "message types on the wire: %s" % sorted(kinds))
    compare(lab, path, lines)
    details = tshark(path, "-V")
    for part in ("sip.example.org", "lan.example.org", "ntp.example.org", "aftr.example.org", "gate.example.org",
                 "https://portal.example.org/api", "192.0.2.0", "203.0.113.7", "2001:db8:64::", "2001:db8:8000::",
                 "IPv6 subnet ID: ff", "PSID: 3"):
        lab.check(part in details, "tshark did not find %s" % part)


def test_wire_dhcp6_we_read_what_tshark_reads(lab):
    """Messages of other programs mean the same to us and to tshark."""
    require_tools("tshark")
    lines = []
    for name in sorted(os.listdir(CAPTURES)):
        with open(os.path.join(CAPTURES, name)) as file:
            lines += [line.strip() for line in file if line.strip() and not line.startswith("#")]
    lab.check(len(lines) >= 30, "only %d captured messages" % len(lines))
    path = os.path.join(lab.directory, "theirs.pcap")
    write_capture(path, [bytes.fromhex(line) for line in lines])
    compare(lab, path, lines)


def compare(lab, path, lines):
    ours = tool(lab, "read", "\n".join(lines) + "\n")
    arguments = [word for field in FIELDS for word in ("-e", field)]
    theirs = [line.split("\t") for line in tshark(path, "-T", "fields", *arguments).splitlines()]
    lab.check(len(ours) == len(theirs) == len(lines), "%d lines of ours, %d of tshark" % (len(ours), len(theirs)))
    for octets, line, row in zip(lines, ours, theirs):
        lab.check(not line.startswith("error"), "%s\n%s" % (line, octets))
        mine, seen = words(line), dict(zip(FIELDS, row + [""] * len(FIELDS)))
        relays = int(mine["relays"])
        codes = seen["dhcpv6.option.type"].split(",") if seen["dhcpv6.option.type"] else []
        if relays:
            codes = [code for code in codes if code not in RELAY_OPTIONS]
        expected = {
            "type": str(numbers(seen["dhcpv6.msgtype"])[-1]),
            "transaction": "%x" % numbers(seen["dhcpv6.xid"])[-1],
            "malformed": "0",
            "codes": ",".join(codes),
            "iaids": ",".join(str(int(one, 16)) for one in seen["dhcpv6.iaid"].split(",") if one),
            "timers": pairs(seen["dhcpv6.iaid.t1"], seen["dhcpv6.iaid.t2"]),
            "addresses": seen["dhcpv6.iaaddr.ip"],
            "prefixes": pairs(seen["dhcpv6.iaprefix.pref_addr"], seen["dhcpv6.iaprefix.pref_len"]),
            "dns": seen["dhcpv6.dns_server"],
            "statuses": ",".join(str(one) for one in numbers(seen["dhcpv6.status_code"])),
        }
        for key, value in expected.items():
            lab.check(mine[key] == value, "%s: we read %s, tshark %s\n%s" % (key, mine[key], value, octets))
        lifetimes = sorted(pairs(seen["dhcpv6.iaaddr.pref_lifetime"], seen["dhcpv6.iaaddr.valid_lifetime"]).split(",")
                           + pairs(seen["dhcpv6.iaprefix.pref_lifetime"],
                                   seen["dhcpv6.iaprefix.valid_lifetime"]).split(","))
        lab.check(sorted(one for one in mine["lifetimes"].split(",") if one) == [one for one in lifetimes if one],
                  "lifetimes: we read %s, tshark %s\n%s" % (mine["lifetimes"], lifetimes, octets))


def pairs(left, right):
    return ",".join("%s/%s" % pair for pair in zip(left.split(","), right.split(",")) if pair[0])
