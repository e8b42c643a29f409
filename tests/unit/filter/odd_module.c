/* SPDX-License-Identifier: Apache-2.0
 * A module that does what its settings say, for tests; built also with faults that loading has to find. */
#include <trunk/module.h>

#include <stdio.h>
#include <string.h>

static const struct trunk_host *the_host;
static const char *what;
static unsigned stops;

static int start(const struct trunk_host *host, const struct trunk_setting *settings, size_t count, void **ret_context, char *why, size_t why_size)
{
	the_host = host;
	what = count ? settings[0].value : "pass";
	if (strcmp(what, "refuse") == 0) {
		snprintf(why, why_size, "no such luck");
		return -1;
	}
	if (strcmp(what, "refuse-silently") == 0)
		return 7;
	*ret_context = &stops;
	return 0;
}

static int judge(void *context, const struct trunk_stanza *stanza, struct trunk_answer *answer)
{
	static char long_text[3000];
	struct trunk_str text;

	answer->outcome = TRUNK_PASS;
	if (context != &stops || !TRUNK_HAS(answer, stanza) || !TRUNK_HAS(stanza, host))
		return -1;
	if (strcmp(what, "error") == 0)
		return 5;
	if (strcmp(what, "nothing") == 0)
		answer->outcome = 0;
	if (strcmp(what, "nonsense") == 0)
		answer->outcome = (enum trunk_outcome)99;
	if (strcmp(what, "drop") == 0)
		answer->outcome = TRUNK_DROP;
	if (strcmp(what, "reject") == 0)
		*answer = (struct trunk_answer){.size = answer->size, .outcome = TRUNK_REJECT, .condition = "not-allowed", .text = {"No.", 3}};
	if (strcmp(what, "reject-long") == 0) {
		memset(long_text, 'x', sizeof(long_text));
		*answer = (struct trunk_answer){.size = answer->size, .outcome = TRUNK_REJECT, .text = {long_text, sizeof(long_text)}};
	}
	if (strcmp(what, "teapot") == 0)
		*answer = (struct trunk_answer){.size = answer->size, .outcome = TRUNK_REJECT, .condition = "teapot"};
	if (strcmp(what, "change") == 0)
		*answer = (struct trunk_answer){.size = answer->size, .outcome = TRUNK_CHANGE, .stanza = the_host->text(stanza, TRUNK_TEXT_XML)};
	if (strcmp(what, "change-none") == 0)
		answer->outcome = TRUNK_CHANGE;
	if (strcmp(what, "change-address") == 0)
		*answer = (struct trunk_answer){.size = answer->size, .outcome = TRUNK_CHANGE, .stanza = {"<message from='x' to='y'/>", 26}};
	if (strcmp(what, "log") == 0)
		for (int i = 0; i < 100; i++)
			the_host->log(the_host, "a line\n of it");
	if (strcmp(what, "look") == 0) {
		text = the_host->text(stanza, TRUNK_TEXT_FOLDED);
		if (stanza->kind != TRUNK_MESSAGE || !memmem(text.at, text.len, "crates", 6) ||
		    the_host->payload(stanza, NULL, "body", &text) != 1 || !memmem(text.at, text.len, "Crates", 6) ||
		    the_host->payload(stanza, "urn:none", NULL, NULL) != 0 || the_host->text(stanza, TRUNK_TEXT_VALUES).len != 0 ||
		    the_host->text(stanza, TRUNK_TEXT_SUBJECT).len != 0 || the_host->text(stanza, (enum trunk_text)99).at)
			answer->outcome = TRUNK_DROP;
	}
	return 0;
}

static void stop(void *context)
{
	(void)context;
	stops++;
}

#if defined(WRONG_ABI)
const struct trunk_module trunk_module = {.abi = TRUNK_MODULE_ABI + 1, .size = sizeof(struct trunk_module), .name = "odd", .version = "1",
					  .start = start, .judge = judge, .stop = stop};
#elif defined(NOT_FILLED)
const struct trunk_module trunk_module = {.abi = TRUNK_MODULE_ABI, .size = sizeof(struct trunk_module), .name = "odd", .start = start,
					  .judge = judge, .stop = stop};
#elif defined(NO_SYMBOL)
extern const struct trunk_module another_symbol;
__attribute__((visibility("default"))) const struct trunk_module another_symbol = {.start = start, .judge = judge, .stop = stop};
#else
const struct trunk_module trunk_module = {.abi = TRUNK_MODULE_ABI, .size = sizeof(struct trunk_module), .name = "odd", .version = "1",
					  .start = start, .judge = judge, .stop = stop};
#endif
