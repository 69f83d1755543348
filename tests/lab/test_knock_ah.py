# SPDX-License-Identifier: Apache-2.0
"""The IPsec knock where the kernel has AH: another machine, set up by nothing but what `sixgate knock client-config` prints.

    remote --- isp --- cpe (wan0 | lan0: h1, opened to the knock | lan1: h3, not opened)
       net -----'
"""
import os
import time

from lab import OTHER_POOL, limit, needs, require_tools
from other_firewalls import variant
from peers import Sixgated
from scenario import build, final_checks, toml, wait_delegated, wait_online
from wire import inject

KNOCKER, ALSO_THERE = "2001:db8:9::7", "2001:db8:9::8"
LANS = {"lan0": ["h1"], "lan1": ["h3"]}
HOSTS = ("h1", "h3")
PORT = 8080
AH, SYN = 51, 2
KEY, WRONG_KEY = "5a" * 32, "a5" * 32


class Knock:
    """A house that opens lan0 to the holder of a key, and that holder's machine, which knows of nothing yet."""

    def __init__(self, lab, backend):
        require_tools("nft" if backend == "nft" else "ip6tables-restore", "ip")
        name, private = variant(backend)
        self.lab = lab
        lab.house(LANS)
        self.remote = lab.namespace("remote")
        lab.cable(self.remote, "eth0", lab.isp, "core1")
        for namespace, interface, addresses in ((self.remote, "eth0", (KNOCKER, ALSO_THERE)),
                                                (lab.isp, "core1", ("2001:db8:9::1",))):
            lab.no_dad(namespace, interface)
            for one in addresses:
                namespace.ip("address", "add", one + "/64", "dev", interface, "nodad")
        self.remote.ip("-6", "route", "add", "default", "via", "2001:db8:9::1", "src", KNOCKER)
        self.wire = self.remote.wire("eth0")
        key = lab.file("knock.key", KEY + "\n", 0o600)
        stanza = '\n[ipsec_knock]\nspi = 0x5150\nkey_file = "%s"\nlans = ["lan0"]\n' % key
        # The uplink has two addresses, one from DHCPv6 and one of its own making.
        self.house = build(lab, server_options={"renew": 5, "rebind": 8, "preferred": 20, "valid": 40},
                           ra={"autonomous": True})
        self.house.sixgated = Sixgated(lab, toml(lans=LANS) + stanza, extra=["--firewall", name], private=private)
        self.house.sixgated.start()
        self.house.prefix = wait_delegated(lab)
        wait_online(lab, self.house.prefix, HOSTS)
        if backend == "ip6tables-legacy":
            lab.cpe.run("ip6tables-legacy", "-S", "sixgate-forward")  # fails when they are not there
        for role in HOSTS + ("cpe",):
            lab.roles[role].serve(tcp=[PORT])
        self.in_place()
        tunnels = self.house.sixgated.status()["knock"]["tunnels"]
        lab.check(len(tunnels) == 2, "not one tunnel for each address of the uplink: %s" % tunnels)

    def in_place(self):
        """The kernel has the tunnels, for the house's prefix alone."""
        def there():
            tunnels = self.house.sixgated.status()["knock"]["tunnels"]
            return tunnels and all(one["in_place"] and one["inner"] == self.house.prefix for one in tunnels)
        self.lab.until("the tunnels are in place for %s alone" % self.house.prefix, there, 120, every=0.5)

    def address(self, role="h1"):
        return self.lab.roles[role].address_in(self.house.prefix)

    def obey(self, key=KEY, other=lambda text: text):
        """The remote machine does what sixgate prints; a person fills in its address and brings the key."""
        told = self.house.sixgated.cli_run("knock", "client-config")
        self.lab.check(told.returncode == 0 and "\nSELF=...\n" in told.stdout, told)
        text = other(told.stdout.replace("\nSELF=...\n", "\nSELF=%s\n" % KNOCKER))
        directory = self.lab.fresh_directory("remote")
        for name, content in (("knock.key", key + "\n"), ("commands", text)):
            with open(os.path.join(directory, name), "w") as file:
                file.write(content)
        self.remote.run("sh", "-ec", "cd '%s' && . ./commands" % directory)

    def forget(self):
        """As after a reboot of the remote machine."""
        for what in ("state", "policy"):
            self.remote.ip("xfrm", what, "flush")

    def tries(self, role="h1", source=KNOCKER, timeout=2):
        return self.remote.tcp(self.address(role), PORT, timeout, source=source)

    def refused(self, counter):
        """What the router's kernel counted of packets that it did not take out of a tunnel."""
        text = self.lab.cpe.run("cat", "/proc/net/xfrm_stat").stdout
        return int(next(line.split()[1] for line in text.splitlines() if line.split()[0] == counter))

    def syns_inside(self, since):
        """The beginnings of connections that came to lan0 from where the knocker is."""
        return self.lab.lan0.packets(since, match=lambda one: one.source in (KNOCKER, ALSO_THERE) and one.proto == 6
                                     and one.payload[13] & 0x12 == SYN)

    def nobody_else(self):
        """Who has no key, and where there is no knock."""
        h1, router = self.address(), self.lab.cpe.wait_address(self.house.prefix, "lan0")
        found = {"another machine": self.lab.net.tcp(h1, PORT, 1),
                 "another sender": self.tries(source=ALSO_THERE, timeout=1),
                 "another LAN": self.tries("h3", timeout=1), "the router": self.remote.tcp(router, PORT, 1)}
        self.lab.check(set(found.values()) == {"silent"}, found)


