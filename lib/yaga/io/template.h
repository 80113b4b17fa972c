/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text with holes that are filled from a JSON document.
 *
 *     {"text": "{{service_name}}: {{anomalies.0.description|it is over}}", "all": {{json anomalies}}}
 *
 * {{path}}           the value as text: a string as it is, a number or true and false as JSON writes them, anything else as JSON
 * {{path|default}}   the same, or this text when there is no such value, or null
 * {{json path}}      the value as JSON, with quotes around a string; null when there is none
 *
 * A path is names with dots between; a number takes that member of an array, or of an object in the order of the document. Without a
 * default, a value that is not there is nothing. Blanks around path and default do not count. There is no way to write "{{" or a "|" or "}}"
 * inside of a default.
 */
#ifndef YAGA_IO_TEMPLATE_H
#define YAGA_IO_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "yaga/base/error.h"
#include "yaga/base/mem.h"
#include "yaga/io/json.h"

enum {
    YAGA_TEMPLATE_MAX = 8192,       /* bytes of a template */
    YAGA_TEMPLATE_HOLES_MAX = 64,
    YAGA_TEMPLATE_PATH_MAX = 200,   /* bytes of a path */
    YAGA_TEMPLATE_STEPS_MAX = 8     /* names in a path */
};

struct yaga_template;
/* YAGA_E_INPUT says which limit, or what is wrong at which byte. */
enum yaga_status yaga_template_parse(const char *text, struct yaga_template **out, struct yaga_error *err) YAGA_MUST_USE;
struct yaga_template *yaga_template_free(struct yaga_template *tmpl);
YAGA_DEFINE_AUTO(yaga_template)

/* in_json: the text is JSON, and values and defaults are escaped to stand between quotes ({{json path}} is not affected). YAGA_E_INPUT when
 * the result is longer than max bytes. Caller frees with yaga_free. */
enum yaga_status yaga_template_render(const struct yaga_template *tmpl, const struct yaga_json *document, bool in_json, size_t max,
                                      char **out, struct yaga_error *err) YAGA_MUST_USE;

#endif
