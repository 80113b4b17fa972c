#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# seeds.sh PROGRAMS FIRST LAST: the demo for each seed, as one markdown table (docs/quality.md).
set -euo pipefail
programs=$1 first=$2 last=$3
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "| seed | planted | met within 15 min | share | late | missed | median minutes to incident | false in the quiet weeks | per service and week | false in the fault week |"
echo "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for ((seed = first; seed <= last; seed++)); do
  "$here/demo.sh" "$programs" "$work/shop" "$seed" >/dev/null 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  "$programs/yaga-lab" match --labels "$work/shop/labels.jsonl" --alerts "$work/shop/alerts" \
    --from 2026-02-04T00:00:00Z --to 2026-02-25T00:00:00Z --within 15m --json >"$work/match.json"
  python3 "$here/seed_row.py" "$seed" "$work/match.json"
done
