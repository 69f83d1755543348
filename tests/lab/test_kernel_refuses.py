# SPDX-License-Identifier: Apache-2.0
"""The kernel refuses a change of our nft sets, for somebody has put elements there that overlap the new ones: the rules
before go on judging until the new ones are in place, nothing is open meanwhile, and what is not ours goes.

A prober beyond the ISP tries all the time. Of two prefixes of the house one stays, and its pinhole with it; the other moves.
"""
import os
import re
import shutil
import signal
import time

from lab import ACCESS, SERVER, limit, require_tools
from peers import Sixgated
from scenario import final_checks, toml, wait_online
from test_prober import SynProber

STAYS = "2001:db8:1234::/48"
MOVES = ["2001:db8:5678::/48", "2001:db8:6789::/48"]
OPEN, SHUT = 8080, 7000
PINHOLES = """
[[pinhole]]
lan = "lan0"
host = "%s"
ports = [8080]
[[pinhole]]
lan = "lan0"
host = "%s"
ports = ["8000-8010"]
sources = ["2001:db8:9::/48"]
"""

# sixgated's nft: keeps what rules are loaded, and before that does what somebody else wants done at that moment.
NFT = """#!/bin/sh
[ "$*" = "-f -" ] || exec '%(nft)s' "$@"
[ ! -e '%(first)s' ] || . '%(first)s'
echo '# loaded' >> '%(loaded)s'
tee -a '%(loaded)s' | '%(nft)s' "$@"
"""

# At the moment of loading: at the other end of the prefix than when sixgated looked.
IN_THE_WAY = """number=$(($(cat '%(count)s' 2> /dev/null) + 1))
echo $number > '%(count)s'
if [ $((number %% 2)) = 0 ]; then at=%(prefix)s; else at=%(prefix)sffff:; fi
'%(nft)s' flush set ip6 sixgate delegated_overlap
'%(nft)s' add element ip6 sixgate delegated_overlap "{ \\"wan0\\" . $at:/64 }"
"""

# All the time.
SPOILER = """while :; do
  for prefix in """ + " ".join(one.replace("/48", "") for one in MOVES) + """; do
    for length in 52 53; do
      '%(nft)s' add element ip6 sixgate delegated "{ \\"wan0\\" . $prefix/$length }" 2> /dev/null
    done
  done
done
"""


def of(prefix):
    """What addresses of a prefix begin with."""
    return prefix[:-len(":/48")]


