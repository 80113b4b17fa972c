/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A loopback HTTP server that misbehaves on demand. It listens on a free port of
 * 127.0.0.1, answers from a script (or a function) on its own threads, and remembers what
 * it was asked.
 *
 *     struct stub_server *server = stub_server_start();
 *     stub_server_add(server, &(struct stub_response){.status = 503});
 *     stub_server_add(server, &(struct stub_response){.status = 200, .body = "{}"});
 *     ... use stub_server_url(server) ...
 *     assert_int_equal(stub_server_count(server), 2);
 *     stub_server_stop(server);
 */
#ifndef YAGA_TESTS_STUB_SERVER_H
#define YAGA_TESTS_STUB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct stub_response {
    const char *path;    /* only for requests whose path starts so; NULL = any */
    int status;          /* 0 = 200 */
    const char *headers; /* further lines, each with "\r\n" at its end; or NULL */
    const char *body;    /* or NULL */
    size_t body_length;  /* 0 = strlen(body) */
    size_t repeat;       /* the body is sent so many times over; 0 = once */
    bool gzip;           /* compressed, with the header that says so */
    int delay_ms;        /* before the first byte */
    size_t close_after;  /* close after so many body bytes although more were announced; 0
                            = do not */
    size_t drip_bytes;   /* send the body in pieces of this size ... */
    int drip_ms;         /* ... with this pause before each */
    const char *raw;     /* these bytes in place of any HTTP, then close */
    bool hang; /* accept and say nothing until the client or the test gives up */
};

struct stub_request {
    char method[8];
    char *path;    /* without the query string */
    char *form;    /* query string of a GET, otherwise the body; "" when there is none */
    char *headers; /* as received */
};

struct stub_server;

/* Never NULL: a test cannot go on without its server, so failures abort. */
struct stub_server *stub_server_start(void);
/* Ends all connections and threads and frees everything; NULL is fine. */
void stub_server_stop(struct stub_server *server);
/* "http://127.0.0.1:PORT", borrowed. */
const char *stub_server_url(const struct stub_server *server);

/* Append to the script; the texts are borrowed until stop. Each answer serves one
 * request, the last one that fits serves all that follow. A request that nothing fits
 * gets a 404. */
void stub_server_add(struct stub_server *server, const struct stub_response *response);

/* Ask this function first (one call at a time); false = use the script. What *response
 * points to must stay valid until the function is called again. */
typedef bool (*stub_handler_fn)(void *context,
                                const struct stub_request *request,
                                struct stub_response *response);
void stub_server_set_handler(struct stub_server *server,
                             stub_handler_fn handler,
                             void *context);

size_t stub_server_count(struct stub_server *server);
/* The i-th request received; borrowed until stop. */
const struct stub_request *stub_server_request(struct stub_server *server, size_t i);
size_t stub_server_connections(struct stub_server *server);

/* The decoded value of a form field into out; false when it is not there or does not fit.
 */
bool stub_request_field(const struct stub_request *request,
                        const char *name,
                        char *out,
                        size_t size);

#endif
