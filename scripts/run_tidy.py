# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over what ships, with the compile commands of a build directory; any finding is a failure."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ["net", "dhcp6", "ra", "delegation", "firewall", "pcp", "conf", "daemon", "cli"]
# The commands are g++'s: what clang does not know of them is no finding.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error",
         "--extra-arg=-Wno-c++11-narrowing"]


def bundles(build, rooms):
    """What a preset with SIXGATE_BUNDLE compiles for these rooms: eight files read as one, their headers once."""
    commands = json.loads((ROOT / build / "compile_commands.json").read_text())
    libraries = [f" -o CMakeFiles/sixgate_{room}.dir/" for room in rooms]
    return sorted(pathlib.Path(one["file"]) for one in commands if any(each in one["command"] for each in libraries))


def name_of(source):
    parts = source.relative_to(ROOT).parts
    room = next((part[len("sixgate_"):-len(".dir")] for part in parts if part.startswith("sixgate_")), None)
    return f"tidy.{room}.{source.stem}" if room else "tidy." + "/".join(parts)


def tidy(source, build):
    started = time.monotonic()
    # The files of a bundle are what it includes.
    shown = [f"--header-filter=^{ROOT}/({'|'.join(ROOMS)})/", "--checks=-bugprone-suspicious-include"]
    if source.suffix != ".cxx":
        shown = []
    answer = subprocess.run(["clang-tidy-19", "--quiet", "--warnings-as-errors=*", "-p", build, *EXTRA, *shown,
                             str(source)], capture_output=True, text=True, cwd=ROOT)
    message = answer.stdout.strip() if answer.returncode else ""
    if answer.returncode and not message:
        message = answer.stderr.strip()
    return source, answer.returncode == 0, time.monotonic() - started, message


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--build", required=True)
    parser.add_argument("--bundled", action="store_true", help="read what BUILD compiles in one go as one")
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    sources = [ROOT / source for source in options.sources]
    rooms = options.rooms.split(",")
    if not sources and options.bundled:
        sources = bundles(options.build, rooms)
    elif not sources:
        sources = [path for room in rooms for path in sorted((ROOT / room).rglob("*.cc"))]
    tests = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in results.finished([pool.submit(tidy, s, options.build) for s in sources]):
            source, good, seconds, message = future.result()
            name = name_of(source)
            tests.append(results.test(name, good, seconds, message))
            if not good:
                print(f"  FAILED {name}\n{message}", flush=True)
    spent = sum(entry["seconds"] for entry in tests)
    bad = sum(entry["status"] != "pass" for entry in tests)
    print(f"  clang-tidy: {len(tests) - bad} sources clean, {bad} with findings ({spent:.0f} s of work)")
    if options.out:
        results.save(options.out, tests)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
