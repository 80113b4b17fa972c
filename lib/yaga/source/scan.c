/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A push scanner for JSON: a state per byte position, fast loops inside strings and
 * numbers. */
#include "yaga/source/scan.h"

#include <string.h>
#include <strings.h>

enum state {
    BEFORE_VALUE,
    BEFORE_VALUE_OR_END, /* just behind '[' */
    BEFORE_KEY,
    BEFORE_KEY_OR_END, /* just behind '{' */
    BEFORE_COLON,
    AFTER_VALUE,
    IN_STRING,
    IN_ESCAPE,
    IN_UNICODE,
    IN_NUMBER,
    IN_WORD,
    DONE
};

void yaga_scan_init(struct yaga_scan *scan, yaga_token_fn on_token, void *context)
{
    *scan = (struct yaga_scan){.on_token = on_token, .context = context};
    yaga_str_init(&scan->token, YAGA_SCAN_TOKEN_MAX);
}

void yaga_scan_clear(struct yaga_scan *scan)
{
    yaga_str_clear(&scan->token);
}

void yaga_scan_reset(struct yaga_scan *scan)
{
    scan->offset = 0;
    scan->state = BEFORE_VALUE;
    scan->depth = 0;
    scan->high_surrogate = 0;
    yaga_str_reset(&scan->token);
}

static enum yaga_status
malformed(const struct yaga_scan *scan, const char *what, struct yaga_error *err)
{
    return yaga_error_set(err, YAGA_E_INPUT, "byte %llu: %s",
                          (unsigned long long)scan->offset, what);
}

static enum yaga_status
keep(struct yaga_scan *scan, const char *data, size_t n, struct yaga_error *err)
{
    enum yaga_status st = yaga_str_append_bytes(&scan->token, data, n);
    if (st == YAGA_E_NOMEM)
        return yaga_error_nomem(err);
    if (st != YAGA_OK)
        return yaga_error_set(err, YAGA_E_INPUT, "byte %llu: text longer than %d bytes",
                              (unsigned long long)scan->token_offset,
                              YAGA_SCAN_TOKEN_MAX);
    return YAGA_OK;
}

/* Hand out a token whose last piece is data[0..n-1]; only a cut one needs the copy. */
static enum yaga_status emit_text(struct yaga_scan *scan,
                                  enum yaga_token token,
                                  const char *data,
                                  size_t n,
                                  struct yaga_error *err)
{
    if (scan->token.length == 0 && n <= YAGA_SCAN_TOKEN_MAX)
        return scan->on_token(scan->context, token, data, n, err);
    enum yaga_status st = keep(scan, data, n, err);
    if (st == YAGA_OK)
        st = scan->on_token(scan->context, token, scan->token.data, scan->token.length,
                            err);
    yaga_str_reset(&scan->token);
    return st;
}

static void value_ended(struct yaga_scan *scan)
{
    scan->state = scan->depth == 0 ? DONE : AFTER_VALUE;
}

static enum yaga_status begin(struct yaga_scan *scan, bool object, struct yaga_error *err)
{
    if (scan->depth == YAGA_SCAN_DEPTH_MAX)
        return yaga_error_set(err, YAGA_E_INPUT, "byte %llu: nested deeper than %d",
                              (unsigned long long)scan->offset, YAGA_SCAN_DEPTH_MAX);
    scan->in_object[scan->depth++] = object;
    scan->state = object ? BEFORE_KEY_OR_END : BEFORE_VALUE_OR_END;
    return scan->on_token(scan->context, object ? YAGA_TOKEN_OBJECT : YAGA_TOKEN_ARRAY,
                          "", 0, err);
}

static enum yaga_status end(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    if (scan->depth == 0 || scan->in_object[scan->depth - 1] != (c == '}'))
        return malformed(scan, "closing bracket that opens nowhere", err);
    scan->depth--;
    value_ended(scan);
    return scan->on_token(scan->context, YAGA_TOKEN_END, "", 0, err);
}

