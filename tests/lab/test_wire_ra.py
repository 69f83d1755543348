# SPDX-License-Identifier: Apache-2.0
"""The Neighbor Discovery codec against tshark, without any house: it reads what our engines send, and both read
the messages of other programs alike."""
import ipaddress
import os
import struct
import subprocess

from lab import require_tools, run

HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURES = os.path.join(os.path.dirname(HERE), "data", "ra")
FIELDS = {"type": "icmpv6.type", "hop_limit": "icmpv6.nd.ra.cur_hop_limit", "managed": "icmpv6.nd.ra.flag.m",
          "other": "icmpv6.nd.ra.flag.o", "preference": "icmpv6.nd.ra.flag.prf",
          "lifetime": "icmpv6.nd.ra.router_lifetime", "reachable": "icmpv6.nd.ra.reachable_time",
          "retrans": "icmpv6.nd.ra.retrans_timer", "codes": "icmpv6.opt.type", "prefix": "icmpv6.opt.prefix",
          "length": "icmpv6.opt.prefix.length", "preferred": "icmpv6.opt.prefix.preferred_lifetime",
          "valid": "icmpv6.opt.prefix.valid_lifetime", "routes": "icmpv6.opt.route_lifetime",
          "preferences": "icmpv6.opt.route_info.flag.route_preference", "mtu": "icmpv6.opt.mtu",
          "rdnss": "icmpv6.opt.rdnss", "rdnss_lifetimes": "icmpv6.opt.rdnss.lifetime", "dnssl": "icmpv6.opt.dnssl",
          "dnssl_lifetimes": "icmpv6.opt.dnssl.lifetime", "pref64": "icmpv6.opt.pref64.scaled_lifetime",
          "portal": "icmpv6.opt.captive_portal"}
TEXTS = ("rdnss", "dnssl", "portal")


def tool(lab, verb, text=""):
    program = os.path.join(os.path.dirname(lab.programs), "tools", "ra_tool")
    lab.check(os.access(program, os.X_OK), "%s is not built" % program)
    return run(program, verb, stdin=text).stdout.splitlines()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def write_capture(path, lines):
    """Lines SOURCE DESTINATION HEX as a capture file of bare IPv6 packets, with the checksum a kernel would fill in."""
    with open(path, "wb") as file:
        file.write(struct.pack("!IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 229))  # LINKTYPE_IPV6
        for line in lines:
            source, destination, text = line.split()
            addresses = ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(destination).packed
            message = bytes.fromhex(text)
            message = message[:2] + b"\0\0" + message[4:]
            total = checksum(addresses + struct.pack("!II", len(message), 58) + message)
            message = message[:2] + struct.pack("!H", total) + message[4:]
            packet = struct.pack("!IHBB", 6 << 28, len(message), 58, 255) + addresses + message
            file.write(struct.pack("!IIII", 0, 0, len(packet), len(packet)) + packet)


def tshark(path, *arguments):
    return subprocess.run(["tshark", "-n", "-r", path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True, timeout=60).stdout


def test_wire_ra_tshark_reads_what_we_send(lab):
    """Every option of ours, and a life of both engines, is well formed to somebody else's eyes."""
    require_tools("tshark")
    lines = tool(lab, "emit")
    lab.check(len(lines) > 60, "only %d messages" % len(lines))
    path = os.path.join(lab.directory, "ours.pcap")
    write_capture(path, lines)
    wrong = tshark(path, "-Y", "_ws.malformed || icmpv6.checksum.status == 0 || _ws.expert.severity >= 0x00600000"
                               " || frame.len > 1500 || !icmpv6")
    lab.check(not wrong, "tshark objects to:\n" + wrong)
    compare(lab, path, lines)
    details = tshark(path, "-V")
    for part in ("2001:db8:ff:1::", "fd00:1:2:3:4::", "lan.example.org", "https://portal.example.org/api",
                 "64:ff9b::", "Neighbor Advertisement", "Router Solicitation"):
        lab.check(part in details, "tshark did not find %s" % part)


def test_wire_ra_we_read_what_tshark_reads(lab):
    """Messages of radvd, dnsmasq, the kernel and rdisc6 mean the same to us and to tshark."""
    require_tools("tshark")
    lines = []
    for name in sorted(os.listdir(CAPTURES)):
        with open(os.path.join(CAPTURES, name)) as file:
            words = [line.split() for line in file if not line.startswith("#")]
        named = {word[0]: word[1] for word in words if len(word) == 2}
        lines.append("%s %s %s" % (named["source"], named["destination"],
                                   "".join(word[0] for word in words if len(word) == 1)))
    lab.check(len(lines) >= 7, "only %d captured messages" % len(lines))
    path = os.path.join(lab.directory, "theirs.pcap")
    write_capture(path, lines)
    compare(lab, path, lines)


def compare(lab, path, lines):
    ours = tool(lab, "read", "\n".join(lines) + "\n")
    arguments = [word for field in FIELDS.values() for word in ("-e", field)]
    theirs = [line.split("\t") for line in tshark(path, "-T", "fields", *arguments).splitlines()]
    lab.check(len(ours) == len(theirs) == len(lines), "%d lines of ours, %d of tshark" % (len(ours), len(theirs)))
    for text, line, row in zip(lines, ours, theirs):
        lab.check(not line.startswith("error"), "%s\n%s" % (line, text))
        mine = dict(word.split("=", 1) for word in line.split())
        seen = dict(zip(FIELDS, row + [""] * len(FIELDS)))
        lab.check(mine["type"] == seen["type"], "%s\n%s" % (line, text))
        if mine["type"] != "134":
            continue
        lab.check(mine["malformed"] == "0", "%s\n%s" % (line, text))
        for key in FIELDS:
            if key in ("prefix", "length"):
                continue
            same = mine[key] == seen[key] if key in TEXTS else numbers(mine[key]) == numbers(seen[key])
            lab.check(same, "%s: we read %s, tshark %s\n%s" % (key, mine[key], seen[key], text))
        # Its column of addresses and lengths holds those of Route Information too.
        for one in filter(None, mine["prefixes"].split(",")):
            address, length = one.split("/")
            lab.check(address in seen["prefix"].split(",") and length in seen["length"].split(","),
                      "we read %s, tshark %s of lengths %s\n%s" % (one, seen["prefix"], seen["length"], text))


def numbers(text):
    return [{"True": 1, "False": 0}[one] if one in ("True", "False") else int(one, 0)
            for one in text.split(",") if one]
