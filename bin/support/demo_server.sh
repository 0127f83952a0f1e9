#!/usr/bin/env bash
# The server of the bucket of `bin/demo --remote`, in a directory:
#
#   demo_server.sh prepare DIRECTORY      starts it with an empty bucket, and says what it is
#   demo_server.sh stop DIRECTORY         ends it without a word, as kill -9
#   demo_server.sh start DIRECTORY        starts it again, at the same port
#   demo_server.sh nodes DIRECTORY        the nodes that have shown that they are there
#   demo_server.sh running DIRECTORY      the sessions of which there are parts
#   demo_server.sh forget DIRECTORY NODE  removes what one has shown
#
# It is a Garage if there is one, and otherwise the server that the tests have.
set -euo pipefail
cd "$(dirname "$0")/../.."
. bin/support/toolchain.sh
. bin/support/garage.sh

command=$1 dir=$2

# What the test server is told: its program, port and keys are in the directory.
start_test_server() {
  local port
  port=$(cat "$dir/port")
  rm -f "$dir/output"
  [ -p "$dir/input" ] || mkfifo "$dir/input"
  # It ends when nobody can write to its input any more: it can itself.
  "$(cat "$dir/program")" --port "$port" "$dir/folder" \
    "$REPLAY_REMOTE_KEY" "$REPLAY_REMOTE_SECRET" "$REPLAY_REMOTE_BUCKET" \
    0<>"$dir/input" >"$dir/output" 2>>"$dir/log" &
  printf '%s\n' $! >"$dir/pid"
  for _ in $(seq 200); do
    if grep -qs port "$dir/output"; then
      sed -n 's/^port //p' "$dir/output" >"$dir/port"
      return 0
    fi
    sleep 0.05
  done
  die "The server of the tests did not start: $(cat "$dir/log")"
}

prepare_test_server() {
  cargo build --quiet --locked --package replay-s3 --message-format=json-render-diagnostics |
    sed -n 's/.*"executable":"\([^"]*replay-s3-server\)".*/\1/p' >"$dir/program"
  printf '0\n' >"$dir/port"
  REPLAY_REMOTE_KEY=demo REPLAY_REMOTE_SECRET=$(garage_random 64)
  REPLAY_REMOTE_BUCKET=replays REPLAY_REMOTE_REGION=us-east-1
  start_test_server
  REPLAY_REMOTE_ENDPOINT="http://127.0.0.1:$(cat "$dir/port")"
}

case "$command" in
  prepare)
    mkdir -p "$dir"
    if find_garage; then
      garage_node "$dir/garage"
      printf 'Garage %s, one node on loopback\n' \
        "$("$garage" --version | sed 's/^[^0-9]*\([0-9.]*\).*/\1/')"
    else
      prepare_test_server
      printf 'the server of the tests (native/s3): no garage is on the path, or in target/tools\n'
    fi
    (umask 077 && declare -p "${!REPLAY_REMOTE_@}" | sed 's/^declare [^ ]* /export /' >"$dir/env")
    exit 0
    ;;
esac

. "$dir/env"
where="$dir"
if [ -d "$dir/garage" ]; then
  find_garage || die "Garage is gone"
  where="$dir/garage"
fi
case "$command" in
  stop) garage_stop "$where" KILL ;;
  start) if [ "$where" = "$dir" ]; then start_test_server; else garage_start "$where"; fi ;;
  nodes)
    garage_curl GET '?list-type=2&prefix=replays%2F.native%2Fnodes%2F' --fail |
      grep -o '<Key>[^<]*</Key>' | sed 's,<Key>replays/.native/nodes/\(.*\)</Key>,\1,'
    ;;
  running)
    garage_curl GET '?list-type=2&prefix=replays%2F.native%2Frunning%2F' --fail |
      { grep -o '<Key>[^<]*</Key>' || true; } | sed 's,.*/\([^/]*\)/[^/]*</Key>,\1,' | sort -u
    ;;
  forget) garage_curl DELETE "replays/.native/nodes/$3" --fail -o /dev/null ;;
  *) die "demo_server.sh: what is $command?" ;;
esac
