/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread accepts, one thread serves each connection; all state is behind one mutex.
 */
#include "stub_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum { MAX_RESPONSES = 256, MAX_REQUESTS = 65536, MAX_REQUEST_BYTES = 8 << 20 };

struct stub_server {
    pthread_mutex_t mutex;
    pthread_cond_t idle; /* a connection ended */
    pthread_t acceptor;
    int listener;
    int stop; /* eventfd: readable once the server is to stop */
    size_t active;
    size_t n_connections;
    struct stub_response script[MAX_RESPONSES];
    bool used[MAX_RESPONSES];
    size_t n_responses;
    struct stub_request *requests[MAX_REQUESTS];
    size_t n_requests;
    stub_handler_fn handler;
    void *context;
    char url[64];
};

struct connection {
    struct stub_server *server;
    int fd;
    char *buffer; /* bytes received and not consumed */
    size_t n;
    size_t capacity;
};

struct bytes {
    char *data;
    size_t n;
};

static void *must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

/* Waits for the descriptor (-1 = none) or the time; false when the server stops. */
static bool wait_for(struct stub_server *server, int fd, short events, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = server->stop, .events = POLLIN},
                            {.fd = fd, .events = events}};
    (void)poll(fds, 2, timeout_ms);
    return fds[0].revents == 0;
}

static bool send_all(struct connection *c, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent < 0 && !wait_for(c->server, c->fd, POLLOUT, -1))
            return false;
        data += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool receive_more(struct connection *c)
{
    if (c->n == MAX_REQUEST_BYTES)
        return false;
    if (c->n + 1 >= c->capacity) {
        c->capacity = c->capacity == 0 ? 8192 : c->capacity * 2;
        c->buffer = must(realloc(c->buffer, c->capacity + 1));
    }
    if (!wait_for(c->server, c->fd, POLLIN, -1))
        return false;
    ssize_t n = recv(c->fd, c->buffer + c->n, c->capacity - c->n, 0);
    if (n <= 0)
        return false;
    c->n += (size_t)n;
    c->buffer[c->n] = '\0';
    return true;
}

static void free_request(struct stub_request *request)
{
    free(request->path);
    free(request->form);
    free(request->headers);
    free(request);
}

static size_t content_length(const char *headers)
{
    const char *found = strcasestr(headers, "\r\nContent-Length:");
    return found == NULL ? 0 : strtoul(found + strlen("\r\nContent-Length:"), NULL, 10);
}

/* head: request line and headers; body: what followed. */
static struct stub_request *
parse_request(const char *head, size_t n_head, const char *body, size_t n_body)
{
    struct stub_request *request = must(calloc(1, sizeof *request));
    request->headers = must(strndup(head, n_head));
    size_t method = strcspn(request->headers, " ");
    size_t n = method < sizeof request->method ? method : sizeof request->method - 1;
    memcpy(request->method, request->headers, n);
    const char *target =
        request->headers + method + (request->headers[method] == ' ' ? 1 : 0);
    size_t n_path = strcspn(target, "? \r\n");
    request->path = must(strndup(target, n_path));
    const char *query = target[n_path] == '?' ? target + n_path + 1 : "";
    request->form = must(n_body > 0 ? strndup(body, n_body)
                                    : strndup(query, strcspn(query, " \r\n")));
    return request;
}

static struct stub_request *read_request(struct connection *c)
{
    char *end = NULL;
    while (c->n == 0 || (end = strstr(c->buffer, "\r\n\r\n")) == NULL) {
        if (!receive_more(c))
            return NULL;
    }
    size_t n_head = (size_t)(end - c->buffer) + 4;
    char last = c->buffer[n_head];
    c->buffer[n_head] = '\0';
    size_t n_body = content_length(c->buffer);
    bool expects = strcasestr(c->buffer, "\r\nExpect: 100-continue") != NULL;
    c->buffer[n_head] = last;
    if (expects && !send_all(c, "HTTP/1.1 100 Continue\r\n\r\n", 25))
        return NULL;
    while (c->n < n_head + n_body) {
        if (!receive_more(c))
            return NULL;
    }
    struct stub_request *request =
        parse_request(c->buffer, n_head, c->buffer + n_head, n_body);
    c->n -= n_head + n_body;
    memmove(c->buffer, c->buffer + n_head + n_body, c->n + 1);
    return request;
}

