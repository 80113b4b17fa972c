/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: whatever parses must write, and what was written must parse to the same text
 * again. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/io/json.h"

static char *must_dump(const struct yaga_json *value)
{
    char *text = NULL;
    if (yaga_json_dump(value, false, &text, NULL) != YAGA_OK)
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaga_error err;
    YAGA_AUTO(yaga_json) first = NULL;
    if (yaga_json_parse((const char *)data, size, 1 << 20, &first, &err) != YAGA_OK) {
        if (err.status != YAGA_E_INPUT || err.text[0] == '\0')
            abort();
        return 0;
    }
    YAGA_AUTO_MEM(char) text = must_dump(first);
    YAGA_AUTO(yaga_json) second = NULL;
    if (yaga_json_parse(text, strlen(text), SIZE_MAX, &second, &err) != YAGA_OK)
        abort();
    YAGA_AUTO_MEM(char) again = must_dump(second);
    if (strcmp(text, again) != 0)
        abort();
    return 0;
}
