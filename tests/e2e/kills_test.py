#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A short, seeded sample of scripts/long.sh kills: healthy outputs miss nothing while others die and come back."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kills  # noqa: E402
from tsrun import main  # noqa: E402


class KillsSample(unittest.TestCase):
    def test_healthy_outputs_miss_nothing_and_the_others_come_back(self):
        report, faults = kills.run(10, 7)

        self.assertEqual(faults, [], report)


if __name__ == "__main__":
    main()
