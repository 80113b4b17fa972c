#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key about detection, objectives, calls and enrichment is set by a test that looks at what it changes: its name stands
in one beside those that set all keys alike."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
GROUPS = ("alert_budget.", "dependencies.", "detection.", "detection_thresholds.", "drift.", "enrichment.", "envoy_enrichment.",
          "inference.", "severity.", "slos.", "time_periods.")
NOT_THESE = {"test_settings.c", "test_settings_effect.c", "test_config.c"}
FOR_PEOPLE = {"slos.busy_periods[].reason"}  # changes nothing by intent

table = (root / "lib/yaga/config/settings.c").read_text()
keys = set(re.findall(r'^\s+\w+\("([a-z_0-9\[\].]+)",', table, re.M))
keys |= {"slos.defaults." + name for name in re.findall(r'prefix "([a-z_.]+)"', table)}
keys = {k for k in keys if k.startswith(GROUPS) and not k.endswith(".")} - FOR_PEOPLE
tests = "".join(p.read_text() for p in (root / "tests").rglob("*") if p.suffix in (".c", ".h", ".py") and p.name not in NOT_THESE
                and "meta" not in p.parts)


def is_tested(key):
    """By its whole name, or set in a group: "last = "."""
    last = key.replace("[]", "").split(".")[-1]
    return key in tests or key.removeprefix("slos.defaults.") in tests or re.search(rf"\b{last}\b\"?(=|\s=\s)", tests)


missing = sorted(k for k in keys if not is_tested(k))
print("\n".join(f"no test sets {k}" for k in missing) or f"{len(keys)} keys are set by tests")
sys.exit(bool(missing) or len(keys) < 100)
