#!/usr/bin/env bash
# Many clients at once against `cria serve` with the model that ships, a tenth of which leave midway, and hostile ones among them; fails on any error.
# Writes benchmarks/results/<cpu name in kebab case>/soak.md.
#
#   benchmarks/soak.sh [REQUESTS, default 10000] [CLIENTS, default 64]
#
# Linux only: memory is read from /proc.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
requests=${1:-10000} clients=${2:-64}
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2> /dev/null; rm -rf "$work"' EXIT

dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
dotnet build -c Release -v quiet --nologo "$root/benchmarks/Cria.Load" > /dev/null
"$root/src/Cria.Cli/bin/Release/net10.0/cria" serve --port 0 --api-key secret --no-browser > "$work/address" 2> "$work/log" &
server=$!
until [ -s "$work/address" ]; do kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.1; done

status=0
{
    echo "# Soak"
    echo
    echo "$(cpu_name). \`benchmarks/soak.sh $requests $clients\`: \`cria serve\` with the model that ships. Memory is the process's own, without the mapped model; keys and values are kept for later requests up to a bound."
    echo
    "$root/benchmarks/Cria.Load/bin/Release/net10.0/Cria.Load" soak "$(head -n 1 "$work/address")" secret "$server" "$requests" "$clients" || status=$?
    # It must still be well, and end as it should.
    kill -TERM "$server"
    ended=0
    wait "$server" || ended=$?
    echo
    echo "Told to end, the server exited with $ended; its log has $(wc -l < "$work/log") lines."
} > "$work/soak.md"
server=
cat "$work/soak.md"
head -n 20 "$work/log" >&2
[ "$status" -eq 0 ] && mv "$work/soak.md" "$results/soak.md"
exit "$status"
