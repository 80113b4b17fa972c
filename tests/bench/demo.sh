#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh PROGRAMS OUT SEED: make a shop with faults, train, let time run through them, compare.
#
# The calendar: 30 days of history, two quiet weeks, one week with faults. Models are trained every seventh
# day with what was known by then, as cron would; between two trainings every two-minute cycle is run.
set -euo pipefail
programs=$1 out=$2 seed=$3
start=1767571200                      # Monday 2026-01-05 00:00 UTC
day=86400 weeks=3 history=30

say() { printf '==> %s\n' "$*" >&2; }
rm -rf "$out"
say "making 51 days of metrics for 12 services (seed $seed) in $out/"
"$programs/yaga-lab" synth --seed "$seed" --out "$out" --start "$start" --days $((history + 7 * weeks))

for ((week = 0; week < weeks; week++)); do
  from=$((start + (history + 7 * week) * day)) to=$((start + (history + 7 * week + 7) * day))
  say "week $((week + 1)) of $weeks: training on the 30 days before it"
  # Status 1: a service that the validation gate refused keeps the models of the week before.
  "$programs/yaga-train" -c "$out/yaga.cfg" -q --now $((from - 600)) || [[ $? == 1 ]]
  say "week $((week + 1)) of $weeks: a cycle every two minutes"
  "$programs/yaga-lab" replay -c "$out/yaga.cfg" --from "$from" --to "$to" --every 2m
done

echo
"$programs/yaga-lab" match --labels "$out/labels.jsonl" --alerts "$out/alerts" \
  --services 12 --from $((start + history * day)) --to $((start + (history + 7 * weeks) * day)) --within 15m --svg "$out/incidents.svg"
echo
echo "Picture: $out/incidents.svg    Alerts: $out/alerts/    Configuration: $out/yaga.cfg"
