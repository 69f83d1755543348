# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of this directory and writes their results: run.py [--json OUT]"""
import argparse
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "scripts")]
import results  # noqa: E402


class Recorder(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.tests = []
        self.trouble = ""
        self.started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.trouble = ""
        self.started = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        name = ".".join(["house", *test.id().split(".")[-2:]])
        self.tests.append(results.test(name, not self.trouble, time.monotonic() - self.started, self.trouble))
        print(f"  {'FAILED' if self.trouble else 'ok    '} {name}", flush=True)
        for line in self.trouble.strip().splitlines():
            print(f"      {line}")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.trouble += str(error[1]) + "\n"

    def addError(self, test, error):
        super().addError(test, error)
        self.trouble += self._exc_info_to_string(error, test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.trouble += f"skipped: {reason}\n"

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.trouble += f"{subtest}: {error[1]}\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    options = parser.parse_args()
    recorder = Recorder()
    unittest.defaultTestLoader.discover(str(HERE)).run(recorder)
    if options.json:
        results.save(options.json, recorder.tests)
    return 0 if recorder.tests and all(entry["status"] == "pass" for entry in recorder.tests) else 1


if __name__ == "__main__":
    sys.exit(main())
