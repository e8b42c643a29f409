/* SPDX-License-Identifier: Apache-2.0
 * A filter in C: numbers of payment cards do not cross, and neither do marks of your choice. docs/modules.md walks through it.
 *
 *   cc -shared -fPIC -O2 -Iinclude -o dlp.so dlp.c
 *
 *   modules: {dlp: {path: /usr/lib/trunkd/dlp.so, settings: {cards: "yes", marks: [TSK-, "internal only"]}}} */
#include <trunk/module.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKS_MAX = 64, CARD_DIGITS_MIN = 13, CARD_DIGITS_MAX = 19 };

/* What start() makes and judge() reads: workers share it, so it does not change any more. */
struct dlp {
	const struct trunk_host *host;
	int has_cards;
	size_t count;
	const char *marks[MARKS_MAX];   /* of the settings, which live as long as we do */
};

static int start(const struct trunk_host *host, const struct trunk_setting *settings, size_t count, void **ret_context, char *why,
		 size_t why_size)
{
	struct dlp *dlp = calloc(1, sizeof(*dlp));

	if (!dlp)
		return -1;
	dlp->host = host;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(settings[i].key, "cards") == 0) {
			dlp->has_cards = strcmp(settings[i].value, "yes") == 0;
		} else if (strcmp(settings[i].key, "marks") == 0 && dlp->count < MARKS_MAX && *settings[i].value) {
			dlp->marks[dlp->count++] = settings[i].value;
		} else {
			snprintf(why, why_size, "setting \"%s: %s\" is none of cards: yes, and up to %d marks", settings[i].key,
				 settings[i].value, (int)MARKS_MAX);
			free(dlp);
			return -1;
		}
	}
	*ret_context = dlp;
	return 0;
}

static void stop(void *context)
{
	free(context);
}

/* Luhn's check sum over `count` digits. */
static int is_card(const char *digits, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned digit = (unsigned)(digits[count - 1 - i] - '0');

		if (i % 2 == 1)
			digit = digit < 5 ? 2 * digit : 2 * digit - 9;
		sum += digit;
	}
	return sum % 10 == 0;
}

/* Whether a run of digits, with single blanks or hyphens between them, is a card's number. */
static int has_card(struct trunk_str text)
{
	char digits[CARD_DIGITS_MAX];
	size_t count = 0;

	for (size_t i = 0; i <= text.len; i++) {
		const char c = i < text.len ? text.at[i] : '\0';

		if (c >= '0' && c <= '9') {
			if (count < CARD_DIGITS_MAX)
				digits[count] = c;
			count++;
		} else if (!((c == ' ' || c == '-') && count > 0 && text.at[i - 1] >= '0' && text.at[i - 1] <= '9')) {
			if (count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX && is_card(digits, count))
				return 1;
			count = 0;
		}
	}
	return 0;
}

static int is_secret(const struct dlp *dlp, struct trunk_str text)
{
	for (size_t i = 0; i < dlp->count; i++)
		if (memmem(text.at, text.len, dlp->marks[i], strlen(dlp->marks[i])))
			return 1;
	return dlp->has_cards && has_card(text);
}

static int judge(void *context, const struct trunk_stanza *stanza, struct trunk_answer *answer)
{
	static const char text[] = "It holds what may not leave.";
	const struct dlp *dlp = context;
	/* Markup may stand in the midst of a number, or be all that stands between two. */
	const struct trunk_str together = dlp->host->text(stanza, TRUNK_TEXT_ALL), apart = dlp->host->text(stanza, TRUNK_TEXT_ALL_APART);

	if (!together.at || !apart.at)
		return -1;              /* no memory: refused, as all that fails */
	answer->outcome = TRUNK_PASS;
	if (is_secret(dlp, together) || is_secret(dlp, apart)) {
		dlp->host->log(dlp->host, "held back what may not leave");
		answer->outcome = TRUNK_REJECT;
		answer->text = (struct trunk_str){text, sizeof(text) - 1};
	}
	return 0;
}

const struct trunk_module trunk_module = {
	.abi = TRUNK_MODULE_ABI, .size = sizeof(struct trunk_module), .name = "dlp", .version = "1", .start = start, .judge = judge, .stop = stop,
};
