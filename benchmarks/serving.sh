#!/usr/bin/env bash
# Measures `cria serve` from outside and writes to benchmarks/results/<cpu name in kebab case>/
#   serving.md            sixteen streams against one, and one against the model's own steps
#   serving-latency.md    what a grammar costs a token, a known prefix, a short prompt while a long one is taken in
#
#   benchmarks/serving.sh MODEL.gguf
#   LLAMA_SERVER=path/to/llama-server benchmarks/serving.sh MODEL.gguf     # the first for llama.cpp's server as well, in turn
#   PARTS=rates benchmarks/serving.sh MODEL.gguf                           # one of the two: rates or latency
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
load=$root/benchmarks/Cria.Load/bin/Release/net10.0/Cria.Load
begin() {
    # Not the address of the server before.
    rm -f "$work/address"
    "$cria" serve "$model" --port 0 -c 8192 --no-browser > "$work/address" 2> "$work/log" &
    server=$!
    until [ -s "$work/address" ]; do kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.1; done
    address=$(head -n 1 "$work/address")
}
begin_theirs() {
    address=http://127.0.0.1:18080
    "$LLAMA_SERVER" -m "$model" --port 18080 -t "$(nproc)" -c 8192 -np 16 > "$work/log" 2>&1 &
    server=$!
    until curl -sf $address/health > /dev/null; do kill -0 $server || { tail "$work/log"; exit 1; }; sleep 0.2; done
}
end() { kill -TERM "$server"; wait "$server" || true; server=; }
head_of_table() {
    echo "$1"
    echo
    echo "| what | |"
    echo "|---|---:|"
}
head_of_file() {
    echo "# $1"
    echo
    head_of_table "$(cpu_name), $(nproc) cores. \`benchmarks/serving.sh $(basename "$model")\`: \`cria serve\`, seen from a client on the same machine."
}
keep() { mv "$work/$1" "$results/$1"; cat "$results/$1"; }

if [[ ${PARTS:-rates} == *rates* ]]; then
    {
        head_of_file Serving
        begin
        "$load" rate $address
        "$load" overhead $address "$model"
        end
        if [ -n "${LLAMA_SERVER:-}" ]; then
            echo
            head_of_table "llama.cpp's server ($("$LLAMA_SERVER" --version 2>&1 | sed -n 's/^version: //p' | head -n 1)), asked the same:"
            begin_theirs
            "$load" rate $address
            end
        fi
    } > "$work/serving.md"
    keep serving.md
fi
if [[ ${PARTS:-latency} == *latency* ]]; then
    {
        head_of_file "Serving: latency"
        begin
        "$load" constraint $address
        "$load" prompts $address
        end
    } > "$work/serving-latency.md"
    keep serving-latency.md
fi
