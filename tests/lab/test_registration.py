# SPDX-License-Identifier: Apache-2.0
"""The uplink's own addresses, told to a provider's DHCPv6 server that asks for it (RFC 9686). No server of Debian 12
does; ours does, and stands at the provider's end."""
import ipaddress
import json
import os
import struct
import time

from lab import check_not_malformed, limit, proves
from peers import Sixgated
from scenario import final_checks, toml
from wire import inside

LINK = "2001:db8:55:1::/64"
ISP = """[lan.access]
interface = "isp0"
addressing = "%s"
prefix = ["2001:db8:55:1::/64"]
ra_default = 2
ra_max_interval = 10
dhcpv6_registration = %s
dhcpv6_lease_time = 120
[ula]
prefix = "none"
[firewall]
backend = "none"
"""
CPE = 'request_prefix = "none"\nroute_check = "off"\nshare_prefix = "off"\n'
INFORM, REPLY = "36", "37"


def provider(lab, addressing="slaac+dhcpv6", registration="true"):
    """sixgated on the provider's side of the access link."""
    upstream = Sixgated(lab, arguments=[], namespace=lab.isp)
    upstream.state_dir, upstream.socket = (os.path.join(lab.fresh_directory("provider"), one)
                                           for one in ("state", "sixgate.sock"))
    upstream.config_path = lab.file("provider.toml", ISP % (addressing, registration))
    return upstream.start()


def leases(sixgated, kind):
    done = sixgated.cli_run("leases", "--json")
    return {lease for one in json.loads(done.stdout)["leases"] if one["type"] == kind for lease in one["leases"]}


def own_address(lab, leased=()):
    """What sixgated made itself of the link's prefix."""
    return next((one["local"] for one in lab.cpe.addresses("wan0")
                 if inside(one["local"], LINK) and not one.get("tentative") and one["local"] not in leased), None)


@limit(150)
@proves("9686-08")
def test_own_addresses_are_registered(lab):
    """An ADDR-REG-INFORM for the SLAAC address and none for the leased one; the answer comes in through the firewall, and
    the provider's server knows the address. After a flap of the link it is told anew."""
    lab.house({"lan0": ["h1"]})
    upstream = provider(lab)
    cpe = Sixgated(lab, config=toml(lans=("lan0",), uplink=CPE)).start()
    lab.until("the server leased an address", lambda: leases(upstream, "address"), 30)
    leased = leases(upstream, "address")
    lab.until("sixgated made one itself", lambda: own_address(lab, leased), 20)
    own = own_address(lab, leased)
    lab.until("the server knows it", lambda: leases(upstream, "registered") == {own}, 20)
    lab.until("sixgated knows that", lambda: cpe.status()["uplinks"][0].get("registered") == [own], 10)
    informs = lab.wan.dhcp(INFORM)
    asked = [one for one in lab.wan.dhcp("Solicit") + lab.wan.dhcp("Request") if 148 in one.requested]
    signalled = [one for one in lab.wan.dhcp("Advertise") + lab.wan.dhcp("Reply") if one.option(148) == b""]
    lab.check(asked and signalled, "option 148 was not asked for, or not given")
    first = min(one.time for one in signalled)
    good = [one for one in informs if one.source == own and one.destination == "ff02::1:2" and one.time > first
            and one.packet.ports == (546, 547) and one.client and one.server is None and one.option(6) is None
            and [body[:16] for code, body in one.options if code == 5] == [ipaddress.IPv6Address(own).packed]]
    lab.row("9686-08", informs and good == informs, "%s of %s" % (good, [(one, one.source) for one in informs]))
    lab.check(not [one for one in informs if one.source in leased], "a leased address is registered")
    # It was heard: one transmission, and one answer to the very address with the same option.
    replies = lab.wan.dhcp(REPLY)
    lab.check(replies and len({one.transaction for one in informs}) == 1, "%d sent, %d answered" % (len(informs), len(replies)))
    lab.check(replies[0].destination == own and replies[0].transaction == informs[0].transaction
              and replies[0].option(5) == informs[0].option(5), replies[0])
    preferred, valid = struct.unpack("!II", informs[0].option(5)[16:24])
    lab.check(0 < preferred <= valid <= 7200, "lifetimes %d, %d" % (preferred, valid))
    # Nobody else may speak to that port.
    heard = lab.isp.udp(own, 546, timeout=1.0)
    lab.check(heard == "silent", "port 546 of %s is %s" % (own, heard))
    # The link flaps: nothing is known of it any more. What is leased is only confirmed, which says nothing of options: the
    # next Renew does, after a quarter of the lease.
    since = time.time()
    lab.cpe.ip("link", "set", "wan0", "down")
    lab.until("sixgated saw it", lambda: not cpe.status()["uplinks"][0]["ready"], 10)
    lab.cpe.ip("link", "set", "wan0", "up")
    lab.until("it is registered again", lambda: lab.wan.dhcp(REPLY, since), 60)
    again = lab.wan.dhcp(INFORM, since)
    lab.check(again[0].transaction != informs[0].transaction, "the same transaction: %s" % again)
    check_not_malformed(lab, [lab.wan])
    final_checks(lab)


@limit(90)
@proves("9686-08", "9686-09")
def test_nobody_answers(lab):
    """A server that asks and then does not answer hears it three times; one that does not ask hears nothing."""
    lab.house({"lan0": ["h1"]})
    upstream = provider(lab, "slaac+stateless", "false")
    cpe = Sixgated(lab, config=toml(lans=("lan0",), uplink=CPE)).start()
    lab.until("sixgated has an address", lambda: own_address(lab), 30)
    lab.wan.wait_dhcp("Reply")
    lab.holds("nothing is registered", lambda: not lab.wan.dhcp(INFORM), 5)
    lab.row("9686-08", not lab.wan.dhcp(INFORM), lab.wan.dhcp(INFORM))
    # Now it does, and its answers are lost.
    lab.isp.run("ip6tables", "-A", "OUTPUT", "-o", "isp0", "-p", "udp", "--dport", "546", "-d", LINK, "-j", "DROP")
    upstream.config_path = lab.file("provider.toml", ISP % ("slaac+stateless", "true"))
    upstream.reload()
    upstream.process.wait_log("configuration changed")
    cpe.kill()
    cpe.start()
    lab.until("it is told three times", lambda: len(lab.wan.dhcp(INFORM)) == 3, 30)
    lab.holds("and no more", lambda: len(lab.wan.dhcp(INFORM)) == 3, 6)
    sent = lab.wan.dhcp(INFORM)
    gaps = [later.time - earlier.time for earlier, later in zip(sent, sent[1:])]
    lab.row("9686-09", len({one.transaction for one in sent}) == 1 and 0.85 < gaps[0] < 3.5 and 1.6 < gaps[1] < 5, gaps)
    lab.check(not cpe.status()["uplinks"][0].get("registered"), "nobody answered")
    check_not_malformed(lab, [lab.wan])
    final_checks(lab)