static struct stub_response from_script(struct stub_server *server, const char *path)
{
    struct stub_response found = {.status = 404,
                                  .body = "the script has nothing for this"};
    for (size_t i = 0; i < server->n_responses; i++) {
        const struct stub_response *r = &server->script[i];
        if (r->path != NULL && strncmp(path, r->path, strlen(r->path)) != 0)
            continue;
        found = *r;
        if (!server->used[i]) {
            server->used[i] = true;
            break;
        }
    }
    return found;
}

static struct bytes make_body(const struct stub_response *r)
{
    size_t once = r->body == NULL ? 0 : r->body_length;
    if (once == 0 && r->body != NULL)
        once = strlen(r->body);
    size_t times = r->repeat == 0 ? 1 : r->repeat;
    struct bytes body = {.data = must(malloc(once * times + 1)), .n = once * times};
    for (size_t i = 0; i < times && once > 0; i++)
        memcpy(body.data + i * once, r->body, once);
    return body;
}

static struct bytes compress_body(struct bytes plain)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        abort();
    size_t bound = deflateBound(&z, plain.n);
    struct bytes out = {.data = must(malloc(bound))};
    z.next_in = (Bytef *)plain.data;
    z.avail_in = (uInt)plain.n;
    z.next_out = (Bytef *)out.data;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    out.n = bound - z.avail_out;
    (void)deflateEnd(&z);
    free(plain.data);
    return out;
}

/* Records the request and decides the answer; the body is copied out under the lock. */
static struct stub_response
decide(struct stub_server *server, struct stub_request *request, struct bytes *body)
{
    struct stub_response response = {0};
    (void)pthread_mutex_lock(&server->mutex);
    if (server->n_requests == MAX_REQUESTS)
        abort();
    server->requests[server->n_requests++] = request;
    if (server->handler == NULL || !server->handler(server->context, request, &response))
        response = from_script(server, request->path);
    *body = make_body(&response);
    (void)pthread_mutex_unlock(&server->mutex);
    if (response.gzip)
        *body = compress_body(*body);
    return response;
}

static bool
send_body(struct connection *c, const struct stub_response *r, struct bytes body)
{
    bool cut = r->close_after > 0 && r->close_after < body.n;
    size_t n = cut ? r->close_after : body.n;
    size_t piece = r->drip_bytes > 0 ? r->drip_bytes : n;
    for (size_t at = 0; at < n; at += piece) {
        if (r->drip_ms > 0 && !wait_for(c->server, -1, 0, r->drip_ms))
            return false;
        if (!send_all(c, body.data + at, n - at < piece ? n - at : piece))
            return false;
    }
    return !cut;
}

/* true when the connection can serve another request. */
static bool answer(struct connection *c, const struct stub_response *r, struct bytes body)
{
    if (r->hang) {
        while (receive_more(c))
            continue;
        return false;
    }
    if (r->delay_ms > 0 && !wait_for(c->server, -1, 0, r->delay_ms))
        return false;
    if (r->raw != NULL) {
        (void)send_all(c, r->raw, strlen(r->raw));
        return false;
    }
    char head[4096];
    int n =
        snprintf(head, sizeof head, "HTTP/1.1 %d Stub\r\nContent-Length: %zu\r\n%s%s\r\n",
                 r->status == 0 ? 200 : r->status, body.n,
                 r->gzip ? "Content-Encoding: gzip\r\n" : "",
                 r->headers == NULL ? "" : r->headers);
    if (n < 0 || (size_t)n >= sizeof head)
        abort();
    return send_all(c, head, (size_t)n) && send_body(c, r, body);
}

static void *serve(void *argument)
{
    struct connection *c = argument;
    struct stub_server *server = c->server;
    struct stub_request *request;
    bool more = true;
    while (more && (request = read_request(c)) != NULL) {
        struct bytes body;
        struct stub_response response = decide(server, request, &body);
        more = answer(c, &response, body);
        free(body.data);
    }
    (void)close(c->fd);
    free(c->buffer);
    free(c);
    (void)pthread_mutex_lock(&server->mutex);
    server->active--;
    (void)pthread_cond_signal(&server->idle);
    (void)pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static void start_connection(struct stub_server *server, int fd)
{
    struct connection *c = must(calloc(1, sizeof *c));
    c->server = server;
    c->fd = fd;
    (void)pthread_mutex_lock(&server->mutex);
    server->active++;
    server->n_connections++;
    (void)pthread_mutex_unlock(&server->mutex);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, c) != 0 || pthread_detach(thread) != 0)
        abort();
}