class Guarded:
    """The house, whose second prefix moves at each reload, and its prober."""

    def __init__(self, lab):
        require_tools("nft")
        self.lab = lab
        lab.house({"lan0": ["h1"]})
        for prefix in (STAYS, *MOVES):
            lab.isp.ip("-6", "route", "add", prefix, "via", ACCESS.replace("::/64", "::2"))
        self.nft, self.first, self.rules = (os.path.join(lab.short, name) for name in ("nft", "first", "loaded"))
        shutil.copy(shutil.which("nft"), self.nft)
        wrapper = lab.file("nft", NFT % {"loaded": self.rules, "first": self.first, "nft": self.nft}, 0o755)
        self.gateway, self.mac, self.at = lab.isp.link_local("isp0"), lab.h1.mac("eth0"), 0
        self.sixgated = Sixgated(lab, config=self.config(), private={os.path.realpath(shutil.which("nft")): wrapper}).start()
        wait_online(lab, STAYS, ("h1",))
        wait_online(lab, MOVES[0], ("h1",))
        # The same host part in each, for it is made of the MAC address.
        self.h1 = {prefix: of(prefix)[:-1] + lab.h1.address_in(STAYS)[len(of(STAYS)) - 1:]
                   for prefix in (STAYS, *MOVES)}
        lab.h1.serve(tcp=[OPEN])
        lab.until("the pinhole is open", lambda: all(lab.net.tcp(self.h1[one], OPEN, 1) == "open"
                                                     for one in (STAYS, MOVES[0])), 20)
        self.syns = SynProber(lab, [(self.h1[STAYS], OPEN)] + [(one, SHUT) for one in self.h1.values()])

    def config(self):
        prefixes = [STAYS, MOVES[self.at]]
        return toml(lans=("lan0",), top='[firewall]\nbackend = "nft"\n',
                    uplink='mode = "static"\nprefixes = [%s]\naddress = "%s"\ngateway = "%s"\n' % (
                        ", ".join('"%s"' % one for one in prefixes), ACCESS.replace("::/64", "::2/64"),
                        self.gateway)) + PINHOLES % (self.mac, self.mac)

    def change(self, *words, check=True):
        return self.lab.cpe.run(self.nft, *words, check=check)

    def loads(self):
        """Each time that sixgated has loaded rules by the program nft, what it was."""
        with open(self.rules) as file:
            return file.read().split("# loaded\n")[1:]

    def foreign(self):
        """What tests put into sets and nobody took out."""
        return [one for one in self.elements() if re.search(r"/5[23]|/64|8005|-2001:", one)]

    def elements(self):
        """Of the sets that tests put something into."""
        words = "".join(self.change("-s", "list", "set", "ip6", "sixgate", name).stdout for name in (
            "lan", "exposed", "door_tcp", "delegated", "delegated_overlap", "pinhole_tcp", "pinhole_tcp_overlap"))
        return sorted(words.replace(",", " ").split())

    def move(self):
        """The second prefix gives way to another; returns that one."""
        self.at = 1 - self.at
        self.sixgated.write(self.config())
        self.sixgated.reload()
        return MOVES[self.at]

    def meet(self, element):
        """The second prefix gives way to another, and an element is there before: both come to be known at once."""
        self.sixgated.process.send(signal.SIGSTOP)
        self.change("add element ip6 sixgate " + element)
        new = self.move()
        self.sixgated.process.send(signal.SIGCONT)
        return new

    def settled(self, timeout=30):
        """All is as it should be: the rules, the pinholes, and what the host has of the Internet."""
        lab, new = self.lab, MOVES[self.at]

        def applied():
            status = self.sixgated.status()
            return status["firewall"]["applied"] and not [one for one in status["problems"] if "firewall" in one]
        wait_online(lab, new, ("h1",))
        lab.until("the newest rules are in place", applied, timeout)
        lab.until("the pinhole has moved", lambda: lab.net.tcp(self.h1[new], OPEN, 1) == "open", timeout)
        lab.check(lab.net.tcp(self.h1[MOVES[1 - self.at]], OPEN, 1) != "open", "the old pinhole is open")
        lab.check(lab.h1.ping(SERVER, source=self.h1[new]) and lab.h1.ping(SERVER, source=self.h1[STAYS]), "h1 is offline")

    def guards(self, what, since=0.0):
        """What was shut never was open, and what is open never shut."""
        lab = self.lab
        for prefix, address in self.h1.items():
            came = [one for one in self.syns.let_in(lab.lan0, (address, SHUT)).values() if one > since]
            lab.check(not came, "%s: %d segments to a shut port of %s" % (what, len(came), prefix))
        lost = self.lost(since, time.time() - 1)
        lab.check(not lost, "%s: the pinhole that stays lost %d segments" % (what, lost))

    def lost(self, since, until):
        came = self.syns.let_in(self.lab.lan0, (self.h1[STAYS], OPEN))
        return sum(source not in came for source, when in list(self.syns.sent[self.h1[STAYS], OPEN].items())
                   if since < when < until)

    def look_away(self):
        """Where our rules are changed again and again, they are looked at less and less often."""
        before = self.elements()
        for number in range(5):
            self.change("add element ip6 sixgate lan { other%d }" % number)
            self.lab.until("it is undone", lambda: self.elements() == before, 20)

    def refused_alone(self, since, new):
        """How many of the loads after so many were because the elements of the new prefix had been refused alone: what puts
        right what others did brings nothing new."""
        return sum(any(line.startswith("add element") and of(new) in line for line in text.splitlines())
                   for text in self.loads()[since:])

    def blind(self, change):
        """What the prober sees while sixgated cannot put right what somebody does: (let in to the shut port, lost)."""
        lab = self.lab
        self.sixgated.process.send(signal.SIGSTOP)
        self.change(change)
        since = time.time()

        def saw():
            return [sum(when > since for when in self.syns.let_in(lab.lan0, (self.h1[STAYS], SHUT)).values()),
                    self.lost(since, time.time() - 0.1)]
        lab.pause(0.5)
        end, seen = time.monotonic() + 10, saw()
        while max(seen) <= 10 and time.monotonic() < end:
            lab.pause(0.2)
            seen = saw()
        self.sixgated.process.send(signal.SIGCONT)
        return seen


def check_control(house):
    """The prober would notice: a LAN called exposed, and a pinhole taken away."""
    lab, before = house.lab, house.elements()
    seen = house.blind("add element ip6 sixgate exposed { lan0 }")
    lab.check(seen[0] > 10, "the prober does not see what is open: %s" % seen)
    lab.until("it is undone", lambda: house.elements() == before, 20)
    seen = house.blind("flush set ip6 sixgate door_tcp")
    lab.check(seen[0] == 0 and seen[1] > 10, "the prober does not see what is shut: %s" % seen)
    lab.until("it is undone", lambda: house.elements() == before, 20)
    return time.time()


