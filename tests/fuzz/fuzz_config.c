/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text is refused with a message or loads; what loads can be shown, and loads again
 * to the same digest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "yaga/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the string it has just read when a syntax error follows. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    YAGA_AUTO(yaga_config) config = NULL;
    YAGA_AUTO(yaga_config) again = NULL;
    YAGA_AUTO_MEM(char) text = yaga_strndup((const char *)data, size);
    YAGA_AUTO_MEM(char) problems = NULL;
    YAGA_AUTO_MEM(char) dump = NULL;
    struct yaga_error err = {.status = YAGA_OK};
    enum yaga_status st = yaga_config_parse(text, "fuzz.cfg", &config, &problems, &err);
    if (st != YAGA_OK) {
        if (config != NULL || err.text[0] == '\0' || problems == NULL)
            abort();
        return 0;
    }
    char before[65], after[65];
    if (yaga_config_dump(config, &dump, &err) != YAGA_OK ||
        yaga_config_parse(dump, "dump.cfg", &again, NULL, &err) != YAGA_OK)
        abort();
    yaga_config_digest(config, before);
    yaga_config_digest(again, after);
    if (strcmp(before, after) != 0)
        abort();
    return 0;
}
