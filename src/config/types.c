/* SPDX-License-Identifier: Apache-2.0
 * Types of options whose value is one scalar. */
#include "config/load.h"
#include "config/value.h"
#include "config/words.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

bool option_refuse(struct load *load, const struct field *field, const struct node *node, const char *form)
{
	if (node->kind != NODE_SCALAR || node->is_empty)
		problem_error(&load->problems, node->place, "\"%s\" must be %s, not %s", field->path, form,
			      node_kind_text(node));
	else
		problem_error(&load->problems, node->place, "\"%s\" must be %s, not \"%.*s\"", field->path, form,
			      STR_ARG(quote(node->text)));
	return false;
}

static bool refuse(struct load *load, const struct field *field, const struct node *node)
{
	return option_refuse(load, field, node, field->option->type->form);
}

static bool keep_text(struct load *load, struct str text, void *at)
{
	const char *copy = config_copy(load, text);

	memcpy(at, &copy, sizeof(copy));
	return copy != NULL;
}

static bool has_line_end(struct str text)
{
	return text.len && (memchr(text.at, '\n', text.len) || memchr(text.at, '\t', text.len));
}

/* ---- numbers ---- */

static bool refuse_range(struct load *load, const struct field *field, const struct node *node, const char *min,
			 const char *max)
{
	problem_error(&load->problems, node->place, "\"%s\" must be between %s and %s%s, not %.*s", field->path, min, max,
		      field->option->has_none ? ", or 0" : "", STR_ARG(quote(node->text)));
	return false;
}

static bool is_in_range(const struct option *option, uint64_t value)
{
	if (value == 0 && option->has_none)
		return true;
	return value >= option->min && (option->max == 0 || value <= option->max);
}