@limit(300)
def test_kernel_refuses_a_renumbering(lab):
    """nft: an element in the way of the new prefix, which the guard of the rules has not looked at yet."""
    house = Guarded(lab)
    since = check_control(house)
    # Where nobody is in the way the difference alone is sent, and no program is started for it.
    before = house.loads()
    house.move()
    house.settled()
    lab.check(house.loads() == before, "a renumbering loads all rules")
    house.look_away()
    for what, element in (
            ("a part of what is coming", lambda new: 'delegated { "wan0" . %s }' % new.replace("/48", "/52")),
            ("a part of the coming pinhole",
             lambda new: 'pinhole_tcp { "lan0" . 2001:db8:9::/48 . %s . 8005-8020 }' % house.h1[new]),
            ("what is no prefix", lambda new: 'delegated { "wan0" . %s:-%s:5 }' % (of(new), of(new)))):
        for _ in range(6):  # it may be just the time to look at the rules
            before = len(house.loads())
            new = house.meet(element(MOVES[1 - house.at]))
            house.settled()
            if refused := house.refused_alone(before, new):
                break
        lab.check(refused, "%s was in nobody's way" % what)
        house.sixgated.process.wait_log("somebody changed our rules: nftables: ")
        lab.until("it is gone", lambda: not house.foreign(), 20)
        house.guards(what, since)
    house.syns.end()
    final_checks(lab)


@limit(240)
def test_kernel_refuses_until_it_is_left_alone(lab):
    """nft: whoever is in the way is elsewhere at each attempt: the rules before stay, sixgated says why, tries on, and has
    its way when it is left alone."""
    house = Guarded(lab)
    since = check_control(house)
    house.look_away()

    def status(applied):
        """Whether the new prefix is known and its rules are in place; or are not, and the problems say why."""
        said = house.sixgated.status()
        why = [one for one in said["problems"] if one.startswith("firewall: the newest rules are not in place: nft: ")
               and "could not process rule" in one.lower()]
        return (MOVES[house.at] in house.sixgated.delegations() and said["firewall"]["applied"] == applied
                and bool(why) != applied)
    for _ in range(6):  # it may be just the time to look at the rules
        before, new = len(house.loads()), MOVES[1 - house.at]
        # None of these was there when sixgated looked.
        with open(house.first, "w") as file:
            file.write(IN_THE_WAY % {"nft": house.nft, "count": os.path.join(lab.short, "count"), "prefix": of(new)})
        house.meet('delegated { "wan0" . %s }' % new.replace("/48", "/52"))
        lab.until("status says how it went", lambda: status(False) or status(True), 20)
        if refused := status(False):
            break
        os.unlink(house.first)
        lab.until("nothing of it is left", lambda: not house.foreign(), 30)
    lab.check(refused, "never refused")
    house.sixgated.process.wait_log("warning: cannot apply the firewall rules: nft: .*ould not process rule", 5)
    lab.until("it has tried three times", lambda: len(house.loads()) >= before + 3, 30)
    lab.check(status(False), house.sixgated.status()["problems"])
    shown = house.sixgated.cli_run("firewall", "print").stdout
    lab.check(shown.startswith("# not in place: nft: ") and new.split("::")[0] in shown, shown[:300])
    # Nothing of the new rules is there, and all of the old.
    lab.check(lab.net.tcp(house.h1[new], OPEN, 1) != "open", "the new pinhole is open, and nothing was refused")
    lab.check(lab.h1.ping(SERVER, source=house.h1[STAYS]), "h1 is offline")
    lab.check(lab.net.tcp(house.h1[STAYS], OPEN) == "open", "the pinhole is shut")
    house.guards("while the kernel refused", since)
    os.unlink(house.first)
    house.settled(40)
    lab.check(not house.foreign(), house.foreign())
    house.guards("until the end", since)
    house.syns.end()
    final_checks(lab)


@limit(200)
def test_kernel_refuses_again_and_again(lab):
    """nft: somebody puts elements in the way as fast as he can while the house is renumbered six times."""
    house = Guarded(lab)
    since = check_control(house)
    spoiler = lab.cpe.start("spoiler", ["sh", "-c", SPOILER % {"nft": house.nft}])
    before = len(house.loads())
    for _ in range(6):
        new = house.move()
        lab.until("%s is the one" % new, lambda: new in house.sixgated.delegations(), 10)
        # However the rules fare, what stays goes on.
        lab.check(lab.h1.ping(SERVER, source=house.h1[STAYS]), "h1 is offline")
        lab.pause(1.5)
    spoiler.stop(signal.SIGKILL)
    lab.until("the newest rules are in place", lambda: house.sixgated.status()["firewall"]["applied"], 70)
    house.settled(40)
    lab.until("nothing of it is left", lambda: not house.foreign(), 20)
    refused = sum(house.refused_alone(before, one) for one in MOVES)
    print("%d loads, %d of them because the elements alone were refused" % (len(house.loads()) - before, refused))
    house.guards("among renumberings", since)
    house.syns.end()
    final_checks(lab)
