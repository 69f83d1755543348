# SPDX-License-Identifier: Apache-2.0
"""`backend = "auto"` takes nft where it works and ip6tables where it does not, and a change that is refused leaves the rules
that were there. (A kernel without nftables cannot be had in a namespace; one that refuses our table is.)"""
import os
import re
import shutil
import time

from lab import SERVER, limit, require_tools
from other_firewalls import LEGACY
from peers import Sixgated
from scenario import build, final_checks, online, toml, wait_delegated, wait_online

AUTO = '[firewall]\nbackend = "auto"\n'
REFUSAL = "Could not process rule: No space left on device"
PINHOLE = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = %d\n'
MULTI = "/usr/sbin/xtables-nft-multi"


def no_program(lab, *paths):
    """As Namespace.command has it: where these programs are, there is something that cannot be run."""
    empty = lab.file("no-program", "", 0o644)
    return {path: empty for path in paths}


class Moody:
    """A program that refuses, with the words of the kernel, input in which a line of the file `dislikes` is found; an empty
    line: any input. Without the file it is as ever."""

    def __init__(self, lab, path):
        require_tools(os.path.basename(path))
        directory = lab.fresh_directory("moody")
        self.dislikes, real = os.path.join(directory, "dislikes"), os.path.join(directory, os.path.basename(path))
        shutil.copy(path, real)
        name = '"$(basename "$0")"' if path == MULTI else ""
        wrapper = os.path.join(directory, "wrapper")
        with open(wrapper, "w") as file:
            file.write('#!/bin/sh\ninput=$(mktemp -p %s)\ncase "$0 $*" in *-restore*|*-f*) cat > "$input";; esac\n'
                       'if test -e %s && test -s "$input" && grep -qf %s "$input"; then\n'
                       '  echo "%s" >&2; rm "$input"; exit 1\nfi\n'
                       'exec %s %s "$@" < "$input"\n' % (directory, self.dislikes, self.dislikes, REFUSAL, real, name))
        os.chmod(wrapper, 0o755)
        self.private = {path: wrapper}

    def dislike(self, words):
        with open(self.dislikes, "w") as file:
            file.write(words + "\n")

    def relent(self):
        os.unlink(self.dislikes)


def tables(lab):
    """Which of the backends have rules of ours in the kernel."""
    there = {"nft": ("nft", "list", "chain", "ip6", "sixgate", "forward"),
             "ip6tables": ("ip6tables", "-S", "sixgate-forward"),
             "ip6tables-legacy": ("ip6tables-legacy", "-S", "sixgate-forward")}
    return [name for name, words in there.items() if lab.cpe.run(*words, check=False).returncode == 0]


def guarded(lab, house, doors=(8081,), shut=(8080,)):
    """It is closed, but for its pinhole, and those inside reach the Internet."""
    h1 = lab.h1.address_in(house.prefix)
    for port in doors:
        lab.until("port %d is open" % port, lambda p=port: lab.net.tcp(h1, p, 1) == "open", 20)
    for port in shut:
        lab.check(lab.net.tcp(h1, port, 1) == "silent", "port %d is not closed" % port)
    lab.check(lab.h1.tcp(h1, 8080) == "open", "h1 serves nothing")
    lab.check(lab.h3.tcp(SERVER, 8090) == "open", "hosts do not come out")


def serve(lab):
    lab.h1.serve(tcp=[8080, 8081, 8082, 8083])
    lab.net.serve(tcp=[8090])


def choose(lab, private, wanted, why, there=None):
    """`why`: what the log says of it."""
    if not lab.roles:
        lab.house()
    house = online(lab, config=toml(top=AUTO) + PINHOLE % (lab.h1.mac("eth0"), 8081), sixgated={"private": private})
    serve(lab)
    guarded(lab, house)
    firewall = house.sixgated.status()["firewall"]
    lab.check(firewall["backend"] == wanted and firewall["applied"], str(firewall))
    lab.check(tables(lab) == [there or wanted], "rules are there of %s" % tables(lab))
    house.sixgated.process.wait_log(re.escape("firewall: none -> %s: %s" % (wanted, why)))
    final_checks(lab)
    return house


@limit(90)
def test_auto_takes_nft(lab):
    """Where both work it is nft, and ip6tables has no rules of ours."""
    choose(lab, None, "nft", "rules are in place")


@limit(90)
def test_auto_without_nft(lab):
    """Where there is no program nft it is ip6tables."""
    choose(lab, no_program(lab, "/usr/sbin/nft"), "ip6tables", "nft: no program nft")


@limit(90)
def test_a_table_of_before_goes_without_its_program(lab):
    """Rules that an earlier run made by nft do not judge any more when there is no program nft now."""
    lab.house()
    house = online(lab, config=toml(top=AUTO) + PINHOLE % (lab.h1.mac("eth0"), 8081))
    serve(lab)
    guarded(lab, house)
    lab.check(tables(lab) == ["nft"], "rules are there of %s" % tables(lab))
    lab.check(house.sixgated.terminate() == 0, "it does not stop in peace")
    house.sixgated.private = no_program(lab, "/usr/sbin/nft")
    house.sixgated.start()
    lab.until("ip6tables has the rules, and nft none", lambda: tables(lab) == ["ip6tables"], 20)
    lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
    wait_online(lab, house.prefix)
    guarded(lab, house)
    final_checks(lab)


