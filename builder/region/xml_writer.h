/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_XML_WRITER_H
#define REGION_XML_WRITER_H

/* builder/region/xml_writer.h
 * xml_writer: elements appended to a buffer, on one line.
 *
 * Rules    (1) Values are escaped; names are literals and trusted.
 *          (2) Values hold only what XML 1.0 can say: is_plain_text() was asked when they came in.
 * Tests    tests/unit/region/test_xml_writer.c
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

void element_open(struct buffer *out, const char *name);
void element_close(struct buffer *out, const char *name);
void element_text(struct buffer *out, const char *name, const char *value);
/* Writes nothing when value is "". */
void element_text_if(struct buffer *out, const char *name, const char *value);
void element_bool(struct buffer *out, const char *name, bool value);
void element_u64(struct buffer *out, const char *name, uint64_t value);
/* Writes nothing when value is 0. */
void element_u64_if(struct buffer *out, const char *name, uint64_t value);

#endif
