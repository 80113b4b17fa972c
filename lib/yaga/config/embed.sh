#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# embed.sh OUTPUT PRESET...: presets as one C file, so that programs carry what the files say.
set -eu
export LC_ALL=C
output=$1
shift
{
    echo '/* Generated from config/presets by embed.sh. */'
    echo '#include "yaga/config/config_internal.h"'
    table=
    n=0
    for file; do
        # Bytes, not a string literal: compilers limit the length of literals.
        printf 'static const char text_%d[] = {\n' "$n"
        od -An -v -tx1 "$file" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
        echo '0};'
        table="$table    {\"$(basename "$file" .cfg)\", text_$n},
"
        n=$((n + 1))
    done
    printf 'const struct yaga_preset yaga_preset_table[] = {\n%s};\n' "$table"
    printf 'const size_t yaga_n_preset_table = %d;\n' "$n"
} >"$output"
