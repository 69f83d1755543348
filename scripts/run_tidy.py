# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over what ships, with the compile commands of a build directory; any finding is a failure."""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ["net", "dhcp6", "ra", "delegation", "firewall", "conf", "daemon", "cli"]
# The commands are g++'s: what clang does not know of them is no finding.
EXTRA = ["--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error",
         "--extra-arg=-Wno-c++11-narrowing"]


def tidy(source, build):
    started = time.monotonic()
    answer = subprocess.run(["clang-tidy-19", "--quiet", "--warnings-as-errors=*", "-p", build, *EXTRA,
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
    parser.add_argument("--out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    sources = [ROOT / source for source in options.sources]
    if not sources:
        sources = [path for room in options.rooms.split(",") for path in sorted((ROOT / room).rglob("*.cc"))]
    tests = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in results.finished([pool.submit(tidy, s, options.build) for s in sources]):
            source, good, seconds, message = future.result()
            name = f"tidy.{source.relative_to(ROOT)}"
            tests.append(results.test(name, good, seconds, message))
            if not good:
                print(f"  FAILED {name}\n{message}", flush=True)
    spent = sum(entry["seconds"] for entry in tests)
    bad = sum(entry["status"] != "pass" for entry in tests)
    print(f"  clang-tidy: {len(tests) - bad} files clean, {bad} with findings ({spent:.0f} s of work)")
    if options.out:
        results.save(options.out, tests)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