class Alternatives:
    """The directory of update-alternatives, in which ip6tables is of one kind or the other."""

    def __init__(self, lab, kind):
        require_tools("ip6tables-nft", "ip6tables-legacy")
        self.directory = os.path.join(lab.fresh_directory("alternatives"), "copy")
        shutil.copytree("/etc/alternatives", self.directory, symlinks=True)
        self.private = {"/etc/alternatives": self.directory}
        self.choose(kind)

    def choose(self, kind):
        for suffix in ("", "-restore", "-save"):
            path = os.path.join(self.directory, "ip6tables" + suffix)
            os.unlink(path)
            os.symlink("/usr/sbin/ip6tables-%s%s" % (kind, suffix), path)


def other_kind(lab, before, now):
    """After update-alternatives and a start the rules are those of the one, and those of the other do not judge any more."""
    lab.house()
    alternatives = Alternatives(lab, before)

    def config(door):
        return toml(top='[firewall]\nbackend = "ip6tables"\n') + PINHOLE % (lab.h1.mac("eth0"), door)
    house = online(lab, config=config(8081), sixgated={"private": alternatives.private})
    serve(lab)
    names = {"nft": "ip6tables", "legacy": "ip6tables-legacy"}
    lab.until("the rules are there", lambda: tables(lab) == [names[before]], 20)
    guarded(lab, house)
    lab.check(house.sixgated.terminate() == 0, "it does not stop in peace")
    lab.check(tables(lab) == [names[before]], "they do not stay at the stop")
    alternatives.choose(now)
    house.sixgated.write(config(8082))
    house.sixgated.start()
    lab.until("the others have gone", lambda: tables(lab) == [names[now]], 20)
    lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
    wait_online(lab, house.prefix)
    guarded(lab, house, doors=(8082,), shut=(8080, 8081))
    final_checks(lab)


@limit(100)
def test_rules_of_nf_tables_go_when_ip6tables_is_the_legacy_one(lab):
    """From one kind of ip6tables to the other."""
    other_kind(lab, "nft", "legacy")


@limit(100)
def test_rules_of_legacy_ip6tables_go_when_it_is_of_nf_tables(lab):
    """And back."""
    other_kind(lab, "legacy", "nft")


@limit(100)
def test_rules_of_legacy_ip6tables_go_where_nft_is_used(lab):
    """What legacy ip6tables was told by an earlier run goes when the rules are nft's, although ip6tables is another."""
    lab.house()
    alternatives = Alternatives(lab, "legacy")
    settings = '[firewall]\nbackend = "%s"\n'
    house = online(lab, config=toml(top=settings % "ip6tables"), sixgated={"private": alternatives.private})
    lab.until("the rules are there", lambda: tables(lab) == ["ip6tables-legacy"], 20)
    lab.check(house.sixgated.terminate() == 0, "it does not stop in peace")
    alternatives.choose("nft")
    house.sixgated.write(toml(top=settings % "nft"))
    house.sixgated.start()
    lab.until("the others have gone", lambda: tables(lab) == ["nft"], 20)
    final_checks(lab)


@limit(90)
def test_auto_where_nft_does_not_work(lab):
    """Where nft refuses everything it is ip6tables, the legacy one too."""
    nft = Moody(lab, "/usr/sbin/nft")
    nft.dislike("")
    choose(lab, {**nft.private, **LEGACY}, "ip6tables", "nft: nft: " + REFUSAL, "ip6tables-legacy")


@limit(90)
def test_auto_where_the_kernel_refuses_our_table(lab):
    """The table of our name has another owner, and the kernel refuses nft whatever it asks for: it is ip6tables."""
    lab.house()
    lab.cpe.start("owner", ["sh", "-c", "{ echo 'add table ip6 sixgate { flags owner; }'; exec sleep 1000; } | nft -i"])
    lab.until("the table has an owner", lambda: "owner" in lab.cpe.run("nft", "list", "ruleset").stdout)
    choose(lab, None, "ip6tables", "nft: nft: ")


@limit(120)
def test_auto_where_nothing_works(lab):
    """Without any rules nothing is forwarded and no host is told to come this way, until they can be had."""
    nft = Moody(lab, "/usr/sbin/nft")
    nft.dislike("")
    lab.house()
    house = build(lab)
    config = toml(top=AUTO) + PINHOLE % (lab.h1.mac("eth0"), 8081)
    house.sixgated = Sixgated(lab, config=config, private={**nft.private, **no_program(lab, MULTI)}).start()
    house.prefix = wait_delegated(lab)
    serve(lab)
    house.sixgated.process.wait_log("cannot apply the firewall rules: nft: nft: %s; ip6tables: no program" % REFUSAL)
    h1 = lab.h1.wait_address(house.prefix, preferred=False)
    for _ in range(3):
        lab.check("open" not in (lab.net.tcp(h1, 8080, 1), lab.net.tcp(h1, 8081, 1)), "something comes in without rules")
        lab.check(lab.h1.tcp(SERVER, 8090, 1) != "open", "something goes out without rules")
    lab.check(not lab.lan0.packets(match=lambda one: one.ports and one.ports[1] in (8080, 8081)), "it was forwarded")
    lab.check(not [ra for ra in lab.lan0.ras() if ra.lifetime], "hosts are told to come this way")
    status = house.sixgated.status()["firewall"]
    lab.check(status["backend"] == "" and not status["applied"] and not tables(lab), str(status))
    nft.relent()
    lab.until("the rules are there", lambda: house.sixgated.status()["firewall"]["applied"], 70)
    lab.check(tables(lab) == ["nft"], "rules are there of %s" % tables(lab))
    wait_online(lab, house.prefix)
    guarded(lab, house)
    final_checks(lab)


