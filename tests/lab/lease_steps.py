# SPDX-License-Identifier: Apache-2.0
"""A house whose sixgated is watched, and killed, between the steps of keeping its leases (lease_steps.cc), and its clients,
who know what they were told."""
import itertools
import os
import signal
import socket
import struct
import time

from lab import SLOW, run
from peers import Sixgated
from scenario import toml
from test_dhcp6_names import option
from test_dhcp6_server import leases
from wire import inside

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lease_steps.cc")
SOLICIT, REQUEST, RENEW, REPLY, RELEASE = 1, 3, 5, 7, 8
IA_NA, IA_PD = 3, 25
PREFIX = "2001:db8:1::/48"
BIG, ALL = 1, [(IA_NA, iaid) for iaid in range(1, 17)]  # the client with many addresses
# A lease told of before a crash is longer than those told of while nothing crashes, by more than the doubt.
LONG, SHORT, DOUBT = 7200, 3600, 1800
HOLD = 6  # a slow medium


def configuration(durability, lifetime=SHORT):
    return toml(lans=("lan0",), top='durability = "%s"\n[ula]\nprefix = "none"\n[firewall]\nbackend = "none"\n' % durability,
                uplink='mode = "static"\nprefixes = ["%s"]\n' % PREFIX,
                lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = %d\n' % lifetime)


class Shim:
    """The library beneath sixgated: what it saw, and what it is to do."""

    def __init__(self, lab, hold=None):
        library, self.path, self.plan = (os.path.join(lab.directory, one) for one in ("steps.so", "steps", "plan"))
        run("g++", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl")
        self.environment = {"LD_PRELOAD": library, "SIXGATE_LAB_STEPS": self.path, "SIXGATE_LAB_PLAN": self.plan,
                            "SIXGATE_LAB_JOURNAL": os.path.join(lab.short, "state", "leases")}
        if hold:
            self.environment["SIXGATE_LAB_HOLD"] = str(hold)
        self.fresh()

    def fresh(self):
        """A clean page."""
        open(self.path, "w").close()

    def steps(self):
        """[(what, with what, size, content)]"""
        with open(self.path) as file:
            return [tuple((line.split(" ") + [""] * 3)[:4]) for line in file.read().splitlines()]

    def saw(self, what):
        with open(self.path) as file:
            return what in file.read()

    def arm(self, how, number, since="now", step="any"):
        self.fresh()
        with open(self.plan + ".new", "w") as file:
            file.write("%s %d %s %s" % (how, number, since, step))
        os.replace(self.plan + ".new", self.plan)

    def disarm(self):
        os.unlink(self.plan)


class Crowd:
    """DHCPv6 clients of one host, by number; what they were told is read from the wire."""

    def __init__(self, lab, host, wire):
        self.lab, self.wire, self.own = lab, wire, host.link_local("eth0")
        self.transactions, self.since = itertools.count(1), time.time()
        self.asked, self.told, self.ended, self.released, self.server = {}, {}, set(), set(), None
        self.socket = host.call(self._open)
        lab.sockets.append(self.socket)

    def _open(self):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.index = socket.if_nametoindex("eth0")
        sock.bind((self.own, 546, 0, self.index))
        sock.settimeout(0.02)
        return sock

    @staticmethod
    def duid(number):
        return b"\0\2\0\0\x7e\xd9" + struct.pack("!I", number)

    def message(self, kind, number, associations=((IA_NA, 1),)):
        """A message of client `number` about these; a Solicit asks for rapid commit."""
        transaction = struct.pack("!I", next(self.transactions))[1:]
        self.asked[transaction] = (kind, number, tuple(associations))
        if kind == RELEASE:
            self.ended.add(self.duid(number).hex())
        parts = [bytes([kind]), transaction, option(1, self.duid(number)), option(8, b"\0\0")]
        parts.append(option(14, b"") if kind == SOLICIT else option(2, self.server))
        for code, iaid in associations:
            body = struct.pack("!III", iaid, 0, 0)
            for lease in self.told.get((self.duid(number).hex(), code, iaid), ((), 0))[0]:
                raw = socket.inet_pton(socket.AF_INET6, lease.split("/")[0])
                body += option(5, raw + bytes(8)) if code == IA_NA else option(26, bytes(8) + b"\x40" + raw)
            parts.append(option(code, body))
        return b"".join(parts)

    def say(self, messages, sixgated):
        """All at once: sixgated sleeps over several."""
        if len(messages) > 1:
            sixgated.process.send(signal.SIGSTOP)
        for one in messages:
            self.socket.sendto(one, ("ff02::1:2", 547, 0, self.index))
        sixgated.process.send(signal.SIGCONT)

    def talk(self, messages, sixgated):
        """Says these until each is answered; False when sixgated died over it."""
        open_, end = {one[1:4]: one for one in messages}, time.monotonic() + 20 * SLOW
        while open_:
            self.say(open_.values(), sixgated)
            again = time.monotonic() + 0.5 * SLOW
            while open_ and time.monotonic() < again:
                try:
                    answer = self.socket.recv(4096)
                    if answer[0] == REPLY:
                        open_.pop(answer[1:4], None)
                except TimeoutError:
                    if not sixgated.process.running:
                        return False
            if time.monotonic() > end:
                self.lab.fail("no Reply to %s" % [one.hex() for one in open_.values()])
        return True

    def forget_but(self, told):
        """What was told since then nobody has promised to remember."""
        self.told, self.since = told, time.time()

    def listen(self):
        """Takes down what Replies have told since the last time."""
        since, self.since = self.since, time.time()
        newest = {}  # to the same question
        for packet in self.wire.packets(since, self.since, lambda one: one.ports == (547, 546) and one.payload[8] == REPLY):
            kind, *question = self.asked.get(packet.payload[9:12], [None])
            newest[tuple(question)] = (kind, packet)
        for kind, packet in newest.values():
            reply = packet.dhcp
            if kind == RELEASE:
                self.released.add(reply.client.hex())
            elif kind:
                self.server = reply.server
                for ia in reply.addresses + reply.delegations:
                    given = [one for one in ia.addresses + ia.prefixes if one[2]]
                    self.lab.check(given and all(inside(one[0].split("/")[0], PREFIX) for one in given), reply)
                    self.told[(reply.client.hex(), ia.code, ia.iaid)] = (
                        [one[0] for one in given], reply.time + min(one[2] for one in given))
        self.told = {key: given for key, given in self.told.items() if key[0] not in self.ended}


class Scene:
    """A house with clients of an address and a prefix each, and a big one."""

    def __init__(self, lab, sixgated):
        self.lab, self.sixgated = lab, sixgated
        self.start()
        lab.cpe.link_local("lan0")
        self.crowd = Crowd(lab, lab.h1, lab.lan0)
        self.numbers, self.known = itertools.count(BIG + 1), {}
        self.tell([self.crowd.message(SOLICIT, BIG, ALL)] + [
            self.crowd.message(SOLICIT, next(self.numbers), [(IA_NA, 1), (IA_PD, 2)]) for _ in range(8)])
        self.remembered("at first")

    def talk(self, *messages):
        return self.crowd.talk(messages, self.sixgated)

    def tell(self, messages):
        self.lab.check(self.crowd.talk(messages, self.sixgated), "sixgated died over it")
        self.crowd.listen()

    def said(self, what):
        """How often its log says so."""
        return self.sixgated.process.text().count(what)

    def clients(self):
        """{number: its associations} of those that have something, but for the big one."""
        found = {}
        for duid, code, iaid in self.crowd.told:
            found.setdefault(int(duid[-8:], 16), []).append((code, iaid))
        del found[BIG]
        return dict(sorted(found.items()))

    def message(self, kind, number):
        return self.crowd.message(kind, number, self.clients()[number])

    def traffic(self):
        """Messages, one by one, of newcomers and of old clients in turn."""
        for number in itertools.cycle(self.clients()):
            yield self.crowd.message(SOLICIT, next(self.numbers))
            yield self.message(RENEW, number)

    def remembered(self, what):
        """All that clients were told of before is known, for as long as they were told, and what was known before."""
        lab, now = self.lab, time.time()
        self.crowd.listen()
        found = leases(self.sixgated)
        known = {(one["duid"], {"address": IA_NA, "prefix": IA_PD}[one["type"]], one["iaid"]): (
            one["leases"], now + one["valid"]) for one in found}
        lost = {key: (given, known.get(key)) for key, given in self.crowd.told.items()
                if key not in known or known[key][0] != given[0] or known[key][1] < given[1] - DOUBT}
        lab.check(not lost, "%s: %d of %d leases that were told of are not known so: %s" % (
            what, len(lost), len(self.crowd.told), list(lost.items())[:4]))
        gone = [key for key in self.known if key not in known and key[0] not in self.crowd.ended]
        lab.check(not gone, "%s: forgotten: %s" % (what, gone))
        back = [key for key in known if key[0] in self.crowd.released]
        lab.check(not back, "%s: released, and there again: %s" % (what, back))
        every = [lease for one in found for lease in one["leases"]]
        lab.check(len(every) == len(set(every)) == len(known), "%s: a lease twice: %s" % (what, found))
        self.known = known

    def start(self):
        """False when it died over that."""
        self.sixgated.start(wait=False)
        process = self.sixgated.process
        process.expected_to_live = False
        self.lab.until("sixgated answers or dies", lambda: not process.running or self.sixgated.answers(), every=0.01)
        return process.running


class Mortal(Scene):
    """And sixgated dies when it is told to."""

    def __init__(self, lab, durability):
        self.durability, self.deaths, self.longer = durability, [], 0
        lab.house({"lan0": ["h1"]})
        self.shim = Shim(lab, hold=HOLD)
        super().__init__(lab, Sixgated(lab, config=configuration(durability), environment=self.shim.environment))

    def lease_time(self, seconds):
        """Without a word to a sixgated that runs."""
        self.sixgated.write(configuration(self.durability, seconds))

    def tell_longer(self):
        self.lease_time(LONG)
        process = self.sixgated.process
        self.sixgated.reload()
        self.lab.until("it has read that", lambda: "configuration changed" in process.text(), every=0.01)

    def died(self, what):
        """It was killed by the shim, and where."""
        steps, process = self.shim.steps(), self.sixgated.process
        process.popen.wait(5 * SLOW)
        self.lab.check(steps[-1][0] == "killed" and process.popen.returncode == -signal.SIGKILL,
                       "%s: exit code %s after %s" % (what, process.popen.returncode, steps[-1]))
        self.deaths.append((what.split()[0], *steps[-2][:2]))
        self.crowd.listen()
        self.longer += sum(until > time.time() + LONG - DOUBT for _, until in self.crowd.told.values())
        self.recover("%s, %s" % (what, steps[-2][:3]))

    def recover(self, what):
        """What clients were told is known again, nothing is set aside or damaged, and they renew."""
        self.shim.disarm()
        self.lease_time(SHORT)
        self.lab.check(self.start(), "%s: it does not start again" % what)
        self.remembered(what)
        files = [one for one in os.listdir(self.sixgated.state_dir) if one.startswith("leases")]
        self.lab.check(files == ["leases"], "%s: %s" % (what, files))
        text = self.sixgated.process.text()
        self.lab.check("damaged" not in text and "cannot" not in text, "%s: %s" % (what, text[-2000:]))
        had = {key: given for key, (given, _) in self.crowd.told.items()}
        numbers = list(self.clients())
        self.tell([self.crowd.message(RENEW, BIG, ALL)] + [self.message(RENEW, number) for number in numbers[-8:]])
        has = {key: given for key, (given, _) in self.crowd.told.items()}
        self.lab.check(has == had, "%s: others when renewed: %s, had %s" % (what, has, had))
        if len(numbers) > 24:
            self.tell([self.message(RELEASE, number) for number in numbers[:8]])

    def missed(self, *steps):
        """The deaths that it did not die at these; a write can be taken by half, too."""
        return sorted({(how, *step) for step in steps for how in ("before", "half", "after")
                       if how != "half" or step[0] == "write"} - set(self.deaths))