static bool read_bool(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const bool value = str_is(node->text, "true");

	if (!value && !str_is(node->text, "false"))
		return refuse(load, field, node);
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_number(struct load *load, const struct field *field, const struct node *node, void *at)
{
	char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE];
	uint64_t number;
	unsigned value;

	if (str_number(node->text, UINT_MAX, &number) < 0)
		return refuse(load, field, node);
	if (!is_in_range(field->option, number)) {
		snprintf(min, sizeof(min), "%" PRIu64, field->option->min);
		snprintf(max, sizeof(max), "%" PRIu64, field->option->max);
		return refuse_range(load, field, node, min, max);
	}
	value = (unsigned)number;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_duration(struct load *load, const struct field *field, const struct node *node, void *at)
{
	char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE];
	uint64_t ms;
	int64_t value;

	if (value_duration(node->text, &ms) < 0)
		return refuse(load, field, node);
	if (!is_in_range(field->option, ms)) {
		value_show_duration(field->option->min, min);
		value_show_duration(field->option->max, max);
		return refuse_range(load, field, node, min, max);
	}
	value = (int64_t)ms;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_size(struct load *load, const struct field *field, const struct node *node, void *at)
{
	char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE];
	uint64_t bytes;
	size_t value;

	if (value_size(node->text, &bytes) < 0 || bytes > SIZE_MAX)
		return refuse(load, field, node);
	if (!is_in_range(field->option, bytes)) {
		value_show_size(field->option->min, min);
		value_show_size(field->option->max, max);
		return refuse_range(load, field, node, min, max);
	}
	value = (size_t)bytes;
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_rate(struct load *load, const struct field *field, const struct node *node, void *at)
{
	double rate;

	if (value_rate(node->text, &rate) < 0)
		return refuse(load, field, node);
	memcpy(at, &rate, sizeof(rate));
	return true;
}

static bool read_byte_rate(struct load *load, const struct field *field, const struct node *node, void *at)
{
	double rate;

	if (value_byte_rate(node->text, &rate) < 0)
		return refuse(load, field, node);
	memcpy(at, &rate, sizeof(rate));
	return true;
}

/* The burst is what the written unit gives: of "10/m" ten at once. */
static bool read_rule_rate(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct str rest = node->text;
	const struct str amount = str_cut(&rest, '/');
	struct rule_rate rate;
	uint64_t burst;

	if (value_rate(node->text, &rate.per_second) < 0 || rate.per_second <= 0 || str_number(amount, UINT32_MAX, &burst) < 0)
		return refuse(load, field, node);
	rate.burst = (double)burst;
	memcpy(at, &rate, sizeof(rate));
	return true;
}

/* ---- texts ---- */

static bool refuse_length(struct load *load, const struct field *field, const struct node *node)
{
	problem_error(&load->problems, node->place, "\"%s\" must be a text of 1 to %" PRIu64 " bytes, not %zu", field->path,
		      field->option->max ? field->option->max : TREE_FILE_BYTES_MAX, node->text.len);
	return false;
}

static bool read_text(struct load *load, const struct field *field, const struct node *node, void *at)
{
	if (node->text.len == 0 || (field->option->max && node->text.len > field->option->max))
		return refuse_length(load, field, node);
	return keep_text(load, node->text, at);
}

static bool read_line(struct load *load, const struct field *field, const struct node *node, void *at)
{
	if (node->text.len == 0 || has_line_end(node->text))
		return refuse(load, field, node);
	if (field->option->max && node->text.len > field->option->max)
		return refuse_length(load, field, node);
	return keep_text(load, node->text, at);
}

static bool read_path(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const char *path;

	if (node->text.len == 0 || has_line_end(node->text))
		return refuse(load, field, node);
	if (!(path = path_resolve(&load->config->arena, node->place.file, node->text)))
		load->problems.is_out_of_memory = true;
	memcpy(at, &path, sizeof(path));
	return path != NULL;
}

static bool read_trust_path(struct load *load, const struct field *field, const struct node *node, void *at)
{
	return str_is(node->text, "system") ? keep_text(load, node->text, at) : read_path(load, field, node, at);
}

/* ---- domains ---- */

/* A domain, and where `has_wildcard` also "*." and a domain. */
static bool pattern_of(struct str text, bool has_wildcard, struct domain *ret_domain, const char **ret_prefix)
{
	const bool is_wild = has_wildcard && str_starts(text, STR("*."));

	*ret_prefix = is_wild ? "*." : "";
	if (is_wild)
		text = str_from(text, 2);
	if (memchr(text.at, '*', text.len) || memchr(text.at, '@', text.len) || memchr(text.at, '/', text.len))
		return false;
	return domain_normalise(text, ret_domain) == 0;
}

static bool read_normalised(struct load *load, const struct field *field, const struct node *node, bool has_wildcard, void *at)
{
	char text[DOMAIN_SIZE + 2];
	struct domain domain;
	const char *prefix;

	if (!pattern_of(node->text, has_wildcard, &domain, &prefix))
		return refuse(load, field, node);
	snprintf(text, sizeof(text), "%s%s", prefix, domain.at);
	return keep_text(load, str_of(text), at);
}

static bool read_domain(struct load *load, const struct field *field, const struct node *node, void *at)
{
	return read_normalised(load, field, node, false, at);
}

static bool read_pattern(struct load *load, const struct field *field, const struct node *node, void *at)
{
	return read_normalised(load, field, node, true, at);
}

static bool read_zone_pattern(struct load *load, const struct field *field, const struct node *node, void *at)
{
	return str_is(node->text, "*") ? keep_text(load, node->text, at) : read_pattern(load, field, node, at);
}

/* ---- addresses ---- */

static bool read_endpoint(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct endpoint endpoint;

	if (endpoint_parse(node->text, field->option->port, &endpoint) < 0)
		return refuse(load, field, node);
	memcpy(at, &endpoint, sizeof(endpoint));
	return true;
}

/* An address without a port, with or without brackets. */
static bool address_of(struct str text, struct endpoint *ret_endpoint)
{
	char cstr[INET6_ADDRSTRLEN] = "";

	*ret_endpoint = (struct endpoint){0};
	if (text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']')
		text = str_make(text.at + 1, text.len - 2);
	if (text.len >= sizeof(cstr))
		return false;
	memcpy(cstr, text.at, text.len);
	if (inet_pton(AF_INET, cstr, &ret_endpoint->in4.sin_addr) == 1) {
		ret_endpoint->in4.sin_family = AF_INET;
		return true;
	}
	*ret_endpoint = (struct endpoint){0};
	ret_endpoint->in6.sin6_family = AF_INET6;
	return inet_pton(AF_INET6, cstr, &ret_endpoint->in6.sin6_addr) == 1;
}

static bool read_source(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct endpoint endpoint;

	if (!address_of(node->text, &endpoint))
		return refuse(load, field, node);
	memcpy(at, &endpoint, sizeof(endpoint));
	return true;
}

static bool read_dns_server(struct load *load, const struct field *field, const struct node *node, void *at)
{
	struct str port = node->text;
	const struct str address = str_cut(&port, '@');
	struct endpoint endpoint;
	uint64_t number = 1;

	if (!address_of(address, &endpoint) || (!str_is_absent(port) && str_number(port, UINT16_MAX, &number) < 0) ||
	    number == 0)
		return refuse(load, field, node);
	return keep_text(load, node->text, at);
}

static bool read_host(struct load *load, struct str text, struct spoke_address *address)
{
	char ascii[DNS_HOST_SIZE];
	struct str port = text;
	const struct str host = str_cut(&port, ':');
	struct domain domain;
	uint64_t number = 0;

	if (!str_is_absent(port) && (str_number(port, UINT16_MAX, &number) < 0 || number == 0))
		return false;
	if (host.len == 0 || memchr(host.at, '*', host.len) || domain_normalise(host, &domain) < 0 ||
	    domain_to_ascii(domain_str(&domain), ascii, sizeof(ascii)) < 0)
		return false;
	if (ascii[strspn(ascii, "0123456789.")] == '\0')
		return false;                   /* digits alone: an address with a slip, no host */
	address->port = (uint16_t)number;
	address->host = config_copy(load, str_of(ascii));
	return true;
}

static bool read_spoke_address(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const struct str text = node->text;
	const bool has_port = text.len && text.at[text.len - 1] != ']' && memchr(text.at, ':', text.len);
	struct spoke_address address = {0};

	if (endpoint_parse(text, 1, &address.endpoint) == 0) {
		address.is_literal = true;
		if (!has_port)
			endpoint_set_port(&address.endpoint, 0);
	} else if (memchr(text.at, '[', text.len) || !read_host(load, text, &address)) {
		return refuse(load, field, node);
	}
	memcpy(at, &address, sizeof(address));
	return true;
}

/* ---- words ---- */

/* "a, b or c" of the words that may be written; empty where there is none. */
static void words_text(const struct word *words, char *ret_text, size_t size_bytes)
{
	const struct word *last = NULL;
	size_t used = 0;

	ret_text[0] = '\0';
	for (const struct word *word = words; word->text; word++)
		last = word->is_later ? last : word;
	for (const struct word *word = words; word->text && used < size_bytes; word++)
		if (!word->is_later)
			used += (size_t)snprintf(ret_text + used, size_bytes - used, "%s%s",
						 used == 0 ? "" : word == last ? " or " : ", ",
						 word->text);
}

void option_form_text(const struct option *option, char *ret_text, size_t size_bytes)
{
	if (option->words)
		words_text(option->words, ret_text, size_bytes);
	else
		snprintf(ret_text, size_bytes, "%s", option->type && option->type->form ? option->type->form : "a value");
}

static void refuse_word(struct load *load, const struct field *field, const struct node *node)
{
	struct nearest nearest = {.word = node->text};
	char form[PROBLEM_BYTES_MAX / 2];

	for (const struct word *word = field->option->words; word->text; word++)
		nearest_offer(&nearest, word->text);
	option_form_text(field->option, form, sizeof(form));
	problem_error(&load->problems, node->place, "\"%s\" must be %s, not \"%.*s\"%s%s%s", field->path, form,
		      STR_ARG(quote(node->text)),
		      nearest.best ? "; did you mean \"" : "", nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

/* Without a word that could be written instead, its absence is the way out. */
static void refuse_later_word(struct load *load, const struct field *field, const struct node *node, const struct word *word)
{
	char what[PLACE_TEXT_SIZE], words[PROBLEM_BYTES_MAX / 2], way_out[PROBLEM_BYTES_MAX];

	words_text(field->option->words, words, sizeof(words));
	snprintf(what, sizeof(what), "\"%s: %s\"", field->path, word->text);
	snprintf(way_out, sizeof(way_out), "%s%s", *words ? "write " : "remove it", words);
	later_refuse(load, node->place, what, way_out);
}

static const struct word *word_of(struct load *load, const struct field *field, const struct node *node)
{
	for (const struct word *word = field->option->words; word->text; word++) {
		if (!str_is(node->text, word->text))
			continue;
		if (word->is_later && !field->is_checked_only) {
			refuse_later_word(load, field, node, word);
			return NULL;
		}
		return word;
	}
	refuse_word(load, field, node);
	return NULL;
}

static bool read_word(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const struct word *word = word_of(load, field, node);

	if (word)
		memcpy(at, &word->value, sizeof(word->value));
	return word != NULL;
}

static bool read_word_text(struct load *load, const struct field *field, const struct node *node, void *at)
{
	const struct word *word = word_of(load, field, node);

	if (word)
		memcpy(at, &word->text, sizeof(word->text));
	return word != NULL;
}

/* ---- the table ---- */

#define STRING "\"type\":\"string\""
#define STRING_LIKE(pattern) STRING ",\"pattern\":\"" pattern "\""
#define STRING_OR_NUMBER(pattern) "\"type\":[\"string\",\"integer\"],\"pattern\":\"" pattern "\""

const struct option_type
	TYPE_BOOL = {"true or false", "true or false", sizeof(bool), false, read_bool, "\"type\":\"boolean\""},
	TYPE_NUMBER = {"number", "a whole number", sizeof(unsigned), false, read_number, "\"type\":\"integer\""},
	TYPE_DURATION = {"time", "a time such as 5ms, 30s, 30m, 1h or 90d", sizeof(int64_t), false, read_duration,
			 STRING_OR_NUMBER("^(0|[0-9]+(ms|s|m|h|d))$"), "ms, s, m, h or d"},
	TYPE_SIZE = {"size", "a size such as 256KiB, 64MiB or 1GiB", sizeof(size_t), false, read_size,
		     STRING_OR_NUMBER("^[0-9]+(KiB|MiB|GiB|TiB)?$"), "bytes, KiB, MiB, GiB or TiB"},
	TYPE_RATE = {"rate", "a rate such as 10/s, 10/m or 10/h, or 0 for no limit", sizeof(double), false, read_rate,
		     STRING_OR_NUMBER("^(0|[0-9]+/[smh])$"), "/s, /m or /h"},
	TYPE_BYTE_RATE = {"rate of bytes", "a rate such as 256KiB/s or 1GiB/h, or 0 for no limit", sizeof(double), false,
			  read_byte_rate, STRING_OR_NUMBER("^(0|[0-9]+(KiB|MiB|GiB|TiB)?/[smh])$"),
			  "bytes, KiB, MiB, GiB or TiB, and /s, /m or /h"},
	TYPE_RULE_RATE = {"rate", "a rate such as 10/s, 10/m or 10/h", sizeof(struct rule_rate), false, read_rule_rate,
			  STRING_LIKE("^[0-9]+/[smh]$"), "/s, /m or /h"},
	TYPE_WORD = {"word", NULL, sizeof(int), false, read_word, NULL},
	TYPE_WORD_TEXT = {"word", NULL, sizeof(const char *), false, read_word_text, NULL},
	TYPE_TEXT = {"text", "a text", sizeof(const char *), false, read_text, STRING},
	TYPE_NAME = {"name", "a name in one line", sizeof(const char *), false, read_line, STRING},
	TYPE_NAMESPACE = {"namespace", "a namespace, or {namespace}name", sizeof(const char *), false, read_line, STRING},
	TYPE_PATH = {"path", "a path", sizeof(const char *), false, read_path, STRING},
	TYPE_TRUST_PATH = {"path", "a path, or system", sizeof(const char *), false, read_trust_path, STRING},
	TYPE_DOMAIN = {"domain", "a domain such as trunk.example.com", sizeof(const char *), false, read_domain, STRING},
	TYPE_PATTERN = {"domains", "a domain or \"*.\" and a domain", sizeof(const char *), false, read_pattern, STRING},
	TYPE_ZONE_PATTERN = {"domains", "a domain, \"*.\" and a domain, or \"*\"", sizeof(const char *), false,
			     read_zone_pattern, STRING},
	TYPE_SIDE = {"zone, domains or address", "a zone, a domain, \"*.\" and a domain, or an address", sizeof(const char *), false, read_line,
		     STRING},
	TYPE_CLEARANCE = {"clearance", "ess:BASE64, file:PATH or words of the policy", sizeof(const char *), false, read_line,
			  STRING},
	TYPE_ENDPOINT = {"address and port", "an address and port such as 198.51.100.4:5269 or [2001:db8::4]:5269",
			 sizeof(struct endpoint), false,
			 read_endpoint, STRING},
	TYPE_SOURCE = {"address", "an address without port such as 198.51.100.4 or 2001:db8::4", sizeof(struct endpoint),
		       false, read_source, STRING},
	TYPE_SPOKE_ADDRESS = {"address or host",
			      "an address or host, and a port where needed, such as 233.252.0.6:5269, [2001:db8::6]:5269 or "
			      "xmpp.example.net",
			      sizeof(struct spoke_address), false, read_spoke_address, STRING},
	TYPE_DNS_SERVER = {"address", "ADDRESS or ADDRESS@PORT such as 127.0.0.53@5353", sizeof(const char *), false,
			   read_dns_server, STRING};
