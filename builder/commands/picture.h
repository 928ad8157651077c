/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_PICTURE_H
#define COMMANDS_PICTURE_H

/* builder/commands/picture.h
 * picture: a disk on a few lines of text: partitions to scale, used and empty.
 *
 *   /dev/xvda  raw  debian.raw: 2.00 GiB, 563 MiB of it on disk
 *   +--+----+--------------------------------------------------------------+
 *   |1 |2   |3 root                                                        |
 *   |  |##  |##################                                            |
 *   +--+----+--------------------------------------------------------------+
 *
 * Rules    (1) A partition's width is in proportion to its size, but never less than its number needs; what
 *              that takes is given by the widest.
 *          (2) A line is never wider than columns; a box is never wider than 100.
 *          (3) Blocks and lines of UTF-8 when utf8, else ASCII; what is not known to be used or empty is left
 *              blank.  Texts that came from an image are shown without control characters.
 * Tests    tests/unit/commands/test_picture.c
 */
#include <stdbool.h>
#include <stdio.h>

#include <ingot/image.h>

struct picture_style {
        unsigned columns;
        bool utf8;
};

/* Prints the image's picture, a legend of its partitions, and what is known of the whole. */
void picture_print(const struct ingot_image_info *image, const struct picture_style *style, FILE *out);

/*
 * Divides columns among count sizes: in proportion, none below its minimum.
 *
 * widths       count of them; their sum is columns, unless the minima alone are more
 */
void picture_divide(const uint64_t *sizes, const unsigned *minima, size_t count, unsigned columns,
                    unsigned *widths);

#endif