def opens(lab, backend):
    knock = Knock(lab, backend)
    lab.check(knock.tries(timeout=1) == "silent", "open to who knows nothing")
    # The control of all that is silent here comes after it: the same machine, set up right.
    for what, counter, options in (
            ("a wrong key", "XfrmInStateProtoError", {"key": WRONG_KEY}),
            ("a wrong SPI", "XfrmInNoStates", {"other": lambda text: text.replace("spi 20816", "spi 20817")})):
        knock.obey(**options)
        before, since = knock.refused(counter), time.time()
        lab.check(knock.tries() == "silent" and not knock.syns_inside(since), what + " opens the house")
        lab.check(knock.refused(counter) > before, "%s: no packet came to the router's tunnel" % what)
        knock.forget()
    knock.obey()
    since = time.time()
    lab.check(knock.tries() == "open", "what client-config prints does not open the house")
    lab.check(knock.remote.ping(knock.address()), "no ping")
    plain = lab.wan.packets(since, match=lambda one: one.source == KNOCKER and one.proto != AH)
    lab.check(not plain, "beside the tunnel: %s" % plain)
    knock.nobody_else()
    return knock


def opens_through_a_renumbering(lab, backend):
    """The old prefix is shut, also to who goes on using the tunnel, and the new one opens."""
    knock = opens(lab, backend)
    old, since = knock.address(), time.time()
    lab.check(knock.tries() == "open", "it does not open any more")
    newest = knock.wire.packets(since, match=lambda one: one.outgoing and one.proto == AH)[-1].raw[14:]
    since = time.time()
    knock.house.server.renumber(OTHER_POOL, knock.house.snooper)
    gone, knock.house.prefix = knock.house.prefix, wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, knock.house.prefix, HOSTS)
    knock.in_place()
    states, policies = lab.cpe.ip("xfrm", "state"), lab.cpe.ip("xfrm", "policy", "list", "dir", "fwd")
    lab.check(all(gone not in text and knock.house.prefix in text for text in (states, policies)), states + policies)
    # What came just before is old to the tunnels that were made anew, too.
    before = knock.refused("XfrmInStateSeqError")
    inject(lab.isp, "isp0", newest, lab.cpe.mac("wan0"))
    lab.until("a packet of before is seen to be an old one", lambda: knock.refused("XfrmInStateSeqError") > before, 5)
    since = time.time()
    lab.check(knock.remote.tcp(old, PORT, 2) == "silent" and not knock.syns_inside(since), "the old prefix is open")
    lab.check(knock.tries(timeout=1) == "silent", "the new prefix is open to who was not told of it")
    knock.obey()
    lab.check(knock.tries() == "open", "what client-config prints now does not open the house")
    knock.nobody_else()
    final_checks(lab, judge=False)