static enum yaga_status begin_string(struct yaga_scan *scan, bool is_key)
{
    scan->is_key = is_key;
    scan->token_offset = scan->offset;
    scan->state = IN_STRING;
    return YAGA_OK;
}

static enum yaga_status
begin_value(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    if (c == '"')
        return begin_string(scan, false);
    if (c == '{' || c == '[')
        return begin(scan, c == '{', err);
    if (c == ']' && scan->state == BEFORE_VALUE_OR_END)
        return end(scan, c, err);
    bool number = c == '-' || (c >= '0' && c <= '9');
    if (!number && (c < 'a' || c > 'z'))
        return malformed(scan, "expected a JSON value", err);
    scan->token_offset = scan->offset;
    scan->state = number ? IN_NUMBER : IN_WORD;
    return keep(scan, &c, 1, err);
}

static enum yaga_status
after_value(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    if (c == '}' || c == ']')
        return end(scan, c, err);
    if (c != ',')
        return malformed(scan, "expected ',' or a closing bracket", err);
    scan->state = scan->in_object[scan->depth - 1] ? BEFORE_KEY : BEFORE_VALUE;
    return YAGA_OK;
}

/* One byte between tokens. */
static enum yaga_status structure(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        return YAGA_OK;
    switch ((enum state)scan->state) {
    case BEFORE_VALUE:
    case BEFORE_VALUE_OR_END:
        return begin_value(scan, c, err);
    case BEFORE_KEY:
    case BEFORE_KEY_OR_END:
        if (c == '}' && scan->state == BEFORE_KEY_OR_END)
            return end(scan, c, err);
        return c == '"' ? begin_string(scan, true)
                        : malformed(scan, "expected a key", err);
    case BEFORE_COLON:
        scan->state = BEFORE_VALUE;
        return c == ':' ? YAGA_OK : malformed(scan, "expected ':'", err);
    case AFTER_VALUE:
        return after_value(scan, c, err);
    case DONE:
    case IN_STRING:
    case IN_ESCAPE:
    case IN_UNICODE:
    case IN_NUMBER:
    case IN_WORD:
        break;
    }
    return malformed(scan, "bytes behind the end of the document", err);
}

static enum yaga_status
keep_utf8(struct yaga_scan *scan, unsigned code, struct yaga_error *err)
{
    char out[4];
    size_t n = 0;
    if (code < 0x80) {
        out[n++] = (char)code;
    } else if (code < 0x800) {
        out[n++] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        out[n++] = (char)(0xe0 | code >> 12);
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        out[n++] = (char)(0xf0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80)
        out[n++] = (char)(0x80 | (code & 0x3f));
    return keep(scan, out, n, err);
}

/* A high half whose low half did not follow becomes the replacement character. */
static enum yaga_status drop_surrogate(struct yaga_scan *scan, struct yaga_error *err)
{
    if (scan->high_surrogate == 0)
        return YAGA_OK;
    scan->high_surrogate = 0;
    return keep_utf8(scan, 0xfffd, err);
}

static enum yaga_status unicode_complete(struct yaga_scan *scan, struct yaga_error *err)
{
    unsigned code = scan->unicode;
    scan->state = IN_STRING;
    if (code >= 0xdc00 && code < 0xe000 && scan->high_surrogate != 0) {
        code = 0x10000 + ((scan->high_surrogate - 0xd800) << 10) + (code - 0xdc00);
        scan->high_surrogate = 0;
        return keep_utf8(scan, code, err);
    }
    enum yaga_status st = drop_surrogate(scan, err);
    if (st != YAGA_OK)
        return st;
    if (code >= 0xd800 && code < 0xdc00) {
        scan->high_surrogate = code;
        return YAGA_OK;
    }
    return keep_utf8(scan, code >= 0xdc00 && code < 0xe000 ? 0xfffd : code, err);
}

static enum yaga_status
unicode_digit(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    unsigned digit;
    if (c >= '0' && c <= '9')
        digit = (unsigned)(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        digit = (unsigned)((c | 0x20) - 'a') + 10;
    else
        return malformed(scan, "\\u needs four hexadecimal digits", err);
    scan->unicode = scan->unicode << 4 | digit;
    return ++scan->unicode_digits < 4 ? YAGA_OK : unicode_complete(scan, err);
}

static enum yaga_status escape(struct yaga_scan *scan, char c, struct yaga_error *err)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
        scan->state = IN_UNICODE;
        scan->unicode = 0;
        scan->unicode_digits = 0;
        return YAGA_OK;
    }
    const char *at = c == '\0' ? NULL : strchr(from, c);
    if (at == NULL)
        return malformed(scan, "unknown escape", err);
    scan->state = IN_STRING;
    enum yaga_status st = drop_surrogate(scan, err);
    return st == YAGA_OK ? keep(scan, &to[at - from], 1, err) : st;
}

