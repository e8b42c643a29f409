/* SPDX-License-Identifier: Apache-2.0
 * What operators' files and sockets bring: a request line, or Openfire's settings by script or XML; told apart by the first
 * byte. */
#include "control/foreign.h"
#include "control/openfire.h"
#include "control/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_request(struct str line)
{
	static const struct request_key keys[] = {
		{"what", REQUEST_TEXT, true}, {"for_ms", REQUEST_NUMBER, false}, {NULL, 0, false}};
	struct buf why = {.limit = 1024}, shown = {0};
	json_t *request = NULL, *text = foreign_json(line);

	if (request_parse(line, &request, &why) == 0 && request_check(request, keys, &why) == 0 &&
	    str_is_absent(request_text(request, "what")))
		abort();
	if (!text || foreign_escape(&shown, line) < 0)
		abort();
	for (size_t i = 0; i < buf_len(&shown); i++)
		if ((unsigned char)buf_str(&shown).at[i] < 0x20 || buf_str(&shown).at[i] == 0x7f)
			abort();        /* it would have reached a terminal */
	json_decref(request);
	json_decref(text);
	buf_fini(&why);
	buf_fini(&shown);
}

static void on_note(void *ctx, const char *text)
{
	(void)ctx;
	if (strchr(text, '\n'))
		abort();        /* it would have ended the comment that it stands in */
}

static void fuzz_openfire(struct str text)
{
	struct openfire openfire;
	struct buf out = {0};

	if (openfire_init(&openfire) == 0 && openfire_read(&openfire, text) == 0)
		openfire_write(&openfire, &out, on_note, NULL);
	buf_fini(&out);
	openfire_fini(&openfire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && (data[0] == '<' || data[0] == 'I' || data[0] == 'S'))
		fuzz_openfire(str_make((const char *)data, size));
	else if (size > 0)
		fuzz_request(str_make((const char *)data, size));
	return 0;
}
