#!/usr/bin/env bash
# Makes models/cria-tiny/cria-tiny-16k.gguf again from models/cria-tiny.gguf as it ships, in Q8_0: the rotary base, data, stages (stages.json), quantizing, scores; see docs/long-context.md.
# What is there already is kept, so it goes on where it was interrupted: models/cria-tiny/extend.sh [FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. models/cria-tiny/tools.sh

data first 70 1 first
data stage-2048 8 31 2048
data stage-4096 5 32 4096
data stage-8192 5 33 8192
data stage-16384 7 35 16384
data stage-8192-more 5 36 8192
data stage-16384-more 7 37 16384
data stage-8192-last 5 38 8192
data stage-16384-last 7 39 16384
[ -e "$work/extended.gguf" ] || $cria extend -m models/cria-tiny.gguf -c 16384 --rule critical -o "$work/extended.gguf"
resume=()
[ -e "$work/stages" ] && resume=(--resume)
sed "s|artifacts/cria-tiny|$work|" models/cria-tiny/stages.json > "$work/stages.json"
$cria train --stages "$work/stages.json" -m "$work/extended.gguf" -o "$work/stages" "${resume[@]}"
$cria quantize "$work/stages/8-16384-last/model.gguf" models/cria-tiny/cria-tiny-16k.gguf Q8_0
$cria eval exact -m models/cria-tiny/cria-tiny-16k.gguf "$work/first/test.jsonl"
