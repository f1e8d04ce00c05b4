#!/usr/bin/env bash
# Makes models/cria-tiny.gguf again: data, vocabulary, fresh model, four courses of training, quantizing, scores; then cria-tiny-16k, see extend.sh.
# What is there already is kept, so it goes on where it was interrupted: models/cria-tiny/make.sh [FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. models/cria-tiny/tools.sh

# train COURSE MODEL SEED OPTIONS…
train() {
    local course=$1 model=$2 seed=$3 resume=()
    shift 3
    [ -e "$work/$course/run/done" ] && return
    [ -e "$work/$course/run/checkpoint.safetensors" ] && resume=(--resume)
    $cria train -m "$model" -d "$work/$course/train.jsonl" -v "$work/first/validation.jsonl" -o "$work/$course/run" "${resume[@]}" \
        --length 2048 --warmup 100 --beta2 0.98 --seed "$seed" --bf16 --evaluate-every 300 --save-every 100 --final-share 0.02 "$@"
    touch "$work/$course/run/done"
}

data first 70 1 first
[ -e "$work/vocabulary.gguf" ] || $cria tokenizer train "$work/first/train.jsonl" -o "$work/vocabulary.gguf" --vocab 4096 --special few
[ -e "$work/cria-tiny.gguf" ] || $cria new -o "$work/cria-tiny.gguf" --tokenizer "$work/vocabulary.gguf" \
    --hidden 192 --layers 6 --heads 6 --kv-heads 3 --ffn 512 --context 2048 --rope-theta 10000 --tied --seed 1
# Everything, at a high rate; then again, with more of what is learned last, down to nearly nothing.
train first "$work/cria-tiny.gguf" 1 --batch 2 --learning-rate 2.5e-3 --schedule constant --steps 17400
data second 100 11 second
train second "$work/first/run/model.gguf" 2 --batch 2 --learning-rate 2.2e-3 --schedule linear --steps 9000
# The step from the end of a sentence back to its beginning, which these two do not teach: among few words, then in everything.
data few-words 15 21 few-words
train few-words "$work/second/run/model.gguf" 21 --batch 1 --learning-rate 1e-3 --schedule constant --steps 1200
data third 70 22 third
train third "$work/few-words/run/model.gguf" 22 --batch 2 --learning-rate 1.5e-3 --schedule linear --steps 4600

$cria quantize "$work/third/run/model.gguf" models/cria-tiny.gguf Q8_0
$cria eval exact -m models/cria-tiny.gguf "$work/first/test.jsonl"

# The same model with a longer context.
models/cria-tiny/extend.sh "$work"
