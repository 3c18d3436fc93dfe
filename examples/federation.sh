# A federation of real processes on this machine, for quickstart and demo, which source this file.
#
# Sets: home (a folder; --dir), nodes (--nodes), keep (--keep), bin (the programs), digest (of the study asked last).
# The caller sets before: program (its name), nodes, least, most (organisations).

read_options() {
  home="" keep=no
  while [ $# -gt 0 ]; do
    case "$1" in
      --nodes) nodes="${2:?want a number}"; shift 2 ;;
      --keep) keep=yes; shift ;;
      --dir) home="${2:?want a folder}"; shift 2 ;;
      *) echo "$program: unknown option $1; see --help" >&2; exit 2 ;;
    esac
  done
  [[ "$nodes" =~ ^[0-9]+$ ]] && [ "$nodes" -ge "$least" ] && [ "$nodes" -le "$most" ] ||
    { echo "$program: --nodes is $nodes, want $least to $most" >&2; exit 2; }
  [ -n "${MUTUAL_BIN:-}" ] || examples/setup
  bin="${MUTUAL_BIN:-build/release/bin}"
  started=$(date +%s)
  home="${home:-$(mktemp -d "/tmp/mutual-$program.XXXXXX")}"
  mkdir -p "$home"
  pids=()
  trap stop_processes EXIT
}

stop_processes() {
  if [ ${#pids[@]} -gt 0 ]; then kill "${pids[@]}" 2>/dev/null || true; wait "${pids[@]}" 2>/dev/null || true; fi
}

research() { "$bin/mutual" --dir "$home/research" "$@"; }
node() { "$bin/mutual-node" --dir "$home/$1" "${@:2}"; }

# Starts the coordinator on a free port; enrols a researcher and the organisations.
begin_federation() {
  local port=$(( 20000 + RANDOM % 20000 )) attempt codes name i
  for attempt in 1 2 3 4 5; do
    rm -rf "$home/fed"
    "$bin/mutual-coordinator" init "$home/fed" --federation fed.example \
      --listen "127.0.0.1:$port" --address "127.0.0.1:$port" >/dev/null
    "$bin/mutual-coordinator" serve --dir "$home/fed" >"$home/coordinator.log" 2>&1 &
    coordinator=$!
    for _ in $(seq 100); do grep -q Serving "$home/coordinator.log" && break; kill -0 $coordinator 2>/dev/null || break; sleep 0.05; done
    grep -q Serving "$home/coordinator.log" && break
    port=$((port + 1))
    [ "$attempt" -lt 5 ] || { cat "$home/coordinator.log" >&2; exit 1; }
  done
  pids+=("$coordinator")
  organisations=("$@")
  mapfile -t codes < <("$bin/mutual-coordinator" invite --dir "$home/fed" --count "${#organisations[@]}")
  research join "$("$bin/mutual-coordinator" invite --dir "$home/fed" --role researcher)" --organisation research >/dev/null
  i=0
  for name in "${organisations[@]}"; do
    node "$name" join "${codes[$i]}" --organisation "$name" >/dev/null
    i=$((i + 1))
  done
}

serve_nodes() {
  local name format
  for name in "${organisations[@]}"; do
    "$bin/mutual-node" --dir "$home/$name" serve >"$home/$name.log" 2>&1 &
    pids+=("$!")
  done
}

# ask FILE: propose, let every organisation accept, wait for the end, print the results.
ask() {
  local name format
  digest=$(research --json propose "$1" | sed 's/.*"digest": "\([0-9a-f]*\)".*/\1/')
  for name in "${organisations[@]}"; do node "$name" accept "$digest" >"$home/accept.log"; done
  research watch "$digest"
  research results "$digest" | tee "$home/$(basename "$1" .toml).txt"
  for format in csv html; do
    research results "$digest" --format $format >"$home/$(basename "$1" .toml).$format"
  done
}

audit() { "$bin/mutual-audit" --policy "$home/${organisations[0]}/trust/policy" "$@"; }

# What a stranger can check; the whole list and a page for people go to files.
check_log() {
  audit verify "$home/fed/log/public" >"$home/audit.txt"
  sed -n '1p;/CP-QUORUM\|SIGNER\|CONTRIB\|CLOSE\|RELEASE\|EPSILON/p;$p' "$home/audit.txt"
  audit report --format html -o "$home/audit.html" --log "$home/fed/log/public" >/dev/null
  echo "The whole list is in $home/audit.txt, a page to read in $home/audit.html"
}

say_done() {
  echo "Done in $(($(date +%s) - started)) s. Results, pages and logs are in $home"
  [ "$keep" = yes ] || return 0
  echo "The federation is running. Talk to it with:"
  echo "  $bin/mutual --dir $home/research studies"
  echo "  $bin/mutual-node --dir $home/${organisations[0]} studies"
  echo "  $bin/mutual-coordinator status --dir $home/fed"
  echo "Stop it with: kill ${pids[*]}"
  trap - EXIT
}
