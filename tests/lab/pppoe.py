# SPDX-License-Identifier: Apache-2.0
"""PPPoE (RFC 2516) as the uplink: the ISP's access concentrator and the home's modem, both of them pppd.

    isp (isp0 over dsl0) --- cpe (ppp0 over dsl0)

What the cable dsl0 carries is Ethernet, but IPv6 has no business on it: there it is switched off at both ends.
"""
import ipaddress
import os
import re
import signal
import socket
import struct

from lab import ISP_ADDRESS, require_tools
from wire import Packet, Wire

ISP_IPV4, HOME_IPV4 = "192.0.2.1", "192.0.2.2"  # the first of the homes
ETH_P_PPP_SES = 0x8864
IPV6, IPCP, IPV6CP = 0x0057, 0x8021, 0x8057
TERMINATE_REQUEST = 5  # RFC 1661 section 5


class Session:
    """One session: what pppd on our side was told by IPV6CP, and the ISP's record of what came out of it."""

    def __init__(self, process, ours, theirs, index, wire):
        self.process, self.ours, self.theirs, self.index, self.wire = process, ours, theirs, index, wire
        self.number = int(re.search(r"PPP session is (\d+)", process.text())[1])


class Pppoe:
    def __init__(self, lab):
        require_tools("pppd", "pppoe", "pppoe-server")
        self.lab, self.sessions = lab, []
        lab.cable(lab.isp, "dsl0", lab.cpe, "dsl0")
        for one in (lab.isp, lab.cpe):
            one.sysctl("net.ipv6.conf.dsl0.disable_ipv6", 1)
        self.line = lab.isp.wire("dsl0")
        self.private = {role: self.own_files(role) for role in ("isp", "cpe")}
        self.options = lab.file("isp-ppp-options", "")
        lab.isp.start("pppoe-server", ["pppoe-server", "-F", "-I", "dsl0", "-L", ISP_IPV4, "-R", HOME_IPV4,
                                       "-O", self.options], private=self.private["isp"])

    def own_files(self, role):
        """No file or script of the machine's pppd has a say, and its process numbers are written elsewhere."""
        directory = self.lab.fresh_directory("ppp-" + role)
        private = {"/etc/ppp": os.path.join(directory, "etc"), "/run": os.path.join(directory, "run")}
        for path in private.values():
            os.makedirs(path)
        self.lab.file(os.path.join(private["/etc/ppp"], "options"), "")
        return private

    def dial(self, ours=(), theirs=()):
        """Begins a session; `ours` and `theirs`: further options of pppd. Without IPv6 there are no link-local addresses
        to be told of."""
        lab, number = self.lab, len(self.sessions) + 1
        log = os.path.join(lab.directory, "isp-pppd.%d.log" % number)
        lab.file(self.options, "\n".join(["noauth", "debug", "ifname isp0", "logfile " + log, *theirs]) + "\n")
        process = lab.cpe.start("pppd", ["pppd", "plugin", "rp-pppoe.so", "nic-dsl0", "nodetach", "noauth", "debug", "unit", "0",
                                         "noipdefault", *" ".join(ours).split()], private=self.private["cpe"])
        found = {}
        if "noipv6" not in (*ours, *theirs):
            for side in ("local", "remote"):
                said = process.wait_log(r"^%s +LL address (\S+)" % side)[1]
                found[side] = str(ipaddress.IPv6Address(said))  # pppd writes every zero down
            self.plain_link_local(found["remote"])
        lab.until("both ends of the session are up", lambda: "UP" in lab.isp.links().get("isp0", {}).get("flags", ())
                  and "UP" in lab.cpe.links().get("ppp0", {}).get("flags", ()))
        lab.isp.ip("address", "add", ISP_ADDRESS + "/64", "dev", "isp0", "nodad")
        wire = Wire(lab, lab.isp, "isp0", os.path.join(lab.directory, "isp-isp0.%d.pcap" % number))
        lab.wires.append(wire)
        lab.wan = wire
        self.sessions.append(Session(process, found.get("local"), found.get("remote"),
                                     lab.cpe.links()["ppp0"]["ifindex"], wire))
        return self.session

    @property
    def session(self):
        """The last one."""
        return self.sessions[-1]

    def plain_link_local(self, address):
        """The ISP's end gets its address once more, without the far end's beside it, which Kea would take for its own."""
        isp = self.lab.isp
        self.lab.until("isp0 has %s" % address, lambda: address in [
            one["local"] for one in isp.addresses("isp0", "link")])
        isp.ip("-6", "address", "flush", "dev", "isp0", "scope", "link")
        isp.ip("address", "add", address + "/64", "dev", "isp0", "nodad")

    def said_by_us(self, session):
        """The IPv6 packets of our side, from the first one on: isp0 is recorded only once it is there, the line always."""
        self.line.packets()  # what was queued is read
        header = struct.pack("!HBBH", ETH_P_PPP_SES, 0x11, 0, session.number)
        return [Packet(one.time, bytes(12) + b"\x86\xdd" + one.raw[22:], False) for one in list(self.line._packets)
                if not one.outgoing and one.raw[12:18] == header and one.raw[20:22] == struct.pack("!H", IPV6)]

    def hang_up(self):
        self.session.process.stop()
        self.lab.until("the session is over at both ends", lambda: "isp0" not in self.lab.isp.links()
                       and "ppp0" not in self.lab.cpe.links())

    def isp_pppd(self, number):
        """Sends a signal to the ISP's pppd. A stopped one negotiates nothing, while its kernel goes on with the packets."""
        with open(os.path.join(self.private["isp"]["/run"], "isp0.pid")) as file:
            os.kill(int(file.read()), number)

    def terminate(self, protocol):
        """The ISP ends one network control protocol, and does not take it up again before resume(): its pppd has no command
        for that, so the request is put on the line in its name."""
        self.isp_pppd(signal.SIGSTOP)
        request = struct.pack("!HBBH", protocol, TERMINATE_REQUEST, 99, 4)
        frame = (bytes.fromhex((self.lab.cpe.mac("dsl0") + self.lab.isp.mac("dsl0")).replace(":", ""))
                 + struct.pack("!HBBHH", ETH_P_PPP_SES, 0x11, 0, self.session.number, len(request)) + request)

        def send():
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
                sock.bind(("dsl0", 0))
                sock.send(frame)
        self.lab.isp.call(send)

    def resume(self, protocol):
        """The ISP's pppd hears what it was sent meanwhile, and negotiates anew."""
        if protocol == IPV6CP:
            self.lab.isp.ip("-6", "address", "flush", "dev", "isp0", "scope", "link")  # it would not put it there twice
        self.isp_pppd(signal.SIGCONT)
        if protocol == IPV6CP:
            self.plain_link_local(self.session.theirs)

    def has_ipv4(self):
        return self.lab.cpe.run("ping", "-4", "-n", "-c", "1", "-W", "2", ISP_IPV4, check=False).returncode == 0

    def our_ipv4(self):
        """The address that IPCP negotiated for ppp0, or None."""
        return next((one["local"] for link in self.lab.cpe.json("-4", "address", "show", "dev", "ppp0")
                     for one in link.get("addr_info", [])), None)

    def our_link_locals(self):
        return [one["local"] for one in self.lab.cpe.addresses("ppp0", "link")]
