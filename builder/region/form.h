/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_FORM_H
#define REGION_FORM_H

/* builder/region/form.h
 * form: the parameters of the Query protocol, each of which somebody must ask for.
 *
 * Rules    (1) Members are found by their whole name, "BlockDeviceMapping.2.Ebs.SnapshotId".  Lists count from
 *              1 without a gap; what stands behind a gap is never asked for and so is found unknown.
 *          (2) What was not asked for when the operation has read its parameters is unknown to it.
 *          (3) A name given twice, a value that is not UTF-8 or holds control characters: no form.
 * Source   EC2 Query protocol (service model 2016-11-15), AWS Query protocol.
 * Tests    tests/unit/region/test_form.c
 */
#include <stdbool.h>

#include <ingot/error.h>

#include "wire/uri.h"

enum { FORM_NAME_CHARS = 255 };

struct form {
        struct uri_query query; /* sorted by name */
        bool *is_asked;         /* one for each pair */
};

/*
 * Reads a form body, or a query.
 *
 * ret_form     owned by the caller: form_release()
 * Fails with   INGOT_E_FORMAT  not a form, or rule 3; the cause is a sentence for the client
 *              INGOT_E_MEMORY
 */
enum ingot_code form_parse(const char *text, size_t size_bytes, enum uri_kind kind, struct form *ret_form,
                           struct ingot_error *err) INGOT_MUST_CHECK;
void form_release(struct form *form);

/* Whether the text of a form, or of a query, gives the parameter name that value: letters and digits need no decoding. */
bool form_says(const char *text, size_t size_bytes, const char *name, const char *value);

/* The value of the parameter whose name the format makes; NULL when it was not sent. */
const char *form_find(struct form *form, const char *format, ...) INGOT_PRINTF(2, 3);

/* Whether there is a parameter of that name, or one whose name continues it with a '.'. */
bool form_has(const struct form *form, const char *format, ...) INGOT_PRINTF(2, 3);

/* A parameter nobody asked for; NULL when there is none. */
const char *form_unasked(const struct form *form);

#endif
