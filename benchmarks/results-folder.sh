# Sourced by the other scripts, which set root: sets results, the folder of this machine's figures.

cpu_name() {
    if [ -r /proc/cpuinfo ] && grep -q '^model name' /proc/cpuinfo; then sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
    elif command -v sysctl >/dev/null && sysctl -n machdep.cpu.brand_string 2>/dev/null; then :
    elif command -v lscpu >/dev/null; then lscpu | sed -n 's/^Model name: *//p' | head -n 1
    else echo "${PROCESSOR_IDENTIFIER:-$(uname -m)}"
    fi
}

kebab() {
    sed -e 's/([^)]*)//g' | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9' '-' | sed -e 's/--*/-/g' -e 's/^-//' -e 's/-$//'
}

# One name stands for processors of several generations, which differ most in this.
grep -q "^flags.* avx512bw" /proc/cpuinfo 2> /dev/null && generation=-avx512 || generation=
results=$root/benchmarks/results/$(cpu_name | kebab)$generation
mkdir -p "$results"
