/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates: a template, a NUL, a document. What parses can be filled; in a template that
 * is one JSON string, what comes out is JSON. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "yaga/base/mem.h"
#include "yaga/base/str.h"
#include "yaga/io/template.h"

static void must_be_json(const char *text)
{
    YAGA_AUTO(yaga_json) value = NULL;
    if (yaga_json_parse(text, strlen(text), 1 << 20, &value, NULL) != YAGA_OK)
        abort();
}

static void fill(const struct yaga_template *tmpl, const struct yaga_json *document)
{
    YAGA_AUTO_MEM(char) plain = NULL;
    YAGA_AUTO_MEM(char) escaped = NULL;
    struct yaga_error err;
    enum yaga_status st =
        yaga_template_render(tmpl, document, false, 1 << 16, &plain, &err);
    if (st != YAGA_OK && st != YAGA_E_INPUT)
        abort();
    st = yaga_template_render(tmpl, document, true, 1 << 16, &escaped, &err);
    if (st != YAGA_OK && st != YAGA_E_INPUT)
        abort();
}

/* {"v": "<hole>"} with any hole must stay JSON. */
static void quote(const char *text, const struct yaga_json *document)
{
    struct yaga_str whole;
    YAGA_AUTO(yaga_template) tmpl = NULL;
    YAGA_AUTO_MEM(char) out = NULL;
    const char *open = strstr(text, "{{");
    const char *close = open == NULL ? NULL : strstr(open, "}}");
    yaga_str_init(&whole, 1 << 16);
    if (close != NULL &&
        yaga_str_appendf(&whole, "{\"v\":\"%.*s\"}", (int)(close + 2 - open), open) ==
            YAGA_OK &&
        strstr(open, "json") == NULL &&
        yaga_template_parse(yaga_str_get(&whole), &tmpl, NULL) == YAGA_OK &&
        yaga_template_render(tmpl, document, true, 1 << 16, &out, NULL) == YAGA_OK)
        must_be_json(out);
    yaga_str_clear(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, 0, size);
    YAGA_AUTO_MEM(char)
    text = yaga_strndup((const char *)data, end == NULL ? size : (size_t)(end - data));
    YAGA_AUTO(yaga_template) tmpl = NULL;
    YAGA_AUTO(yaga_json) document = NULL;
    struct yaga_error err;
    if (text == NULL)
        return 0;
    if (end != NULL &&
        yaga_json_parse((const char *)end + 1, size - (size_t)(end - data) - 1, 1 << 16,
                        &document, &err) != YAGA_OK &&
        document != NULL)
        abort(); /* written only on success */
    if (yaga_template_parse(text, &tmpl, &err) != YAGA_OK) {
        if (err.status != YAGA_E_INPUT || err.text[0] == '\0')
            abort();
        return 0;
    }
    fill(tmpl, document);
    quote(text, document);
    return 0;
}