def refused(lab, backend, program, dislikes):
    """A reload asks for another pinhole, and is refused: rules are as before, and it is said; then the new ones come."""
    moody = Moody(lab, program)
    lab.house()
    mac, top = lab.h1.mac("eth0"), '[firewall]\nbackend = "%s"\n' % backend
    house = online(lab, config=toml(top=top) + PINHOLE % (mac, 8081), sixgated={"private": moody.private})
    serve(lab)
    guarded(lab, house, (8081,), (8080, 8082))
    moody.dislike(dislikes)
    house.sixgated.write(toml(top=top + 'log = "refused"\n') + PINHOLE % (mac, 8082))
    since, reloaded = len(house.sixgated.process.text()), time.time()
    house.sixgated.reload()
    house.sixgated.process.wait_log("cannot apply the firewall rules: .*" + REFUSAL, start=since)
    # It is tried again and again meanwhile.
    for _ in range(3):
        guarded(lab, house, (8081,), (8080, 8082))
    lab.check(not house.sixgated.status()["firewall"]["applied"], "status takes them for applied")
    said = house.sixgated.cli_run("status").stdout
    lab.check("(not in place)" in said and REFUSAL in said, "status does not say so, or not why: %s" % said)
    lab.check(not [ra for ra in lab.lan0.ras(reloaded) if not ra.lifetime], "hosts are sent away without need")
    moody.relent()
    guarded(lab, house, (8082,), (8080, 8081))
    lab.check(house.sixgated.status()["firewall"]["applied"], "status does not know")
    wait_online(lab, house.prefix)
    final_checks(lab)


@limit(120)
def test_a_refused_change_leaves_the_rules_nft(lab):
    """nft: new rules are refused as a whole."""
    refused(lab, "nft", "/usr/sbin/nft", "log_refused")


@limit(120)
def test_a_refused_change_leaves_the_rules_ip6tables(lab):
    """ip6tables: the same."""
    refused(lab, "ip6tables", MULTI, "--dport 8082")


@limit(120)
def test_overlapping_elements_of_others(lab):
    """Somebody puts an element that overlaps one of ours into a set, right before ours comes: it is his that goes."""
    lab.house()
    mac, top = lab.h1.mac("eth0"), '[firewall]\nbackend = "nft"\n'
    config = toml(top=top) + PINHOLE % (mac, 8081)
    house = online(lab, config=config)
    serve(lab)
    guarded(lab, house, (8081,), (8080, 8082))
    h1 = lab.h1.address_in(house.prefix)
    foreign = "%s . 8000-8999" % h1
    for number in range(6):
        ranged = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = "8083-%d"\n' % (mac, 8100 + number)
        house.sixgated.write(config + ranged)
        lab.cpe.run("nft", "add element ip6 sixgate pinhole_tcp { lan0 . ::/0 . %s }" % foreign)
        house.sixgated.reload()

        def settled(wanted="%s . 8083-%d" % (h1, 8100 + number)):
            listed = lab.cpe.run("nft", "list", "set", "ip6", "sixgate", "pinhole_tcp").stdout
            return wanted in listed and foreign not in listed
        lab.until("ours is there and his is not", settled, 20)
        lab.until("status knows", lambda: house.sixgated.status()["firewall"]["applied"], 20)
    guarded(lab, house, (8081, 8083), (8080, 8082))
    house.sixgated.process.wait_log("somebody changed our rules")
    final_checks(lab)


def test_backend_and_jump_position_wait_for_a_start(lab):
    """What a reload cannot change of the firewall is named, and stays as it was."""
    require_tools("ip6tables-restore")
    lab.house()
    base = toml() + '\n[firewall]\nbackend = "ip6tables"\n'
    house = online(lab, config=base)
    before = lab.cpe.run("ip6tables", "-S", "FORWARD").stdout
    for line in ("jump_position = 2", 'on_stop = "block"\njump_position = 2'):
        said = house.sixgated.process.text().count("jump_position change with the next start only")
        house.sixgated.write(base + line + "\n")
        house.sixgated.reload()
        lab.until("it is said that %r waits" % line, lambda: house.sixgated.process.text().count(
            "jump_position change with the next start only") > said, 10)
    lab.check(lab.cpe.run("ip6tables", "-S", "FORWARD").stdout == before, "the jumps moved")
    final_checks(lab)
