/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The built-in metrics, used when the configuration lists none. It is configuration text
 * and takes the way of every other; config/presets/otel-spanmetrics.cfg is its commented
 * twin, and a test compares the two.
 */
#include "yaga/config/config_internal.h"

#define SERVER "span_kind='SPAN_KIND_SERVER',$E,$S"
#define CLIENT "span_kind='SPAN_KIND_CLIENT',$E,$S"
#define RATE(part, selector) "rate(duration_milliseconds_" part "{" selector "}[$W])"
#define SUM(inner) "sum by (service_name) (" inner ")"
#define MEAN(selector) SUM(RATE("sum", selector)) " / " SUM(RATE("count", selector))
#define NOT_DATABASE CLIENT ",db_system='',db_system_name=''"
#define NEW_DATABASE CLIENT ",db_system_name!=''"
#define OLD_DATABASE CLIENT ",db_system_name='',db_system!=''"
#define DATABASE(part) SUM(RATE(part, NEW_DATABASE) " or " RATE(part, OLD_DATABASE))
#define REQUESTS SUM(RATE("count", SERVER))
#define FAILURES SUM(RATE("count", SERVER ",http_response_status_code=~'5..'"))

/* clang-format off */
const char yaga_config_preset_text[] =
    "metrics = (\n"
    "{ name = \"request_rate\"; unit = \"req/s\"; kind = \"rate\"; role = \"traffic\";\n"
    "  query = \"" SUM("http_requests:count:rate_5m{$S}") "\";\n"
    "  min = 0; max = 1000000; min_relative_change = 0.5; },\n"
    "{ name = \"application_latency\"; unit = \"ms\"; kind = \"latency\"; role = \"latency\";\n"
    "  query = \"" MEAN(SERVER) "\";\n"
    "  min = 0; max = 300000; bad_direction = \"high\"; min_delta = 10; },\n"
    "{ name = \"dependency_latency\"; unit = \"ms\"; kind = \"latency\"; role = \"dependency\";\n"
    "  query = \"" MEAN(NOT_DATABASE) "\";\n"
    "  min = 0; max = 300000; bad_direction = \"high\"; zero_normal = true;\n"
    "  expected = false; min_delta = 10; },\n"
    "{ name = \"database_latency\"; unit = \"ms\"; kind = \"latency\"; role = \"database\";\n"
    "  query = \"" DATABASE("sum") " / " DATABASE("count") "\";\n"
    "  min = 0; max = 300000; bad_direction = \"high\"; zero_normal = true;\n"
    "  expected = false; min_delta = 1; min_value = 1; },\n"
    "{ name = \"error_rate\"; unit = \"ratio\"; kind = \"ratio\"; role = \"errors\";\n"
    "  query = \"(" FAILURES " or 0 * " REQUESTS ") / " REQUESTS "\";\n"
    "  min = 0; max = 1; bad_direction = \"high\"; min_value = 0.005; }\n"
    ");\n";
/* clang-format on */