static void *accept_all(void *argument)
{
    struct stub_server *server = argument;
    while (wait_for(server, server->listener, POLLIN, -1)) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        int on = 1; /* head and body in two writes must not wait for an acknowledgement */
        if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
            start_connection(server, fd);
    }
    return NULL;
}

static int listen_on_loopback(char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
        listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        abort();
    (void)snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

struct stub_server *stub_server_start(void)
{
    /* A proxy of the machine must not get between the test and its server. */
    (void)setenv("no_proxy", "127.0.0.1", 1);
    struct stub_server *server = must(calloc(1, sizeof *server));
    server->listener = listen_on_loopback(server->url, sizeof server->url);
    server->stop = eventfd(0, EFD_CLOEXEC);
    if (server->stop < 0 || pthread_mutex_init(&server->mutex, NULL) != 0 ||
        pthread_cond_init(&server->idle, NULL) != 0 ||
        pthread_create(&server->acceptor, NULL, accept_all, server) != 0)
        abort();
    return server;
}

void stub_server_stop(struct stub_server *server)
{
    if (server == NULL)
        return;
    uint64_t one = 1;
    if (write(server->stop, &one, sizeof one) != (ssize_t)sizeof one)
        abort();
    (void)pthread_join(server->acceptor, NULL);
    (void)pthread_mutex_lock(&server->mutex);
    while (server->active > 0)
        (void)pthread_cond_wait(&server->idle, &server->mutex);
    (void)pthread_mutex_unlock(&server->mutex);
    for (size_t i = 0; i < server->n_requests; i++)
        free_request(server->requests[i]);
    (void)close(server->listener);
    (void)close(server->stop);
    (void)pthread_mutex_destroy(&server->mutex);
    (void)pthread_cond_destroy(&server->idle);
    free(server);
}

const char *stub_server_url(const struct stub_server *server)
{
    return server->url;
}

void stub_server_add(struct stub_server *server, const struct stub_response *response)
{
    (void)pthread_mutex_lock(&server->mutex);
    if (server->n_responses == MAX_RESPONSES)
        abort();
    server->script[server->n_responses++] = *response;
    (void)pthread_mutex_unlock(&server->mutex);
}

void stub_server_set_handler(struct stub_server *server,
                             stub_handler_fn handler,
                             void *context)
{
    (void)pthread_mutex_lock(&server->mutex);
    server->handler = handler;
    server->context = context;
    (void)pthread_mutex_unlock(&server->mutex);
}

size_t stub_server_count(struct stub_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
    size_t n = server->n_requests;
    (void)pthread_mutex_unlock(&server->mutex);
    return n;
}

const struct stub_request *stub_server_request(struct stub_server *server, size_t i)
{
    (void)pthread_mutex_lock(&server->mutex);
    if (i >= server->n_requests)
        abort();
    const struct stub_request *request = server->requests[i];
    (void)pthread_mutex_unlock(&server->mutex);
    return request;
}

size_t stub_server_connections(struct stub_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
    size_t n = server->n_connections;
    (void)pthread_mutex_unlock(&server->mutex);
    return n;
}

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    return at == NULL ? -1 : (int)(at - digits);
}

static bool decode(const char *text, size_t n, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%' && i + 2 < n && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        }
        if (used + 1 >= size)
            return false;
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

bool stub_request_field(const struct stub_request *request,
                        const char *name,
                        char *out,
                        size_t size)
{
    size_t n_name = strlen(name);
    const char *field = request->form;
    while (*field != '\0') {
        size_t n = strcspn(field, "&");
        if (n > n_name && strncmp(field, name, n_name) == 0 && field[n_name] == '=')
            return decode(field + n_name + 1, n - n_name - 1, out, size);
        field += n + (field[n] == '&' ? 1 : 0);
    }
    return false;
}
