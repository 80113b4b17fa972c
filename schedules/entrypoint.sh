#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Container entry point: scheduler (default), train, infer, once (train, then infer), or any command.
# The scheduler runs both programs as children, one at a time each, and ends with the container.
set -u

seconds_until_two() {
  now=$(date +%s)
  next=$(date -d 'today 02:00' +%s)
  [ "$next" -gt "$now" ] || next=$(date -d 'tomorrow 02:00' +%s)
  echo $((next - now))
}

train_loop() {
  while :; do
    sleep "$(seconds_until_two)" &
    wait $! || exit 0
    yaga-train || echo "yaga-train: exit $?" >&2
  done
}

# What drifts is trained before the night; nothing is pending on a good day.
pending_loop() {
  while :; do
    sleep 1800 &
    wait $! || exit 0
    yaga-train --quiet --pending || echo "yaga-train --pending: exit $?" >&2
  done
}

infer_loop() {
  while :; do
    yaga-infer || echo "yaga-infer: exit $?" >&2
    sleep $((120 - $(date +%s) % 120)) &
    wait $! || exit 0
  done
}

case ${1:-scheduler} in
  scheduler)
    trap 'kill 0' TERM INT
    train_loop &
    pending_loop &
    infer_loop &
    wait
    ;;
  train) shift; exec yaga-train "$@" ;;
  infer | inference) shift; exec yaga-infer "$@" ;;
  once) yaga-train && exec yaga-infer ;;
  *) exec "$@" ;;
esac
