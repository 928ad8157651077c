/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "publish/endpoint.h"

static bool copy(char *out, size_t chars, const char *text, size_t text_chars)
{
        if (text_chars == 0 || text_chars > chars)
                return false;
        memcpy(out, text, text_chars);
        out[text_chars] = '\0';
        return true;
}

static enum ingot_code set_names(struct endpoint *endpoint, const char *region, const char *service,
                                 struct ingot_error *err)
{
        static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

        if (strspn(region, alphabet) != strlen(region) ||
            !copy(endpoint->region, ENDPOINT_WORD_CHARS, region, strlen(region)))
                return ingot_fail(err, INGOT_E_USAGE, "'%.80s' is not the name of a region, like us-east-1",
                                  region);
        if (!copy(endpoint->service, ENDPOINT_WORD_CHARS, service, strlen(service)))
                return ingot_fail(err, INGOT_E_BUG, "'%.80s' is not the name of a service", service);
        return INGOT_OK;
}

/* Reads 1 to 5 digits up to end; 0 when they are not a port. */
static uint16_t read_port(const char *text, const char *end)
{
        unsigned value = 0;

        if (text == end || end - text > 5)
                return 0;
        for (; text < end; text++) {
                if (*text < '0' || *text > '9')
                        return 0;
                value = value * 10 + (unsigned)(*text - '0');
        }
        return value <= UINT16_MAX ? (uint16_t)value : 0;
}

static bool read_authority(struct endpoint *endpoint, const char *text, const char *end)
{
        static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:";
        const char *host_end = *text == '[' ? memchr(text, ']', (size_t)(end - text)) : NULL;

        if (*text == '[' && !host_end)
                return false;
        if (host_end)
                host_end++;
        else
                host_end = memchr(text, ':', (size_t)(end - text));
        if (!host_end)
                host_end = end;
        if (host_end < end) {
                endpoint->port = *host_end == ':' ? read_port(host_end + 1, end) : 0;
                if (!endpoint->port)
                        return false;
        }
        return copy(endpoint->host, ENDPOINT_HOST_CHARS, text, (size_t)(host_end - text)) &&
               strspn(endpoint->host, alphabet) == strlen(endpoint->host);
}

enum ingot_code endpoint_of_url(const char *url, const char *region, const char *service,
                                struct endpoint *ret_endpoint, struct ingot_error *err)
{
        struct endpoint endpoint = { .port = 80 };
        const char *text = url, *end;
        enum ingot_code r = set_names(&endpoint, region, service, err);

        if (r)
                return r;
        if (strncmp(text, "https://", 8) == 0) {
                endpoint.is_tls = true;
                endpoint.port = 443;
                text += 8;
        } else if (strncmp(text, "http://", 7) == 0) {
                text += 7;
        } else {
                text += strlen(text);
        }
        end = text + strcspn(text, "/");
        if (text == end || (*end && end[1]) || !read_authority(&endpoint, text, end))
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%.200s' is not an endpoint; write http://HOST:PORT or https://HOST", url);
        *ret_endpoint = endpoint;
        return INGOT_OK;
}

enum ingot_code endpoint_of_socket(const char *path, const char *region, const char *service,
                                   struct endpoint *ret_endpoint, struct ingot_error *err)
{
        struct endpoint endpoint = { .port = 80, .host = "localhost" };
        enum ingot_code r = set_names(&endpoint, region, service, err);

        if (r)
                return r;
        if (!copy(endpoint.unix_socket, ENDPOINT_SOCKET_CHARS, path, strlen(path)))
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the path of a unix socket has 1 to %d bytes, '%.120s' has %zu",
                                  ENDPOINT_SOCKET_CHARS, path, strlen(path));
        *ret_endpoint = endpoint;
        return INGOT_OK;
}

void endpoint_print_authority(const struct endpoint *endpoint, char out[ENDPOINT_AUTHORITY_CHARS + 1])
{
        if (endpoint->port == (endpoint->is_tls ? 443 : 80))
                (void)snprintf(out, ENDPOINT_AUTHORITY_CHARS + 1, "%s", endpoint->host);
        else
                (void)snprintf(out, ENDPOINT_AUTHORITY_CHARS + 1, "%s:%u", endpoint->host,
                               (unsigned)endpoint->port);
}

bool endpoint_is_local(const struct endpoint *endpoint)
{
        return endpoint->unix_socket[0] || strcasecmp(endpoint->host, "localhost") == 0 ||
               strncmp(endpoint->host, "127.", 4) == 0 || strcmp(endpoint->host, "[::1]") == 0 ||
               strncmp(endpoint->host, "169.254.", 8) == 0 || strncmp(endpoint->host, "[fd00:ec2::", 11) == 0;
}
