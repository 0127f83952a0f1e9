# Sourced, after toolchain.sh: a Garage server for tests, one node or several, on loopback with
# ports that are free. Garage is an object store that speaks the S3 protocol.

# Where a Garage is put that had to be built.
garage_tools="$PWD/target/tools"
garage_version=2.5.0
# The directories whose nodes were started here. Their pids are in there.
garage_started=()

# Sets `garage`, to the program, if there is one.
find_garage() {
  garage=$(command -v garage) || garage=$(command -v "$garage_tools/bin/garage")
}

# As `find_garage`; builds it if there is none.
ensure_garage() {
  if find_garage; then return 0; fi
  say "Building Garage $garage_version, which takes a quarter of an hour"
  cargo install garage --version "$garage_version" --locked --no-default-features \
    --features bundled-libs,sqlite --root "$garage_tools"
  garage="$garage_tools/bin/garage"
}

# Prints so many different ports that nobody listens at; none of those that a system gives to
# who asks for any, so that nobody gets one of them before it is used.
garage_ports() {
  local count=$1 port taken=" "
  while [ "$count" -gt 0 ]; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    case "$taken" in *" $port "*) continue ;; esac
    # A connection that is refused says that nobody is there.
    if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    taken="$taken$port "
    echo "$port"
    count=$((count - 1))
  done
}

# So many hexadecimal digits.
garage_random() { od -An -N$(($1 / 2)) -tx1 /dev/urandom | tr -d ' \n'; }

# Writes the configuration of a node: directory, replication factor, secret of the cluster.
garage_configure() {
  local dir=$1 factor=$2 secret=$3 rpc s3
  # shellcheck disable=SC2046 # two numbers
  set -- $(garage_ports 2)
  rpc=$1 s3=$2
  mkdir -p "$dir/meta" "$dir/data"
  chmod 700 "$dir"
  printf '%s\n' "$s3" >"$dir/s3_port"
  printf '%s\n' "$rpc" >"$dir/rpc_port"
  (umask 077 && cat >"$dir/garage.toml") <<CONF
metadata_dir = "$dir/meta"
data_dir = "$dir/data"
db_engine = "sqlite"
replication_factor = $factor
rpc_bind_addr = "127.0.0.1:$rpc"
rpc_public_addr = "127.0.0.1:$rpc"
rpc_secret = "$secret"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$s3"
root_domain = ".s3.garage.localhost"
CONF
}

# The command line of the node in a directory.
garage_run() {
  local dir=$1
  shift
  RUST_LOG=error "$garage" -c "$dir/garage.toml" "$@"
}

# Starts the node in a directory that is configured, and waits until it answers.
garage_start() {
  local dir=$1 pid
  RUST_LOG=garage=warn "$garage" -c "$dir/garage.toml" server >>"$dir/log" 2>&1 &
  pid=$!
  # Else the shell would tell of each that is killed.
  disown "$pid"
  printf '%s\n' "$pid" >"$dir/pid"
  garage_started+=("$dir")
  local tries
  for tries in $(seq 200); do
    if garage_run "$dir" status >/dev/null 2>&1; then return 0; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$dir/log" >&2
  die "Garage in $dir did not start (waited $tries times 0.1 s)"
}

# Ends the node in a directory, with a signal that it may catch unless told, and waits until it
# has ended.
garage_stop() {
  local dir=$1 signal=${2:-TERM} pid tries
  [ -s "$dir/pid" ] || return 0
  pid=$(cat "$dir/pid")
  rm -f "$dir/pid"
  kill -s "$signal" "$pid" 2>/dev/null || return 0
  for tries in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    [ "$tries" != 100 ] || kill -KILL "$pid" 2>/dev/null
    sleep 0.1
  done
}

# Ends all nodes that were started here.
garage_stop_all() {
  local dir
  for dir in ${garage_started[@]+"${garage_started[@]}"}; do
    garage_stop "$dir"
  done
  garage_started=()
}

