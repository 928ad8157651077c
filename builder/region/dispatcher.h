/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_DISPATCHER_H
#define REGION_DISPATCHER_H

/* builder/region/dispatcher.h
 * dispatcher: judge who asks, find the operation, let it reply.
 *
 * Rules    (1) Nothing is done, and nothing about the store is told, before the signature is good.
 *          (2) Service and region are those of the credential scope; an operation of another service is not
 *              found under it.
 *          (3) Every request gets a reply in the manner of its service, whatever it is.
 * Tests    tests/unit/region/test_dispatcher.c, tests/fuzz/fuzz_region_request.c
 */
#include "region/exchange.h"
#include "region/routes.h"
#include "region/store.h"

/* How large a body the request may have: larger ones are read, not kept, and refused. */
uint64_t region_body_ceiling(const char *method, const char *path);

/* The names of all operations there are, as many as fit; returns their number. */
size_t region_operation_names(const char **names, size_t room);

/* Decides what befalls a request, if the store's region has chaos: for an http_handler. */
void region_judge(struct region_store *store, const struct region_request *request, bool is_whole,
                  struct region_fate *fate);

/*
 * Answers a request.
 *
 * reply        initialised and empty; whole afterwards
 */
void region_dispatch(struct region_store *store, const struct region_request *request,
                     struct region_reply *reply);

#endif
