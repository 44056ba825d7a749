#!/bin/bash
# Envoy's preStop hook: nobody is cut off. The image has no curl; bash speaks HTTP/1.1 to the admin port on loopback.
#   drain.sh [ADMIN_PORT [LEAST_S [MOST_S]]]
# From the first line on every answer closes its connection (GOAWAY, `Connection: close`); the listeners go on accepting
# for Envoy's --drain-time-s, in which the cluster learns that this pod is leaving. Returns when nothing is in flight any
# more and at least LEAST_S have passed, and after MOST_S in any case; then Envoy gets its SIGTERM.
set -u
port=${1:-9901} least_s=${2:-8} most_s=${3:-25}

admin() { # METHOD PATH
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1" "$2" >&3
  timeout 1 cat <&3 # it is on loopback: whoever is silent for a second hangs
  exec 3>&-
}

in_flight() { admin GET '/stats?filter=^http\.edge\.downstream_rq_active$' | sed -n 's/^http\.edge\.downstream_rq_active: \([0-9]*\).*/\1/p'; }

admin POST /healthcheck/fail >/dev/null
admin POST '/drain_listeners?graceful' >/dev/null
while [ $SECONDS -lt "$most_s" ]; do
  [ $SECONDS -ge "$least_s" ] && [ "$(in_flight)" = 0 ] && break
  sleep 0.5
done