def sent_again(lab, backend):
    knock = Knock(lab, backend)
    knock.obey()
    h1, sender = knock.address(), lab.cpe.mac("wan0")
    # A SYN that somebody keeps on its way, so that the router has not seen it.
    since = time.time()
    lab.isp.run("nft", "-f", "-", stdin="table ip6 thief { chain keep { type filter hook forward priority 0; "
                "iif core1 drop; }; }\n")
    lab.check(knock.tries(timeout=1) == "silent" and not knock.syns_inside(since), "the thief kept nothing")
    lab.isp.run("nft", "delete", "table", "ip6", "thief")
    captured = knock.wire.packets(since, match=lambda one: one.outgoing and one.proto == AH)
    lab.check(captured, "no AH on the wire")
    first = captured[0].raw[14:]

    def bring(packet):
        """Puts a packet on the WAN; whether a connection to h1 began with it."""
        lab.cpe.run("conntrack", "-F")
        before, when = knock.refused("XfrmInStateSeqError"), time.time()
        inject(lab.isp, "isp0", packet, sender)
        lab.until("the packet came to h1, or was seen to be an old one",
                  lambda: knock.syns_inside(when) or knock.refused("XfrmInStateSeqError") > before, 5)
        return bool(knock.syns_inside(when))
    lab.check(bring(first), "the first time it does not come to h1: this test would see nothing")
    for _ in range(3):
        lab.check(not bring(first), "a captured packet that was sent again came to h1")
    # Within the window and beyond it: what was answered meanwhile is no way in either.
    lab.check(knock.remote.ping(h1, count=40, wait=2), "the knocker's pings are not answered any more")
    lab.check(not bring(first), "a captured packet that was sent again much later came to h1")
    # sixgated begins anew, and takes up what its kernel knows.
    knock.house.sixgated.kill()
    knock.house.sixgated.start()
    knock.in_place()
    lab.check(not bring(first), "after a start of sixgated a captured packet came to h1")
    lab.check(knock.tries() == "open", "after a start of sixgated the knocker is shut out")
    # And what it kept when the kernel's own memory is gone, as after a boot.
    knock.house.sixgated.terminate()
    knock.house.sixgated.reboot()
    lab.cpe.ip("xfrm", "state", "flush")
    knock.house.sixgated.start()
    knock.in_place()
    wait_online(lab, knock.house.prefix, HOSTS)  # they were told good-bye
    lab.check(not bring(first), "after the kernel has forgotten it a captured packet came to h1")
    lab.check(knock.tries() == "open", "after the kernel has forgotten it the knocker is shut out")
    # The other machine begins anew, and so does its sequence: its packets are old ones until somebody says that they are not.
    knock.forget()
    knock.obey()
    before = knock.refused("XfrmInStateSeqError")

    def is_refused():
        said = knock.tries()
        lab.check(said != "open", "a sequence that began anew is taken")
        return said == "silent" and knock.refused("XfrmInStateSeqError") > before
    lab.until("a sequence that began anew is refused", is_refused, 30)
    lab.check(knock.house.sixgated.cli_run("knock", "reset").returncode == 0, "knock reset fails")
    knock.in_place()
    lab.check(knock.tries() == "open", "after knock reset the other machine is still shut out")
    knock.nobody_else()
    final_checks(lab, judge=False)


@needs("ah")
@limit(240)
def test_knock_ah_opens_with_nft(lab):
    """nft: who was set up by client-config reaches the opened LAN, nobody else does, and so it is after a renumbering."""
    opens_through_a_renumbering(lab, "nft")


@needs("ah")
@limit(240)
def test_knock_ah_opens_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    opens_through_a_renumbering(lab, "ip6tables")


@needs("ah")
@limit(240)
def test_knock_ah_opens_with_ip6tables_legacy(lab):
    """ip6tables-legacy-restore, whose kernel parts take AH apart by themselves: the same without the renumbering."""
    opens(lab, "ip6tables-legacy")
    final_checks(lab, judge=False)


@needs("ah")
@limit(240)
def test_knock_ah_sent_again_with_nft(lab):
    """nft: a captured packet opens nothing; a sequence that begins anew opens nothing before knock reset."""
    sent_again(lab, "nft")


@needs("ah")
@limit(240)
def test_knock_ah_sent_again_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    sent_again(lab, "ip6tables")