# The id of the node in a directory, with its address.
garage_id() { garage_run "$1" node id -q 2>/dev/null; }

# A layout of the nodes in some directories, each in a zone of its own; a bucket, and a key.
# Exports where they are: REPLAY_REMOTE_ENDPOINT, _REGION, _BUCKET, _KEY and _SECRET.
garage_prepare() {
  local first=$1 dir id zone=0 key tries
  for dir in "$@"; do
    id=$(garage_id "$dir")
    [ "$dir" = "$first" ] || garage_run "$first" node connect "$id" >/dev/null
    zone=$((zone + 1))
    # A node that was connected just now may not be known yet.
    for tries in $(seq 50); do
      garage_run "$first" layout assign -z "z$zone" -c 1G "${id%%@*}" >/dev/null 2>&1 && break
      [ "$tries" != 50 ] || die "Garage in $dir is not known to that in $first"
      sleep 0.1
    done
  done
  garage_run "$first" layout apply --version 1 >/dev/null
  # Tables answer once the layout has reached the nodes.
  for tries in $(seq 100); do
    garage_run "$first" bucket create replays >/dev/null 2>&1 && break
    [ "$tries" != 100 ] || die "Garage in $first has no layout"
    sleep 0.1
  done
  # A key that is brought along: what the commands print is for people.
  key="GK$(garage_random 24)"
  REPLAY_REMOTE_SECRET=$(garage_random 64)
  garage_run "$first" key import --yes -n tests "$key" "$REPLAY_REMOTE_SECRET" >/dev/null
  garage_run "$first" bucket allow --read --write --owner replays --key "$key" >/dev/null
  REPLAY_REMOTE_ENDPOINT="http://127.0.0.1:$(cat "$first/s3_port")"
  REPLAY_REMOTE_REGION=garage
  REPLAY_REMOTE_BUCKET=replays
  REPLAY_REMOTE_KEY=$key
  export REPLAY_REMOTE_ENDPOINT REPLAY_REMOTE_REGION REPLAY_REMOTE_BUCKET
  export REPLAY_REMOTE_KEY REPLAY_REMOTE_SECRET
  garage_wait_for_s3
}

# Waits until the bucket can be listed.
garage_wait_for_s3() {
  local tries
  for tries in $(seq 100); do
    garage_curl GET '?list-type=2&max-keys=1' -o /dev/null --fail 2>/dev/null && return 0
    [ "$tries" != 100 ] || die "Garage does not serve at $REPLAY_REMOTE_ENDPOINT"
    sleep 0.1
  done
}

# A signed request: method, what follows the bucket's name, further arguments of curl. The secret
# goes through a pipe, so that no list of processes shows it.
garage_curl() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --request "$method" \
    --aws-sigv4 "aws:amz:$REPLAY_REMOTE_REGION:s3" \
    --header "x-amz-content-sha256: UNSIGNED-PAYLOAD" \
    --config <(printf 'user = "%s:%s"\n' "$REPLAY_REMOTE_KEY" "$REPLAY_REMOTE_SECRET") \
    "$@" "$REPLAY_REMOTE_ENDPOINT/$REPLAY_REMOTE_BUCKET/$path"
}

# One node in a directory, serving; see garage_prepare for what is exported.
garage_node() {
  garage_configure "$1" 1 "$(garage_random 64)"
  garage_start "$1"
  garage_prepare "$1"
}

# So many nodes (3 unless told) in DIRECTORY/1, DIRECTORY/2 and so on, each object on three of
# them. The exported endpoint is that of the first.
garage_cluster() {
  local dir=$1 count=${2:-3} secret number dirs=()
  secret=$(garage_random 64)
  for number in $(seq "$count"); do
    garage_configure "$dir/$number" 3 "$secret"
    garage_start "$dir/$number"
    dirs+=("$dir/$number")
  done
  garage_prepare "${dirs[@]}"
}
