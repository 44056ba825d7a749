#!/bin/bash
# Envoy that finishes what it has when it is told to end, for whoever has no preStop hook.
#   envoy.sh ADMIN_PORT MOST_S ENVOY_OPTION...
set -u
admin_port=$1 most_s=$2
shift 2
envoy "$@" &
pid=$!
trap 'bash "$(dirname "$0")/drain.sh" "$admin_port" 0 "$most_s"; kill -TERM $pid' TERM INT
wait $pid # ended by the signal, too
trap - TERM INT
wait $pid 2>/dev/null
