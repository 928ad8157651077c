/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/spelling.h"

enum { WORD_MAX_CHARS = 63 };

static char folded(char c)
{
        if (c >= 'A' && c <= 'Z')
                return (char)(c - 'A' + 'a');
        if (c == '_')
                return '-';
        return c;
}

static size_t min_size(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* Optimal string alignment: three rows are enough for swaps of neighbours. */
static size_t distance(const char *a, size_t a_chars, const char *b, size_t b_chars)
{
        size_t rows[3][WORD_MAX_CHARS + 1];

        for (size_t j = 0; j <= b_chars; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= a_chars; i++) {
                size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

                row[0] = i;
                for (size_t j = 1; j <= b_chars; j++) {
                        char x = folded(a[i - 1]), y = folded(b[j - 1]);

                        row[j] = min_size(min_size(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
                        if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]))
                                row[j] = min_size(row[j], two_above[j - 2] + 1);
                }
        }
        return rows[a_chars % 3][b_chars];
}

const char *spelling_nearest(const char *word, const char *const *candidates, size_t candidate_count)
{
        size_t chars = strlen(word), best = chars / 3 > 1 ? chars / 3 + 1 : 2;
        const char *nearest = NULL;

        if (!chars || chars > WORD_MAX_CHARS)
                return NULL;
        for (size_t i = 0; i < candidate_count; i++) {
                size_t candidate_chars = strlen(candidates[i]), apart;

                if (!candidate_chars || candidate_chars > WORD_MAX_CHARS)
                        continue;
                apart = distance(word, chars, candidates[i], candidate_chars);
                if (apart < best && apart < candidate_chars) {
                        best = apart;
                        nearest = candidates[i];
                }
        }
        return nearest;
}
