/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_ENDPOINT_H
#define PUBLISH_ENDPOINT_H

/* builder/publish/endpoint.h
 * endpoint: where one service of one region is reached, and what its requests are signed for.
 *
 * Rules    (1) It is given by the caller: the publish code does not know whether a region is AWS's or our own.
 *          (2) With unix_socket the connection is made there; host and port still go into the Host header.
 *          (3) It is a plain value.
 * Tests    tests/unit/publish/test_endpoint.c
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/error.h>

enum { ENDPOINT_HOST_CHARS = 253, ENDPOINT_SOCKET_CHARS = 107, ENDPOINT_WORD_CHARS = 63 };

struct endpoint {
        bool is_tls;
        char host[ENDPOINT_HOST_CHARS + 1]; /* a name or an address; IPv6 in brackets */
        uint16_t port;
        char unix_socket[ENDPOINT_SOCKET_CHARS + 1]; /* "": connect to host and port */
        char region[ENDPOINT_WORD_CHARS + 1];        /* "us-east-1" */
        char service[ENDPOINT_WORD_CHARS + 1];       /* the signing name: "ebs", "ec2", "sts" */
};

/*
 * Reads "http://HOST[:PORT][/]" or "https://...".
 *
 * Fails with   INGOT_E_USAGE  anything else, or a text that does not fit
 */
enum ingot_code endpoint_of_url(const char *url, const char *region, const char *service,
                                struct endpoint *ret_endpoint, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * An endpoint behind a unix socket, over plain HTTP, with the host "localhost".
 *
 * Fails with   INGOT_E_USAGE  the path is longer than a socket's can be (107 bytes)
 */
enum ingot_code endpoint_of_socket(const char *path, const char *region, const char *service,
                                   struct endpoint *ret_endpoint, struct ingot_error *err) INGOT_MUST_CHECK;

enum { ENDPOINT_AUTHORITY_CHARS = ENDPOINT_HOST_CHARS + 6 };

/* Prints the Host header: the port only where it is not the scheme's own. */
void endpoint_print_authority(const struct endpoint *endpoint, char out[ENDPOINT_AUTHORITY_CHARS + 1]);

/* Whether it can only be this machine or what is linked to it: a unix socket, a loopback address or name, or one
 * of the addresses of AWS's metadata services. */
bool endpoint_is_local(const struct endpoint *endpoint);

#endif