static enum yaga_status
end_string(struct yaga_scan *scan, const char *data, size_t n, struct yaga_error *err)
{
    if (!scan->is_key) {
        value_ended(scan);
        return emit_text(scan, YAGA_TOKEN_STRING, data, n, err);
    }
    scan->state = BEFORE_COLON;
    return emit_text(scan, YAGA_TOKEN_KEY, data, n, err);
}

/* The bytes of a string up to its end, an escape or the end of the piece. */
static enum yaga_status string_piece(struct yaga_scan *scan,
                                     const char *data,
                                     size_t n_bytes,
                                     size_t *used,
                                     struct yaga_error *err)
{
    size_t n = 0;
    while (n < n_bytes && data[n] != '"' && data[n] != '\\' &&
           (unsigned char)data[n] >= 0x20)
        n++;
    *used = n;
    if (data[0] != '\\') {
        enum yaga_status st = drop_surrogate(scan, err);
        if (st != YAGA_OK)
            return st;
    }
    if (n < n_bytes && data[n] == '"') {
        *used = n + 1;
        scan->offset += n;
        return end_string(scan, data, n, err);
    }
    if (n < n_bytes && data[n] != '\\') {
        scan->offset += n;
        return malformed(scan, "control character in a string", err);
    }
    if (n < n_bytes) {
        scan->state = IN_ESCAPE;
        *used = n + 1;
    }
    return keep(scan, data, n, err);
}

static size_t digits(const char *text, size_t length, size_t from)
{
    size_t n = from;
    while (n < length && text[n] >= '0' && text[n] <= '9')
        n++;
    return n;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool is_number(const char *text, size_t length)
{
    size_t start = length > 0 && text[0] == '-';
    size_t at = digits(text, length, start);
    if (at == start || (text[start] == '0' && at > start + 1))
        return false;
    if (at < length && text[at] == '.') {
        size_t fraction = at + 1;
        at = digits(text, length, fraction);
        if (at == fraction)
            return false;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        size_t exponent = at + 1;
        if (exponent < length && (text[exponent] == '+' || text[exponent] == '-'))
            exponent++;
        at = digits(text, length, exponent);
        if (at == exponent)
            return false;
    }
    return at == length;
}

static enum yaga_status
end_word(struct yaga_scan *scan, bool number, struct yaga_error *err)
{
    static const struct {
        const char *word;
        enum yaga_token token;
    } words[] = {{"true", YAGA_TOKEN_TRUE},
                 {"false", YAGA_TOKEN_FALSE},
                 {"null", YAGA_TOKEN_NULL}};
    const char *text = scan->token.data;
    size_t length = scan->token.length;
    value_ended(scan);
    enum yaga_status st = YAGA_OK;
    if (number && is_number(text, length)) {
        st = scan->on_token(scan->context, YAGA_TOKEN_NUMBER, text, length, err);
        yaga_str_reset(&scan->token);
        return st;
    }
    for (size_t i = 0; !number && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i].word) == 0) {
            yaga_str_reset(&scan->token);
            return scan->on_token(scan->context, words[i].token, "", 0, err);
        }
    }
    return malformed(scan, number ? "malformed number" : "unknown word", err);
}

