/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_EXAMPLE_H
#define SUPPORT_EXAMPLE_H

/* tests/support/example.h
 * example: a template and a mapping that belong together, and a way to spoil them.
 */
#include "model/mapping.h"
#include "model/template.h"

/* Two volumes: /dev/xvda with a table, /dev/sdf without; "web.yaml" and "web.json" are their files. */
extern const char example_template[], example_mapping[];

/* text with the first `from` replaced by `to`, in one of four buffers; fails the test when there is no `from`. */
const char *example_with(const char *text, const char *from, const char *to);

/* Parsed; the test fails when they are not good. */
struct template *example_parse_template(const char *text);
struct mapping *example_parse_mapping(const char *text);

#endif
