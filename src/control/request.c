/* SPDX-License-Identifier: Apache-2.0
 * One line of the control protocol, from the operator's side. */
#include "control/request.h"

#include "control/foreign.h"

static int refuse(struct buf *why, const char *text, const char *word)
{
	buf_add_cstr(why, text);
	if (word) {
		buf_add_cstr(why, " \"");
		foreign_escape(why, str_until(str_of(word), 64));
		buf_add_cstr(why, "\"");
	}
	return TRUNK_EINVAL;
}

int request_parse(struct str line, json_t **ret_request, struct buf *why)
{
	json_error_t error;
	json_t *request;

	if (line.len > REQUEST_BYTES_MAX)
		return TRUNK_ELIMIT;
	if (!(request = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, &error)))
		return refuse(why, "the request is no JSON, or has a key twice", NULL);
	if (!json_is_string(json_object_get(request, "command"))) {
		json_decref(request);
		return refuse(why, "the request is no object with a \"command\"", NULL);
	}
	*ret_request = request;
	return 0;
}

static const struct request_key *key_find(const struct request_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool is_of_kind(const json_t *value, enum request_kind kind)
{
	if (kind == REQUEST_TEXT)
		return json_is_string(value) && json_string_length(value) > 0;
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

int request_check(json_t *request, const struct request_key *keys, struct buf *why)
{
	const char *name;
	json_t *value;

	json_object_foreach (request, name, value) {
		const struct request_key *key = key_find(keys, name);

		if (strcmp(name, "command") == 0)
			continue;
		if (!key)
			return refuse(why, "this command knows no argument", name);
		if (!is_of_kind(value, key->kind))
			return refuse(
				why,
				key->kind == REQUEST_TEXT ? "not a text that says something:" : "not a number from 0:", name);
	}
	for (; keys->name; keys++)
		if (keys->is_required && !json_object_get(request, keys->name))
			return refuse(why, "this command needs the argument", keys->name);
	return 0;
}

struct str request_text(const json_t *request, const char *name)
{
	const json_t *value = json_object_get(request, name);

	return value ? str_make(json_string_value(value), json_string_length(value)) : STR_NONE;
}

int64_t request_number(const json_t *request, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(request, name));
}
