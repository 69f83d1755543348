# SPDX-License-Identifier: Apache-2.0
"""A house changes to sixgate: after each real client, with its files, sixgated is given the same prefix again."""
import time

from clients import Dhclient, Dhcpcd, NetworkdClient, Wide
from lab import run
from peers import Sixgated
from scenario import build, final_checks, wait_delegated


def change_from(lab, client, name, options=()):
    """Lets the client have its lease, imports its identity; returns the name of the first thing sixgated says."""
    house = build(lab, lans={"lan0": ["h1"], "lan1": []}, start_ra=False)
    other = client(lab).start()
    prefix = wait_delegated(lab)
    request = lab.wan.wait_dhcp("Request")
    lab.pause(4)  # its files are written
    other.stop()
    lab.cpe.ip("-6", "address", "flush", "scope", "global", check=False)
    lab.check(not lab.wan.dhcp("Release"), "%s gave its lease back" % name)

    house.sixgated = Sixgated(lab, arguments=["--wan", "wan0", "--lan", "lan0"])
    command = [house.sixgated.cli, "--socket", house.sixgated.socket, "import-identity", "--root", other.root,
               "--interface", "wan0", "--state-dir", house.sixgated.state_dir, *options]
    found = run("ip", "netns", "exec", lab.cpe.name, *command, "--dry-run", check=False)
    lab.check(found.returncode == 0 and "%s on wan0" % name in found.stdout, found.stdout + found.stderr)
    done = run("ip", "netns", "exec", lab.cpe.name, *command, check=False)
    lab.check(done.returncode == 0, "import-identity: %d: %s%s" % (done.returncode, done.stdout, done.stderr))

    since = time.time()
    house.sixgated.start()
    again = wait_delegated(lab, since)
    lab.check(again == prefix, "%s had %s, sixgated is given %s" % (name, prefix, again))
    first = next(one for one in lab.wan.dhcp() if one.time >= since and one.delegations)
    # The survey's IAIDs are made up, so that nothing it says touches a binding: ours is in what commits.
    asked = lab.wan.wait_dhcp("Request", since=since) if first.name == "Solicit" else first
    for code, what in ((1, "DUID"), (25, "IA_PD")):
        theirs, ours = request.option(code), asked.option(code)
        lab.check(theirs[:4] == ours[:4] if code == 25 else theirs == ours,
                  "%s of %s is %s, ours %s" % (what, name, theirs.hex(), ours.hex()))
    lab.until("it is in use", lambda: prefix in house.sixgated.delegations(), 10)
    # While it runs nobody exchanges what it stands on.
    busy = run("ip", "netns", "exec", lab.cpe.name, *command, check=False)
    lab.check(busy.returncode == 1 and "stop sixgated" in busy.stderr, busy.stdout + busy.stderr)
    final_checks(lab)
    return first.name


def test_identity_of_dhcpcd(lab):
    """dhcpcd's file of the server's last Reply: the prefix is known and verified by Rebind."""
    lab.check(change_from(lab, Dhcpcd, "dhcpcd") == "Rebind", "no Rebind")


def test_identity_of_dhclient(lab):
    """So does dhclient's."""
    lab.check(change_from(lab, Dhclient, "dhclient") == "Rebind", "no Rebind")


def test_identity_of_wide(lab):
    """wide keeps no lease on file, so there is nothing to verify: the server knows DUID and IAID."""
    lab.check(change_from(lab, Wide, "wide") == "Solicit", "no Solicit")


def test_identity_of_networkd(lab):
    """networkd forgets even its own names when it stops: they are computed, where the user says whose they are."""
    lab.check(change_from(lab, NetworkdClient, "networkd", ["--from", "networkd"]) == "Solicit", "no Solicit")