/* Numbers and words end where a byte cannot belong to them; that byte is not consumed. */
static enum yaga_status word_piece(struct yaga_scan *scan,
                                   const char *data,
                                   size_t n_bytes,
                                   size_t *used,
                                   struct yaga_error *err)
{
    bool number = scan->state == IN_NUMBER;
    size_t n = 0;
    for (; n < n_bytes; n++) {
        char c = data[n];
        bool more = number ? (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
                                 c == 'e' || c == 'E'
                           : c >= 'a' && c <= 'z';
        if (!more)
            break;
    }
    *used = n;
    enum yaga_status st = keep(scan, data, n, err);
    if (st != YAGA_OK || n == n_bytes)
        return st;
    scan->offset += n;
    return end_word(scan, number, err);
}

static enum yaga_status step(struct yaga_scan *scan,
                             const char *data,
                             size_t n_bytes,
                             size_t *used,
                             struct yaga_error *err)
{
    *used = 1;
    switch ((enum state)scan->state) {
    case IN_STRING:
        return string_piece(scan, data, n_bytes, used, err);
    case IN_NUMBER:
    case IN_WORD:
        return word_piece(scan, data, n_bytes, used, err);
    case IN_ESCAPE:
        return escape(scan, data[0], err);
    case IN_UNICODE:
        return unicode_digit(scan, data[0], err);
    case BEFORE_VALUE:
    case BEFORE_VALUE_OR_END:
    case BEFORE_KEY:
    case BEFORE_KEY_OR_END:
    case BEFORE_COLON:
    case AFTER_VALUE:
    case DONE:
        break;
    }
    return structure(scan, data[0], err);
}

enum yaga_status yaga_scan_push(struct yaga_scan *scan,
                                const char *data,
                                size_t n_bytes,
                                struct yaga_error *err)
{
    uint64_t base = scan->offset;
    size_t at = 0;
    while (at < n_bytes) {
        size_t used;
        enum yaga_status st = step(scan, data + at, n_bytes - at, &used, err);
        if (st != YAGA_OK)
            return st;
        at += used;
        /* Steps move the offset to the byte they judge, so that errors name it however
         * the input is cut. */
        scan->offset = base + at;
    }
    return YAGA_OK;
}

enum yaga_status yaga_scan_finish(struct yaga_scan *scan, struct yaga_error *err)
{
    /* A number at the top level ends with the document. */
    if (scan->depth == 0 && (scan->state == IN_NUMBER || scan->state == IN_WORD)) {
        enum yaga_status st = end_word(scan, scan->state == IN_NUMBER, err);
        if (st != YAGA_OK)
            return st;
    }
    if (scan->state != DONE)
        return malformed(
            scan, scan->offset == 0 ? "empty document" : "document is cut off", err);
    return YAGA_OK;
}

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool slow_number(const char *text, size_t length, double *out)
{
    if (yaga_parse_double(text, length, out))
        return true;
    size_t sign = length > 0 && (text[0] == '+' || text[0] == '-');
    if (length - sign != 8 || strncasecmp(text + sign, "infinity", 8) != 0)
        return false;
    *out = text[0] == '-' ? -__builtin_inf() : __builtin_inf();
    return true;
}

bool yaga_scan_number(const char *text, size_t length, double *out)
{
    size_t at = length > 0 && text[0] == '-';
    uint64_t mantissa = 0;
    size_t n_digits = 0;
    size_t n_fraction = 0;
    bool point = false;
    if (length - at > 16)
        return slow_number(text, length, out);
    for (; at < length; at++) {
        unsigned digit = (unsigned)(unsigned char)text[at] - '0';
        if (digit > 9) {
            if (text[at] != '.' || point)
                return slow_number(text, length, out);
            point = true;
            continue;
        }
        mantissa = mantissa * 10 + digit;
        n_digits++;
        n_fraction += point;
    }
    if (n_digits == 0 || n_digits > 15)
        return slow_number(text, length, out);
    double value = (double)mantissa / powers[n_fraction];
    *out = text[0] == '-' ? -value : value;
    return true;
}
