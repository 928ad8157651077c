/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "publish/shell_words.h"

void shell_words_release(struct shell_words *words)
{
        for (size_t i = 0; i < words->count; i++)
                free(words->argv[i]);
        free(words->argv);
        *words = (struct shell_words){ .argv = NULL };
}

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Appends one word that begins at text to word; returns where it ends, NULL when it does not. */
static const char *read_word(const char *text, struct buffer *word)
{
        char quote = '\0';

        for (; *text && (quote || !is_space(*text)); text++) {
                if (*text == '\\' && quote != '\'') {
                        if (!text[1])
                                return NULL;
                        if (quote && text[1] != '"' && text[1] != '\\')
                                buffer_append_char(word, *text);
                        buffer_append_char(word, *++text);
                } else if (quote ? *text == quote : *text == '"' || *text == '\'') {
                        if (quote)
                                quote = '\0';
                        else
                                quote = *text;
                } else {
                        buffer_append_char(word, *text);
                }
        }
        return quote ? NULL : text;
}

enum ingot_code shell_words_split(const char *text, struct shell_words *words, struct ingot_error *err)
{
        size_t chars = strlen(text);

        words->argv = calloc(chars / 2 + 2, sizeof(*words->argv)); /* "a b c": a word needs two characters */
        if (!words->argv)
                return ingot_fail_memory(err, chars * sizeof(*words->argv));
        for (;;) {
                struct buffer word = BUFFER_INIT(chars + 1);

                while (is_space(*text))
                        text++;
                if (!*text)
                        return INGOT_OK;
                text = read_word(text, &word);
                words->argv[words->count] = text ? buffer_take(&word) : NULL;
                buffer_release(&word);
                if (!words->argv[words->count])
                        break;
                words->count++;
        }
        shell_words_release(words);
        return text ? ingot_fail_memory(err, chars)
                    : ingot_fail(err, INGOT_E_FORMAT, "a quote or a backslash has no end");
}
