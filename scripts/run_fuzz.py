# SPDX-License-Identifier: Apache-2.0
"""Replays the committed corpus through each libFuzzer target, then fuzzes each for a while.

With --keep, inputs that reach new code are merged into the committed corpus (tests/fuzz/corpus/NAME).
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent
SYMBOLIZER = "/usr/bin/llvm-symbolizer-19"


def execute(command, timeout):
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", env={"ASAN_SYMBOLIZER_PATH": SYMBOLIZER, **os.environ})
    try:
        output, _ = process.communicate(timeout=timeout)
        status = process.returncode
    except BaseException as error:
        process.kill()
        output, _ = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        status = -1
        output += f"\nstill running after {timeout} s"
    return status, output, time.monotonic() - started


def excerpt(output):
    start = max(output.find("ERROR: "), output.find("runtime error"))
    return output[max(start - 300, 0):][:2000] if start >= 0 else output[-1500:]


def fuzz(name, options):
    build = pathlib.Path(options.build).resolve()
    binary = build / "bin" / f"{name}_fuzz"
    corpus = ROOT / "tests/fuzz/corpus" / name
    if not binary.exists():
        return [results.test(f"{name}_fuzz.builds", False, 0, "not built")], f"{name}: not built"
    inputs = len(list(corpus.glob("*"))) if corpus.is_dir() else 0
    if not inputs:
        return [results.test(f"{name}_fuzz.corpus", False, 0, f"no input in tests/fuzz/corpus/{name}")], \
            f"{name}: no corpus"
    artifacts = build / "artifacts"
    artifacts.mkdir(exist_ok=True)
    common = ["-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={artifacts}/{name}-"]
    status, output, seconds = execute([binary, "-runs=0", *common, corpus], 300)
    tests = [results.test(f"{name}_fuzz.replays_corpus", status == 0, seconds,
                          "" if status == 0 else excerpt(output))]
    line = f"{name:<12} {inputs} inputs replayed" + ("" if status == 0 else ": FAILED")
    if status == 0 and options.seconds > 0:
        with tempfile.TemporaryDirectory(prefix="sixgate-fuzz-") as found:
            status, output, seconds = execute(
                [binary, f"-max_total_time={options.seconds}", "-print_final_stats=1", *common, found, corpus],
                options.seconds + 120)
            if status == 0 and options.keep:
                execute([binary, "-merge=1", *common, corpus, found], 600)
        runs = re.search(r"number_of_executed_units: (\d+)", output)
        artifact = re.search(r"Test unit written to (\S+)", output)
        message = ""
        if status != 0:
            message = excerpt(output)
            if artifact:
                shutil.copy(artifact[1], artifacts / f"{name}-last")
                message += f"\nreplay: {binary.relative_to(ROOT)} {(artifacts / f'{name}-last').relative_to(ROOT)}"
        tests.append(results.test(f"{name}_fuzz.finds_nothing", status == 0, seconds, message))
        line += f", {runs[1] if runs else '?'} executions in {seconds:.0f} s"
        line += "" if status == 0 else f": FAILED\n{message}"
    return tests, line


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    known = sorted(p.name[:-len("_fuzz.cc")] for p in (ROOT / "tests/fuzz").glob("*_fuzz.cc"))
    names = [name.removesuffix("_fuzz") for name in options.names] or known
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"no such fuzz target: {', '.join(unknown)}; there are: {', '.join(known)}")
    tests = [] if names else [results.test("fuzz.targets", False, 0, "there is no tests/fuzz/*_fuzz.cc")]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for future in results.finished([pool.submit(fuzz, n, options) for n in names]):
            found, line = future.result()
            tests += found
            print("  " + line, flush=True)
    results.save(options.out, sorted(tests, key=lambda entry: entry["name"]))
    return 0 if all(entry["status"] == "pass" for entry in tests) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
