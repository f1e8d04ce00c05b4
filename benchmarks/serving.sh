#!/usr/bin/env bash
# Measures `cria serve` from outside and writes benchmarks/results/<cpu name in kebab case>/serving.md: sixteen streams against one, what a grammar costs,
# a known prefix, a short prompt while a long one is taken in, and the rate of one stream against `cria bench`.
#
#   benchmarks/serving.sh MODEL.gguf
#   LLAMA_SERVER=path/to/llama-server benchmarks/serving.sh MODEL.gguf     # and the first three for llama.cpp's server, in turn
#
# Nothing else should run meanwhile. Where several work on a machine, ALONE is a command that waits for it and runs another; it is put before each measured part.
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
load() { ${ALONE:-} "$root/benchmarks/Cria.Load/bin/Release/net10.0/Cria.Load" "$@"; }
end() { kill -TERM "$server"; wait "$server" || true; server=; }

# Before and after, because machines have moods. The depth is that of the streams.
bench() { ${ALONE:-} "$cria" bench -m "$model" -p 0 -n 64 -d 64 -r 3 -o json | tr ',{}' '\n' | sed -n 's/.*"tokensPerSecond"[^0-9]*\([0-9.]*\).*/\1/p' | head -n 1; }

ours() {
    "$cria" serve "$model" --port 0 -c 8192 --no-browser > "$work/address" 2> "$work/log" &
    server=$!
    until [ -s "$work/address" ]; do kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.1; done
    before=$(bench)
    load rate "$(head -n 1 "$work/address")"
    echo "| \`cria bench -n 64 -d 64\` before and after, tokens/s | $before, $(bench) |"
    for part in constraint prompts; do load $part "$(head -n 1 "$work/address")"; done
    end
}

theirs() {
    local port=18080
    "$LLAMA_SERVER" -m "$model" --port $port -t "$(nproc)" -c 8192 -np 16 > "$work/log" 2>&1 &
    server=$!
    until curl -sf "http://127.0.0.1:$port/health" > /dev/null; do kill -0 $server || { tail "$work/log"; exit 1; }; sleep 0.2; done
    load rate "http://127.0.0.1:$port"
    end
}

{
    echo "# Serving"
    echo
    echo "$(cpu_name), $(nproc) cores. \`benchmarks/serving.sh $(basename "$model")\`: \`cria serve\`, seen from a client on the same machine."
    echo
    echo "| what | |"
    echo "|---|---:|"
    ours
    if [ -n "${LLAMA_SERVER:-}" ]; then
        echo
        echo "llama.cpp's server ($("$LLAMA_SERVER" --version 2>&1 | sed -n 's/^version: //p' | head -n 1)), asked the same, on the same machine:"
        echo
        echo "| what | |"
        echo "|---|---:|"
        theirs
    fi
} > "$work/serving.md"
mv "$work/serving.md" "$results/serving.md"
cat "$results/serving.md"
