/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_INPUTS_H
#define LIFECYCLE_INPUTS_H

/* builder/lifecycle/inputs.h
 * inputs: a template and a mapping, read from disk and checked together.
 *
 * Rules    (1) Every mistake in either is handed to the sink, sorted by place, before the call fails.
 *          (2) The mapping's bytes are kept: the manifest holds them as they were given.
 */
#include <ingot/build.h>

#include "model/mapping.h"
#include "model/template.h"

struct inputs {
        struct template *template;
        struct mapping *mapping; /* NULL when none was asked for */
        char *mapping_bytes;
        size_t mapping_size_bytes;
};

/*
 * Reads and checks.
 *
 * ret_inputs   owned by the caller: inputs_release()
 * Fails with   as ingot_check() (build.h)
 */
enum ingot_code inputs_read(const struct ingot_inputs *asked, const struct ingot_complaint_sink *sink,
                            struct inputs *ret_inputs, struct ingot_error *err) INGOT_MUST_CHECK;
void inputs_release(struct inputs *inputs);

#endif
