#!/usr/bin/env bash
# Measures `cria serve` from outside and writes benchmarks/results/<cpu name in kebab case>/serve.md: sixteen streams against one, a short prompt
# while a long one is taken in, a known prefix, and the rate of one stream against `cria bench`.
#
#   benchmarks/serve.sh MODEL.gguf
#
# Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
model=$(realpath "${1:?a model file}")
work=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2> /dev/null; rm -rf "$work"' EXIT

if [ -z "${NO_BUILD:-}" ]; then
    dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
    dotnet build -c Release -v quiet --nologo "$root/benchmarks/Cria.Load" > /dev/null
fi
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria

# Before and after, because machines have moods. The depth is that of the streams.
bench() { "$cria" bench -m "$model" -p 0 -n 64 -d 64 -r 3 -o json; }
bench > "$work/before.json"
"$cria" serve "$model" --port 0 -c 8192 --no-browser > "$work/address" 2> "$work/log" &
server=$!
until [ -s "$work/address" ]; do kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.1; done
"$root/benchmarks/Cria.Load/bin/Release/net10.0/Cria.Load" speed "$(head -n 1 "$work/address")" > "$work/rows"
kill -TERM $server; wait $server; server=
bench > "$work/after.json"

rate() { tr ',{}' '\n' < "$1" | sed -n 's/.*"tokensPerSecond"[^0-9]*\([0-9.]*\).*/\1/p' | head -n 1; }
{
    echo "# Serving"
    echo
    echo "$(cpu_name), $(nproc) cores. \`benchmarks/serve.sh $(basename "$model")\`: \`cria serve\`, seen from a client on the same machine."
    echo
    echo "| what | |"
    echo "|---|---:|"
    cat "$work/rows"
    echo "| \`cria bench -n 64 -d 64\` before, tokens/s | $(rate "$work/before.json") |"
    echo "| and after | $(rate "$work/after.json") |"
} > "$work/serve.md"
mv "$work/serve.md" "$results/serve.md"
cat "$results/serve.md"
