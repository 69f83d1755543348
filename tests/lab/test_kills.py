# SPDX-License-Identifier: Apache-2.0
"""kill -9 right after the Reply, again and again: what a client was told is remembered. SIXGATE_LAB_KILLS says how often
(./dev test lab --filter test_kills)."""
import json
import os
import socket
import struct
import time

from lab import limit
from peers import Sixgated
from scenario import build, final_checks, toml, wait_delegated
from test_dhcp6_names import option
from wire import IdentityAssociation, dhcp_options, inside

KILLS = int(os.environ.get("SIXGATE_LAB_KILLS", "100"))
IA_NA, IA_PD, RAPID_COMMIT = 3, 25, 14


def solicit(number):
    """Two messages instead of four, an address and, of every third client, a prefix."""
    duid = b"\0\2\0\0\x7e\xd9" + struct.pack("!I", number)
    message = bytes([1]) + struct.pack("!I", number)[1:] + option(1, duid) + option(8, b"\0\0") + option(RAPID_COMMIT, b"")
    message += option(IA_NA, struct.pack("!III", 1, 0, 0))
    if number % 3 == 0:
        message += option(IA_PD, struct.pack("!III", 2, 0, 0))
    return message


def told(reply):
    """What a Reply gives: addresses and prefixes as texts."""
    given = [IdentityAssociation(code, body) for code, body in dhcp_options(reply[4:]) if code in (IA_NA, IA_PD)]
    return [lease[0] for one in given for lease in one.addresses + one.prefixes]


@limit(120 + 2 * KILLS)
def test_a_lease_outlives_every_kill(lab):
    """Each client gets its lease from a server that is killed the moment its Reply is here; the next one knows them all."""
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    house = build(lab)
    house.sixgated = Sixgated(lab, config=toml(lan='addressing = "slaac+dhcpv6"\n')).start()
    house.prefix = wait_delegated(lab)
    lab.h1.wait_default_route()
    own = lab.h1.link_local("eth0")
    given = {}

    def lease(number, kill):
        """Asks until it is answered, and kills the server then."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            index = socket.if_nametoindex("eth0")
            sock.bind((own, 546, 0, index))
            sock.settimeout(0.05)
            end = time.time() + 15
            while time.time() < end:
                sock.sendto(solicit(number), ("ff02::1:2", 547, 0, index))
                try:
                    reply = sock.recv(4096)
                except TimeoutError:
                    continue
                if reply[0] == 7 and reply[1:4] == solicit(number)[1:4]:
                    kill()
                    return told(reply)
        return None
    for number in range(1, KILLS + 1):
        given[number] = lab.h1.call(lambda number=number: lease(number, house.sixgated.kill))
        lab.check(any(inside(one.split("/")[0], house.prefix) for one in given[number] or []),
                  "client %d: %s" % (number, given[number]))
        house.sixgated.start(wait=False)
    lab.until("it answers again", house.sixgated.answers)
    known = {}
    for one in json.loads(house.sixgated.cli_run("leases", "--json").stdout)["leases"]:
        if one["duid"].startswith("000200007ed9"):
            known.setdefault(int(one["duid"][-8:], 16), []).extend(one["leases"])
    lost = [(number, wanted, known.get(number)) for number, wanted in given.items()
            if not set(wanted) <= set(known.get(number, []))]
    lab.check(not lost, "%d of %d clients are not known as they were told: %s" % (len(lost), KILLS, lost[:5]))
    every = [lease for leases in known.values() for lease in leases]
    lab.check(len(every) == len(set(every)), "one lease twice")
    final_checks(lab)
