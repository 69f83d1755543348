# SPDX-License-Identifier: Apache-2.0
"""Runs the GoogleTest binaries of a build directory side by side and writes their results.

Unit: one process for each room's binary. Simulations: one binary, split into shards. Which binaries there
must be follows from the sources, so one that did not build is a failure and not a gap.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent


def expected_binaries(kind):
    if kind == "sim":
        return ["sim_tests"] if list((ROOT / "tests/sim").rglob("*.cc")) else []
    rooms = sorted(p for p in (ROOT / "tests/unit").glob("*") if list(p.glob("*.cc")))
    return [f"{room.name}_tests" for room in rooms]


def build_error(build, name):
    """Empty when the binary is made from the sources as they are: a leftover of an earlier build proves
    nothing. After a whole build this only looks; where that failed, it yields this binary's own errors."""
    answer = subprocess.run(["ninja", "-C", build, "-j", str(os.cpu_count() or 1), name], capture_output=True, text=True)
    if answer.returncode == 0:
        return ""
    errors = [line for line in answer.stdout.splitlines() if "error" in line and " -o " not in line]
    return "\n".join(errors[:8]) or answer.stdout[-800:] + answer.stderr[-400:]


def gtest_filter(pattern):
    if not pattern:
        return None
    return pattern if any(c in pattern for c in "*?:-") else f"*{pattern}*"


def from_json(path, binary):
    tests = []
    for suite in json.loads(path.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("status") != "RUN" and "failures" not in case:
                continue
            name = f"{binary}.{suite['name']}.{case['name']}"
            failures = [failure["failure"] for failure in case.get("failures", [])]
            if case.get("result") == "SKIPPED":
                failures.append("skipped: a test that cannot run fails")
            tests.append(results.test(name, not failures, float(case["time"].rstrip("s")),
                                      "\n".join(failures)))
    return tests


def from_log(log, binary, why):
    """The process died before it wrote its JSON: what the log says, and the test it died in."""
    tests, running = [], None
    for line in log.splitlines():
        if match := re.match(r"\[ RUN      \] (\S+)", line):
            running = match[1]
        elif match := re.match(r"\[ +(OK|FAILED) +\] (\S+).* \((\d+) ms\)", line):
            tests.append(results.test(f"{binary}.{match[2]}", match[1] == "OK", int(match[3]) / 1000,
                                      "" if match[1] == "OK" else "see the log"))
            running = None
    start = max(log.find("ERROR: "), log.find("runtime error"), 0)
    excerpt = log[start - 200 if start > 200 else 0:][:1500] if start else log[-1500:]
    tests.append(results.test(f"{binary}.{running or 'exit'}", False, 0, f"{why}\n{excerpt}"))
    return tests


def run(job, options):
    binary, shard, shards = job
    label = binary if shards == 1 else f"{binary}[{shard + 1}/{shards}]"
    path = pathlib.Path(options.build) / "bin" / binary
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sixgate-test-") as scratch:
        out = pathlib.Path(scratch) / "out.json"
        command = [str(path.resolve()), f"--gtest_output=json:{out}", "--gtest_color=no"]
        if pattern := gtest_filter(options.filter):
            command.append(f"--gtest_filter={pattern}")
        environment = {"ASAN_OPTIONS": "detect_stack_use_after_return=1",
                       "UBSAN_OPTIONS": "print_stacktrace=1", **os.environ}
        if shards > 1:
            environment |= {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
        with open(pathlib.Path(scratch) / "log", "w+", errors="replace") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, cwd=scratch, env=environment)
            why = ""
            try:
                process.wait(timeout=options.timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                why = f"still running after {options.timeout} s"
            except BaseException:
                process.kill()
                raise
            log.seek(0)
            text = log.read()
        seconds = time.monotonic() - started
        if not why and process.returncode not in (0, 1):
            why = f"ended with status {process.returncode}"
        if not why and out.exists():
            tests = from_json(out, binary)
            if process.returncode and all(entry["status"] == "pass" for entry in tests):
                why = f"ended with status {process.returncode} although each test passed"
                tests += from_log(text, binary, why)[-1:]
        else:
            tests = from_log(text, binary, why or "wrote no results")
    return label, tests, seconds, text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["unit", "sim"])
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--filter", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=int, default=900)
    options = parser.parse_args()

    binaries = expected_binaries(options.kind)
    shards = options.jobs if options.kind == "sim" and not options.filter else 1
    collected = []
    for binary in list(binaries):
        if error := build_error(options.build, binary):
            print(f"  {binary:<22} NOT BUILT\n    " + error.replace("\n", "\n    "), flush=True)
            collected.append(results.test(f"{binary}.builds", False, 0, error))
            binaries.remove(binary)
    jobs = [(binary, shard, shards) for binary in binaries for shard in range(shards)]
    logs = pathlib.Path(options.build).parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in results.finished([pool.submit(run, job, options) for job in jobs]):
            label, tests, seconds, text = future.result()
            collected += tests
            bad = [entry for entry in tests if entry["status"] != "pass"]
            print(f"  {label:<22} {len(tests) - len(bad):>5} passed {len(bad):>3} failed  {seconds:6.1f} s",
                  flush=True)
            if text:
                (logs / (label.replace("/", "-") + ".log")).write_text(text)
            for entry in bad:
                print(f"    FAILED {entry['name']}")
                for line in entry["message"].strip().splitlines()[:30]:
                    print(f"      {line}")
    if os.geteuid() != 0 and options.kind == "unit":
        print("  tests that need root (network namespaces) were left out: sudo ./dev test unit")
    if not collected:
        what = f"no test matches '{options.filter}'" if options.filter else "there are no tests"
        collected = [results.test(f"{options.kind}.ran", False, 0, what)]
        print(f"  {what}")
    collected.sort(key=lambda entry: entry["name"])
    results.save(options.out, collected)
    return 0 if all(entry["status"] == "pass" for entry in collected) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
