# SPDX-License-Identifier: Apache-2.0
"""Stripped sizes of the programs, and what the `small` profile must not contain.

std::locale::classic is the mark of iostreams: one careless include brings 500 kB of static libstdc++. The
check reads the symbols of the unstripped program, and refuses to pass on a program without symbols.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import results

PROGRAMS = ["sixgated", "sixgate", "prefix-probe"]
# Bytes of sixgated, stripped, with libstdc++ in it. 788 kB with the main job; 973 kB with the survey, several and static
# uplinks, the route check, the hook script and all of Router Advertisements; 1080 kB with the DHCPv6 server, its lease
# table and the journal; 1129 kB with names, registered addresses and the search for a wider prefix;
# 1330 kB with links that share a /64, the relay agent, the hosts of a LAN, other DHCPv6 servers there, zones and pinholes.
# 1481 kB with parts of a /64, addresses that an uplink registers, DHCPv6 options of a LAN and of one client, events of
# leases, open flows and the IPsec knock; 1506 kB with the Port Control Protocol; 1537 kB with relayed Router
# Advertisements, and rules beside those of others and of the person's own; 1605 kB with what the kernel has of our rules
# read back and put right, and others' rules named; some 15 kB for strangers that hear they are refused, a journal that is
# written anew while serving goes on, and sets for prefixes that overlap: 1630 kB, and 1613 kB since texts are put together
# in one place; 1634 kB with NPTv6; 1646 kB with a DHCPv6 server that reads messages where they lie, prefixes bound to a
# station, and a knock that outlives a boot; 1659 kB with floods of clients that were made up kept apart, clients known by
# their stations, and names for unbound with a script that has it read them; 1663 kB with pinholes wherever their host is
# heard, and flows that end with their prefix; 1683 kB with what routers behind a LAN have guarded otherwise than the LAN,
# orders that go through relay agents, and sources that were withdrawn; 1696 kB with what each rule counts, tables that others
# put in the place of ours, rules of the other kind of ip6tables, and routers that do not answer; 1708 kB
# with rules of translations that are written without nft, and the ipset of ip6tables; 1728 kB with where each pinhole is, why
# rules that are printed are not in place, stations of those who ask for doors, connections judged by where their answers
# go, what the router itself sends translated, and senders of a knock remembered over a renumbering; 1761 kB with answers to a
# relay agent that are matched with what was asked, turns and doors counted by station, external addresses that doors and
# flows follow, flows' hosts looked for where links have one /64, what carries PPPoE guarded, and tables of others that ask
# for no mark. Growth needs a reason here.
CEILING = 1_762_000


def stripped_size(path):
    with tempfile.NamedTemporaryFile(prefix="sixgate-strip-") as copy:
        subprocess.run(["strip", "-o", copy.name, str(path)], check=True)
        return pathlib.Path(copy.name).stat().st_size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", default="build/release/bin")
    parser.add_argument("--small", default="build/small/bin")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    tests, sizes = [], []
    for profile, directory in (("release", options.release), ("small", options.small)):
        for program in PROGRAMS:
            path = pathlib.Path(directory) / program
            if not path.exists():
                tests.append(results.test(f"size.{profile}_{program}_is_built", False, 0, f"no {path}"))
                continue
            size = stripped_size(path)
            note = "shared libstdc++" if profile == "release" else "libstdc++ inside"
            if profile == "small":
                symbols = subprocess.run(["nm", "-C", str(path)], capture_output=True, text=True,
                                         check=True).stdout
                found = "std::locale::classic" in symbols
                readable = " main\n" in symbols
                tests.append(results.test(
                    f"size.small_{program}_has_no_iostreams", readable and not found, 0,
                    "contains std::locale::classic" if found else "" if readable else "has no symbols"))
                tests.append(results.test(
                    f"size.small_{program}_stays_under_the_ceiling", size <= CEILING, 0,
                    "" if size <= CEILING else f"{size} bytes, at most {CEILING}"))
                note += f", at most {CEILING}"
            sizes.append({"profile": profile, "program": program, "bytes": size, "note": note})
            print(f"  {profile:<8} {program:<10} {size:>9} bytes stripped  ({note})")
    for entry in tests:
        if entry["status"] != "pass":
            print(f"  FAILED {entry['name']}: {entry['message']}")
    results.save(options.out, tests, sizes=sizes)
    return 0 if all(entry["status"] == "pass" for entry in tests) else 1


if __name__ == "__main__":
    sys.exit(main())
