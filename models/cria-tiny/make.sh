#!/usr/bin/env bash
# Makes models/cria-tiny.gguf again: data, vocabulary, fresh model, training in two stages, quantizing, scores.
# What is there already is kept, so it goes on where it was interrupted: models/cria-tiny/make.sh [FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=${1:-artifacts/cria-tiny}
characters=70 seed=1
steady=17369 steps=19369

dotnet build src/Cria.Cli -c Release -v q --nologo
dotnet build models/cria-tiny/Data -c Release -v q --nologo
cria=src/Cria.Cli/bin/Release/net10.0/cria
mkdir -p "$work"

[ -e "$work/data/test.jsonl" ] || dotnet models/cria-tiny/Data/bin/Release/net10.0/Cria.TinyData.dll "$work/data" $characters $seed
[ -e "$work/vocabulary.gguf" ] || $cria tokenizer train "$work/data/train.jsonl" -o "$work/vocabulary.gguf" --vocab 4096 --special few
[ -e "$work/cria-tiny.gguf" ] || $cria new -o "$work/cria-tiny.gguf" --tokenizer "$work/vocabulary.gguf" \
    --hidden 192 --layers 6 --heads 6 --kv-heads 3 --ffn 512 --context 2048 --rope-theta 10000 --tied --seed $seed

train() {
    local resume=()
    [ -e "$work/run/checkpoint.safetensors" ] && resume=(--resume)
    $cria train -m "$work/cria-tiny.gguf" -d "$work/data/train.jsonl" -v "$work/data/validation.jsonl" -o "$work/run" "${resume[@]}" \
        --length 2048 --batch 2 --learning-rate 2.5e-3 --beta2 0.98 --seed $seed --bf16 --evaluate-every 200 --save-every 100 "$@"
}
# The learning rate stays as long as there is time, then falls in a straight line.
[ -e "$work/steady" ] || { train --schedule constant --warmup 100 --steps $steady && touch "$work/steady"; }
train --schedule linear --warmup $steady --steps $steps --final-share 0.02

$cria quantize "$work/run/model.gguf" models/cria-tiny.gguf Q8_0
$cria eval exact -m models/cria-tiny.gguf "$work/data/test.jsonl"
